import { isIPv6, type Socket } from 'node:net';
import { AF_INET, AF_INET6, type Libc } from './libc.ts';

/**
 * Our end of a connection, and the port of the other: enough to find both ends in the kernel's list. An address is as that list has it
 * (memory/sock-diag.ts): a number for IPv4, 32 hexadecimal digits for IPv6.
 */
export interface LocalEnd {
  readonly address: number | string;
  readonly port: number;
  readonly peerPort: number;
}

const ADDRESS_BYTES = 28;

/** By `getsockname` and `getpeername`. @returns undefined for one that has no address, such as a Unix socket */
export function localEndOf(libc: Libc, fd: number): LocalEnd | undefined {
  const own = named(libc.getsockname, fd);
  const peer = named(libc.getpeername, fd);
  return own && peer && { address: own.address, port: own.port, peerPort: peer.port };
}

function named(call: Libc['getsockname'], fd: number): { address: number | string; port: number } | undefined {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  if (fd < 0 || call(fd, bytes, Int32Array.of(ADDRESS_BYTES)) < 0) return undefined;
  const view = new DataView(bytes.buffer);
  const family = new Uint16Array(bytes.buffer)[0];
  if (family === AF_INET) return { address: view.getUint32(4), port: view.getUint16(2) };
  if (family === AF_INET6) return { address: asListed(bytes.subarray(8, 24)), port: view.getUint16(2) };
  return undefined;
}

/** The same for a socket of Node's. */
export function localEndIn(socket: Socket | undefined): LocalEnd | undefined {
  const { localAddress, localPort = 0, remotePort = 0 } = socket ?? {};
  if (localAddress === undefined) return undefined;
  const [bare = ''] = localAddress.split('%');
  return {
    address: isIPv6(bare) ? asListed(bytesOfIpv6(bare)) : numberOf(bare),
    port: localPort,
    peerPort: remotePort,
  };
}

const numberOf = (ipv4: string): number => ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** The IPv4 address in it where it is one of these (::ffff:127.0.0.1). */
function asListed(bytes: Uint8Array): number | string {
  const text = Buffer.from(bytes).toString('hex');
  return text.startsWith('00000000000000000000ffff') ? Number.parseInt(text.slice(24), 16) : text;
}

function bytesOfIpv6(text: string): Uint8Array {
  const [head = '', tail] = text.split('::').map(groupsOf);
  const groups =
    tail === undefined ? head : [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Uint8Array.from((groups as number[]).flatMap((group) => [group >> 8, group & 0xff]));
}

/** A last part may be an IPv4 address. */
function groupsOf(text: string): number[] {
  return text
    .split(':')
    .filter((part) => part !== '')
    .flatMap((part) => {
      if (!part.includes('.')) return [Number.parseInt(part, 16)];
      const number = numberOf(part);
      return [Math.floor(number / 65_536), number % 65_536];
    });
}
