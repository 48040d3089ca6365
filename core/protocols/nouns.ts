import type { ProtocolName } from './names.ts';
import { DESCRIPTORS } from './protocols.ts';
import { type TransportName, toScheme } from './schemes.ts';

/** What of a leg says what its connections are called. */
export interface Called {
  readonly protocol: ProtocolName;
  readonly transport: TransportName;
}

/** What a connection is called, one of them and many: `WebSocket over TLS`, `WebSockets over TLS`. */
export function nounsOf({ protocol, transport }: Called): readonly [one: string, many: string] {
  const [one, many] = DESCRIPTORS[protocol].nouns;
  return transport === 'tls' ? [`${one} over TLS`, `${many} over TLS`] : [one, many];
}

/** For behind a noun: a second leg of a scheme is told apart by its name, ` (ws-2)`. */
export const besideNoun = (name: string, { protocol, transport }: Called): string =>
  name === toScheme(protocol, transport) ? '' : ` (${name})`;
