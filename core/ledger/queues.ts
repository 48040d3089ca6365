/** What data that is queued in sockets takes. Found by experiment, see docs/how-memory-is-read.md. */
import type { EndQueues, Readings, Slab } from '../schemas/readings.ts';

type Queue = EndQueues['received'];

const NO_QUEUE: Queue = { sockets: 0, bytes: 0, truesizeBytes: 0 };

/** `struct sk_buff` and the space for headers on 64-bit Linux 6.18, where their caches aren't shown. */
const HEAD_BYTES = 256;
const SMALL_HEAD_BYTES = 576;
/** Where only lengths are known: no buffer holds more, seen with 16 to 64 KiB in one write and in many. */
const BUFFER_MOST_BYTES = 32_768;
const PAGE_BYTES = 4096;

/**
 * What the queues of an end take, in bytes.
 *
 * Data lies in pages that are shared by whatever is sent, and each buffer has a head and space for headers. TCP makes
 * the heads of what it sends in pairs, one to keep and one to send, and charges for one. On loopback that pair is what
 * the receiver gets; off the wire comes a buffer of the driver's, which is charged as it is.
 *
 * @param isPeerHere the other end lies in the same kernel
 */
export function bytesOfQueues({ received, written }: EndQueues, slab: Slab | null, isPeerHere: boolean): number {
  return Math.round(queueBytes(received, slab, isPeerHere) + queueBytes(written, slab, true));
}

function queueBytes({ sockets, bytes, truesizeBytes }: Queue, slab: Slab | null, isPaired: boolean): number {
  if (sockets === 0) return 0;
  const headBytes = slab?.skbuff_head_cache?.bytesPerObject ?? HEAD_BYTES;
  const pairBytes = slab?.skbuff_fclone_cache?.bytesPerObject ?? 2 * headBytes;
  const smallBytes = slab?.skbuff_small_head?.bytesPerObject ?? SMALL_HEAD_BYTES;
  const charged = headBytes + smallBytes;
  const overheadBytes =
    truesizeBytes === null ? (sockets + bytes / BUFFER_MOST_BYTES) * charged : Math.max(0, truesizeBytes - bytes);
  return bytes + overheadBytes * (isPaired ? (pairBytes + smallBytes) / charged : 1);
}

/** What the sockets of an end have reserved, in bytes: listed, or as many pages as their lengths take. */
export function reservedBytesOf({ received, written, reservedBytes }: EndQueues): number {
  return reservedBytes ?? pagesOf(received) + pagesOf(written);
}

const pagesOf = ({ sockets, bytes }: Queue): number =>
  sockets === 0 ? 0 : sockets * PAGE_BYTES * Math.ceil((bytes / sockets + HEAD_BYTES + SMALL_HEAD_BYTES) / PAGE_BYTES);

/**
 * What waits at each end on this host, by the list of a reading or, between readings, by an earlier one.
 *
 * @param connections of records that have lengths alone: no more sockets than these have anything queued
 * @returns undefined where nobody listed it
 */
export function queuesAt(
  { established, earlierQueues }: Pick<Readings, 'established' | 'earlierQueues'>,
  connections: number,
): { readonly target: EndQueues; readonly client: EndQueues } | undefined {
  if (established === null) return earlierQueues;
  const { targetQueues, clientQueues, targetQueuedBytes, clientQueuedBytes } = established;
  return {
    target: targetQueues ?? ofLength(targetQueuedBytes, connections),
    client: clientQueues ?? ofLength(clientQueuedBytes, connections),
  };
}

function ofLength(bytes: number, connections: number): EndQueues {
  const received = { sockets: Math.min(connections, Math.ceil(bytes)), bytes, truesizeBytes: null };
  return { received, written: NO_QUEUE, reservedBytes: null };
}

/**
 * Queues that nobody has listed since, as far as the host's reservation tells: what has been given back isn't queued any
 * more. What it grew by may be anybody's.
 */
export function queuesSince(point: Readings, now: Readings['sockstat']): Readings['earlierQueues'] {
  const queues = queuesAt(point, 0);
  if (queues === undefined) return undefined;
  const share = stillReserved(point, now);
  return { target: timesQueues(queues.target, share), client: timesQueues(queues.client, share) };
}

/** How much the host still has of what it had reserved for TCP buffers: 1 at most. */
export function stillReserved(point: Readings, now: Readings['sockstat']): number {
  const before = point.sockstat?.tcpMemBytes ?? 0;
  return now === null || before === 0 ? 1 : Math.min(1, now.tcpMemBytes / before);
}

/** So many times as much: a share of it, or what a sample stands for. */
export function timesQueues({ received, written, reservedBytes }: EndQueues, times: number): EndQueues {
  const part = ({ sockets, bytes, truesizeBytes }: Queue): Queue => ({
    sockets: Math.ceil(sockets * times),
    bytes: bytes * times,
    truesizeBytes: truesizeBytes === null ? null : truesizeBytes * times,
  });
  return {
    received: part(received),
    written: part(written),
    reservedBytes: reservedBytes === null ? null : reservedBytes * times,
  };
}
