import { readFileSync } from 'node:fs';
import { addressOf } from './established.ts';
import { Missing } from './meter.ts';
import { listSockets, SOCKET_MEMORY, TCP_LISTEN } from './sock-diag.ts';

/** Our network namespace's, since it was made (/proc/net/netstat). */
export const LISTEN_COUNTERS = [
  /** Connections that found an accept queue full. */
  'ListenOverflows',
  /** Whatever else was dropped at listeners, with those. */
  'ListenDrops',
  /** Answers to SYNs that nothing is remembered of, since there were too many requests. */
  'SyncookiesSent',
  'SyncookiesRecv',
  'SyncookiesFailed',
  /** ACKs without data that a listener with TCP_DEFER_ACCEPT waits to be followed by some. */
  'TCPDeferAcceptDrop',
] as const;
export type ListenCounters = Readonly<Record<(typeof LISTEN_COUNTERS)[number], number>>;

/** @returns null where the kernel doesn't tell; a counter that it doesn't have is 0 */
export function readListenCounters(path = '/proc/net/netstat'): ListenCounters | null {
  try {
    return parseListenCounters(readFileSync(path, 'latin1'));
  } catch {
    return null;
  }
}

/** @param text for each group a line of names and a line of values */
export function parseListenCounters(text: string): ListenCounters | null {
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('TcpExt: '))
    .map((line) => line.split(' '));
  if (values.length === 0) return null;
  const counted = (name: string): number => Number(values[names.indexOf(name)] ?? 0);
  return Object.fromEntries(LISTEN_COUNTERS.map((name) => [name, counted(name)])) as ListenCounters;
}

/** What the target's own listening sockets say. */
export interface Backlog {
  /** Connections that may wait to be accepted, the least of all listeners. */
  readonly most: number;
  /** Dropped at them, ever: the queue was full, or they had no memory. */
  readonly drops: number;
}

/**
 * @param ip where the target listens, or any address of its machine
 * @returns null where nobody listens there, or netlink can't be asked
 */
export async function readBacklog(ip: string, ports: readonly number[]): Promise<Backlog | null> {
  const address = addressOf(ip);
  let [most, drops] = [Number.POSITIVE_INFINITY, 0];
  try {
    await listSockets({ ports, states: [TCP_LISTEN] }, (socket) => {
      const { localAddress } = socket;
      if (!ports.includes(socket.localPort) || !(ANY.has(localAddress) || localAddress === address)) return;
      most = Math.min(most, socket.sendQueue);
      drops += socket.memory(SOCKET_MEMORY.drops);
    });
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
  }
  return Number.isFinite(most) ? { most, drops } : null;
}

const ANY: ReadonlySet<number | string> = new Set([0, '0'.repeat(32)]);
