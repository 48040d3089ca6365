import { type Option, orProblem, type Read } from './option.ts';

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

const EXAMPLE = ':9465 or 0.0.0.0:9465';

/**
 * Reads `host:port`; `:port` and `port` alone are for this machine only.
 *
 * @returns the address, or a sentence that says what is wrong
 */
export function readListen(text: string): ListenAddress | string {
  const [, host = '', digits = ''] = /^([^/\s]*?):?(\d{1,5})$/.exec(text) ?? [];
  if (/^(?:[a-z][\w-]*(?:\.[\w-]+)*|(?:\d+\.){3}\d+|\[[\da-f:.]+\]):?$/i.test(text))
    return `a port is missing in "${text}": write ${text.replace(/:$/, '')}:9465, or 0 for any that is free`;
  if (digits === '' || Number(digits) > 65_535) return `"${text}" is not an address such as ${EXAMPLE}`;
  return { host: host.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(digits) };
}

/** Where `--live` alone listens. */
export const LIVE_ADDRESS = ':9466';

/** The address may be left out, also in a config file; what follows on a command line is then easily taken for it. */
export function readLive(given: string): Read<ListenAddress | undefined> {
  if (given === 'false') return { value: undefined };
  const address = readListen(given === 'true' ? LIVE_ADDRESS : given);
  if (typeof address !== 'string') return { value: address };
  return { problem: given.includes('://') ? `${address}; put --live behind the URL` : address };
}

/** `--listen` of the commands that do nothing but serve. */
export const listenOption = (port: number) =>
  ({
    name: 'listen',
    group: 'listening',
    argument: '<address>',
    help: `host:port to listen on; :${port} is for this machine alone`,
    default: `127.0.0.1:${port}`,
    read: orProblem(readListen),
  }) as const satisfies Option<ListenAddress>;
