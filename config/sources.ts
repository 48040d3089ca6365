import ipaddr from 'ipaddr.js';
import type { Read } from './option.ts';

/** More would be a slip of the pen: each gives tens of thousands of connections to each destination. */
const MOST = 65_536;
const BYTE = 256n;

/** Addresses as numbers of one family, both ends included. */
interface Span {
  readonly bytes: number;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Local addresses to connect from: a list of IPs (`10.0.0.5`), ranges (`10.0.0.5-10.0.0.20`) and subnets in CIDR
 * notation (`10.0.0.0/24`, without its network and broadcast address). IPv4 and IPv6.
 */
export function readSources(text: string): Read<readonly string[]> {
  const addresses = new Set<string>();
  for (const part of text.split(',').map((item) => item.trim())) {
    const span = spanOf(part);
    if (typeof span === 'string') return { problem: span };
    if (span.last - span.first >= MOST - addresses.size) {
      return { problem: `${part} makes it more than ${MOST.toLocaleString('en')} addresses` };
    }
    for (let number = span.first; number <= span.last; number++) {
      const address = addressOf(number, span.bytes);
      if (addresses.has(address)) return { problem: `${part}: ${address} is there twice` };
      addresses.add(address);
    }
  }
  return { value: [...addresses] };
}

/** @returns a sentence when it can't be read */
function spanOf(part: string): Span | string {
  if (part.includes('/')) {
    if (!ipaddr.isValidCIDR(part)) return `"${part}" is not a subnet such as 10.0.0.0/24`;
    const [address, prefix] = ipaddr.parseCIDR(part);
    const bytes = address.toByteArray();
    const size = 1n << BigInt(bytes.length * 8 - prefix);
    const first = (numberOf(bytes) / size) * size;
    // A subnet of IPv4 with more than two addresses doesn't give out its first and its last one.
    const kept = bytes.length === 4 && size > 2n ? 1n : 0n;
    return { bytes: bytes.length, first: first + kept, last: first + size - 1n - kept };
  }
  const [from = '', to = from, ...more] = part.split('-');
  const [first, last] = [bytesOf(from), bytesOf(to)];
  if (!first || !last || more.length > 0) {
    const what = part.includes('-') ? 'a range of IP addresses such as 10.0.0.5-10.0.0.20' : 'an IP address';
    return `"${part}" is not ${what}`;
  }
  if (first.length !== last.length || numberOf(first) > numberOf(last)) return `"${part}" does not ascend`;
  return { bytes: first.length, first: numberOf(first), last: numberOf(last) };
}

/** Only what is written in full: `10.1` is an address to some, and a slip to most. */
function bytesOf(text: string): number[] | undefined {
  const isFull = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
  return isFull ? ipaddr.parse(text).toByteArray() : undefined;
}

const numberOf = (bytes: readonly number[]): bigint => bytes.reduce((sum, byte) => sum * BYTE + BigInt(byte), 0n);

function addressOf(number: bigint, length: number): string {
  const bytes = Array.from({ length }, (_, i) => Number((number >> BigInt(8 * (length - 1 - i))) % BYTE));
  return ipaddr.fromByteArray(bytes).toString();
}
