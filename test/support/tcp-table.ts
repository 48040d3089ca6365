import { readFileSync } from 'node:fs';

const ESTABLISHED = '01';

/** An established connection, seen from its listening end. */
interface Peer {
  readonly port: number;
  /** Address of the other end. */
  readonly ip: string;
}

/** While sockets of others go, the kernel may pass over a row, so it is asked several times; what was seen once is there. */
const TIMES = 3;

/**
 * Established connections to listening ports, as the kernel lists them while none comes or goes: the remote address of
 * each. A count of our own, which shares nothing with the meter that it is to confirm.
 */
export const peersOf = (ports: readonly number[]): string[] => heldAt(ports).map(({ ip }) => ip);

/** The same in the network of a process. */
export const peersIn = (pid: number, port: number): string[] => heldAt([port], pid).map(({ ip }) => ip);

/** How many at each. */
export function countHeld(ports: readonly number[]): number[] {
  const held = heldAt(ports);
  return ports.map((port) => held.filter((peer) => peer.port === port).length);
}

function heldAt(ports: readonly number[], pid: number | 'self' = 'self'): Peer[] {
  const seen = new Map<string, Peer>();
  for (let i = 0; i < TIMES; i++) for (const [row, peer] of connectionsTo(ports, pid)) seen.set(row, peer);
  return [...seen.values()];
}

/** By row, since the kernel may also list one twice. */
function connectionsTo(ports: readonly number[], pid: number | 'self'): Map<string, Peer> {
  const portOf = new Map(ports.map((port) => [port.toString(16).toUpperCase().padStart(4, '0'), port]));
  const found = new Map<string, Peer>();
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, 'latin1').split('\n').slice(1)) {
    const [, local, remote, state] = line.trim().split(/\s+/);
    const port = portOf.get(local?.split(':')[1] ?? '');
    if (state === ESTABLISHED && remote && port !== undefined) {
      found.set(`${local} ${remote}`, { port, ip: ipOf(remote) });
    }
  }
  return found;
}

/** `0200007F:ABCD` is 127.0.0.2: the address as a number in the machine's own byte order, little-endian here. */
function ipOf(address: string): string {
  const bytes = Buffer.from(address.split(':')[0] ?? '', 'hex');
  return [...bytes.reverse()].join('.');
}
