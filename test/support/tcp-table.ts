import { readFileSync } from 'node:fs';

const ESTABLISHED = '01';

/**
 * Established connections to a listening port, as the kernel lists them: the remote address of each. A count of our
 * own, which shares nothing with the meter that it is to confirm.
 */
export function peersOf(ports: readonly number[]): string[] {
  const wanted = new Set(ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')));
  const peers = new Set<string>();
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local, remote, state] = line.trim().split(/\s+/);
    // A set, since the kernel may list a row twice while other sockets of this machine come and go.
    if (state === ESTABLISHED && remote && wanted.has(local?.split(':')[1] ?? '')) peers.add(`${local} ${remote}`);
  }
  return [...peers].map((row) => ipOf(row.split(' ')[1] ?? ''));
}

/** `0200007F:ABCD` is 127.0.0.2: the address as a number in the machine's own byte order, little-endian here. */
function ipOf(address: string): string {
  const bytes = Buffer.from(address.split(':')[0] ?? '', 'hex');
  return [...bytes.reverse()].join('.');
}
