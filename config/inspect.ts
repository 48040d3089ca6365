import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { list, type Read } from './option.ts';

/** Networks in which nobody is but those whom the user let in. */
const PRIVATE: ReadonlySet<string> = new Set(['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat']);
const SHAPE = /^(?:(\[[\da-f:.]+\]|[^\s:]+):)?(\d{1,5})$/i;

/**
 * Where the inspectors of a target's processes listen, as given to `node --inspect=`: `127.0.0.1:9229`, or the port alone.
 * Anybody who reaches an inspector can run code in its process, so it has no place in a network that isn't private.
 *
 * @returns host:port each
 */
export const readInspectors: (text: string) => Read<readonly string[]> = list((text) => {
  const [, given = '127.0.0.1', digits = ''] = SHAPE.exec(text) ?? [];
  const port = Number(digits);
  if (/^(?:localhost|(?:\d+\.){3}\d+|\[[\da-f:.]+\]):?$/i.test(text)) {
    return { problem: `a port is missing in "${text}": node --inspect listens at 9229 unless told otherwise` };
  }
  if (digits === '' || port < 1 || port > 65_535) {
    return { problem: `"${text}" is not the address of an inspector such as 127.0.0.1:9229` };
  }
  const host = given.replace(/^\[|\]$/g, '');
  if (host !== 'localhost') {
    if (isIP(host) === 0) {
      return { problem: `${text}: an inspector answers to no host name but localhost; give its IP address` };
    }
    if (!PRIVATE.has(ipaddr.parse(host).range())) {
      return {
        problem: `${text} is no address of this machine or of a private network; ssh -L ${port}:127.0.0.1:${port} brings an inspector here`,
      };
    }
  }
  return { value: `${given}:${port}` };
});
