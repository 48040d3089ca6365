import { isIP } from 'node:net';
import type { Read } from './option.ts';

/** No address that could be connected to. */
const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Reads the address at which our own server is to be reached: one, without a port; IPv6 may be in brackets. */
export function readServedAddress(given: string): Read<string> {
  const ip = given.replace(/^\[(.*)\]$/, '$1');
  if (isIP(ip) === 0 || ip.includes('%'))
    return { problem: `"${given}" is no IP address such as 10.0.0.9; ports are found by themselves` };
  if (ANY.has(ip))
    return { problem: `${given} is every address, and connections go to one: write it, such as 10.0.0.9` };
  return { value: ip };
}
