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
  if (digits === '' || Number(digits) > 65_535) return `"${text}" is not an address such as ${EXAMPLE}`;
  return { host: host.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(digits) };
}
