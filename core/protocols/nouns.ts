import type { ProtocolName } from './names.ts';
import { DESCRIPTORS } from './protocols.ts';
import { type FamilyName, type TransportName, toScheme } from './schemes.ts';

/** What of a leg says what its connections are called. */
export interface Called {
  readonly protocol: ProtocolName;
  readonly transport: TransportName;
  readonly family: FamilyName;
}

/** What a connection is called, one of them and many: `WebSocket over TLS`, `WebSockets over TLS`. */
export function nounsOf({ protocol, transport, family }: Called): readonly [one: string, many: string] {
  const [one, many] = DESCRIPTORS[protocol].nouns;
  // What is bare at a port is bare at a socket as well, and there it is no TCP.
  if (family === 'unix') {
    return protocol === 'tcp' ? BARE_AT_SOCKET : [`${one} at a Unix socket`, `${many} at a Unix socket`];
  }
  return transport === 'tls' ? [`${one} over TLS`, `${many} over TLS`] : [one, many];
}

const BARE_AT_SOCKET = ['Unix socket connection', 'Unix socket connections'] as const;

/** For behind a noun: a second leg of a scheme is told apart by its name, ` (ws-2)`. */
export const besideNoun = (name: string, { protocol, transport, family }: Called): string =>
  name === toScheme(protocol, transport, family) ? '' : ` (${name})`;
