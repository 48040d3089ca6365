import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { EndQueues, Established } from '../core/schemas/readings.ts';
import type { Backlog } from './listen-counters.ts';
import { Missing } from './meter.ts';
import { listUnixSockets, UNIX_ESTABLISHED, UNIX_LISTEN, type UnixSocket } from './unix-diag.ts';

const TEXT = '/proc/net/unix';
/** Lists that changed under way are read again, this often in all. */
const LISTINGS_MOST = 3;

/**
 * Connections at a Unix socket, as the kernel lists them. An accepted end bears the name of its listener, the client's end none.
 * The kernel makes the server's end when the client connects, in the client's network namespace: it is in our list wherever the
 * server lives. One whose client has closed isn't counted.
 *
 * @throws Missing where nothing tells
 */
export async function readUnixEnds(path: string): Promise<Established> {
  try {
    let best = await countEnds(path);
    for (let listings = 1; listings < LISTINGS_MOST && !best.isWhole; listings++) {
      const next = await countEnds(path);
      if (next.isWhole || next.ends.targetEnds > best.ends.targetEnds) best = next;
    }
    return best.ends;
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    return countInText(await textOr(error), path);
  }
}

/**
 * What those that listen at a Unix socket say: how many may wait to be accepted, and how many do.
 *
 * @returns null where nobody listens there in our network namespace, or netlink can't be asked
 */
export async function readUnixBacklog(path: string): Promise<(Backlog & { readonly waiting: number }) | null> {
  const isOurs = namesSocket(path);
  let [most, waiting] = [Number.POSITIVE_INFINITY, 0];
  try {
    await listUnixSockets([UNIX_LISTEN], (socket) => {
      if (!isOurs(socket)) return;
      most = Math.min(most, socket.sendQueue);
      waiting += socket.receiveQueue;
    });
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
  }
  // Nobody is turned away: a client that finds it full is told so, and asks again.
  return Number.isFinite(most) ? { most, drops: 0, waiting } : null;
}

/** The same file may have been bound by another path: relative, through a link, in a container. */
export function namesSocket(path: string): (socket: UnixSocket) => boolean {
  const fileInode = fileInodeOf(path);
  return (socket) => (fileInode !== 0 && socket.fileInode === fileInode) || socket.path === path;
}

/** As the kernel tells it: 32 bits of it. */
function fileInodeOf(path: string): number {
  try {
    return Number(statSync(path, { bigint: true }).ino & 0xffffffffn);
  } catch {
    return 0;
  }
}

interface Counted {
  readonly isWhole: boolean;
  readonly ends: Established;
}

async function countEnds(path: string): Promise<Counted> {
  const isOurs = namesSocket(path);
  let [accepted, queued, targetBytes] = [0, 0, 0];
  /** Ends of the target's with something queued in either direction. */
  const busy = new Map<number, { unreadBytes: number; sentTruesizeBytes: number }>();
  const isWhole = await listUnixSockets([UNIX_ESTABLISHED, UNIX_LISTEN], (socket) => {
    if (!isOurs(socket)) return;
    const { state, inode, receiveQueue, sendQueue } = socket;
    // An end that waits is no row of its own: its listener says how many there are.
    if (state === UNIX_LISTEN) queued += receiveQueue;
    else if (socket.peerInode !== 0) {
      accepted++;
      targetBytes += receiveQueue;
      if (receiveQueue + sendQueue > 0) busy.set(inode, { unreadBytes: receiveQueue, sentTruesizeBytes: sendQueue });
    }
  });
  const target = emptyQueue();
  const client = emptyQueue();
  if (busy.size > 0) {
    await listUnixSockets([UNIX_ESTABLISHED], ({ peerInode, receiveQueue, sendQueue }) => {
      const peer = busy.get(peerInode);
      if (!peer || !busy.delete(peerInode)) return;
      // What a socket has sent is charged to it, and lies at its peer.
      add(target, peer.unreadBytes, sendQueue);
      add(client, receiveQueue, peer.sentTruesizeBytes);
    });
  }
  const ends = endsOf(accepted, queued, { targetQueuedBytes: targetBytes, clientQueuedBytes: client.bytes });
  return { isWhole, ends: { ...ends, targetQueues: queuesOf(target), clientQueues: queuesOf(client) } };
}

type Queue = EndQueues['received'];
type Summed = { sockets: number; bytes: number; truesizeBytes: number };
const emptyQueue = (): Summed => ({ sockets: 0, bytes: 0, truesizeBytes: 0 });

function add(queue: Summed, bytes: number, truesizeBytes: number): void {
  if (bytes === 0) return;
  queue.sockets++;
  queue.bytes += bytes;
  queue.truesizeBytes += truesizeBytes;
}

/** All lies at the receiver, and none of it is of tcp_mem. */
const queuesOf = (received: Queue): EndQueues => ({ received, written: emptyQueue(), reservedBytes: 0 });

const endsOf = (
  accepted: number,
  queued: number,
  bytes: Pick<Established, 'targetQueuedBytes' | 'clientQueuedBytes'>,
): Established => ({
  targetEnds: accepted + queued,
  clientEnds: accepted + queued,
  timeWait: 0,
  clientPorts: 0,
  clientAddresses: 0,
  acceptedEnds: accepted,
  queuedEnds: queued,
  requests: 0,
  ...bytes,
});

async function textOr(missing: Missing): Promise<string> {
  return readFile(TEXT, 'latin1').catch(() => {
    throw missing;
  });
}

/** `Num: RefCount Protocol Flags Type St Inode Path`; 3 is connected, 2 waits to be accepted. It tells no queues. */
const ROW = /^\S+: \S+ \S+ (\S+) 0001 (0[23])\s+\d+ (.*)$/gm;

/** @param text of /proc/net/unix */
export function countInText(text: string, path: string): Established {
  let [accepted, queued] = [0, 0];
  for (const [, flags, state, name] of text.matchAll(ROW)) {
    if (name !== Buffer.from(path).toString('latin1') || flags !== '00000000') continue;
    if (state === '03') accepted++;
    else queued++;
  }
  return endsOf(accepted, queued, { targetQueuedBytes: 0, clientQueuedBytes: 0 });
}
