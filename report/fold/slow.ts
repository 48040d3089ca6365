import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint, Sample, SlowSample } from '../../core/schemas/record.ts';
import type { Defence, SlowSummary } from '../../core/schemas/slow.ts';
import type { Talk } from '../../core/schemas/talk.ts';
import { quantileMs } from '../../core/stats/histogram.ts';

/** More than so many of the slow ones that were ended, or messages held back of those due: it is what the target does. */
const MANY_SHARE = 0.05;
/** Delivered less than this: something was dropped. What is on its way when it is counted is less. */
const DELIVERED_PERCENT = 98;
/**
 * User memory for each slow connection below one of these is no buffer of its own. A reading may be off by so many bytes. An answer
 * that lies in the kernel takes less than this share of that beside it.
 */
const BUFFER_BYTES = 1024;
const BUFFER_SHARE = 0.01;
/** The last part of the episode, over which memory that still grows shows, and by how much of all that it grew. */
const LAST_PART = 0.25;
const GROWING_SHARE = 0.05;

/** What one leg's connections that read slowly came to in one launch; null where there were none. */
export function slowOf(leg: RecordedLeg, own: readonly Sample[]): LegSummary['slow'] {
  const episode = own.find((sample): sample is SlowSample => sample.type === 'slow');
  const { behaviour } = leg;
  if (!episode || behaviour?.kind !== 'slow' || episode.slow === 0) return null;
  const { slow, level, moments, queues, userBytes, userBytesAtRest, talk, readOn, closed } = episode;
  const rest = own.findLast(
    (sample): sample is MemoryPoint =>
      sample.type === 'memory' && sample.phase === 'hold' && sample.cycle === 0 && sample.level === level,
  );
  const each = (bytes: number | null | undefined): number | null => (bytes == null ? null : bytes / slow);
  const lastUserBytes = userBytes ?? moments.at(-1)?.userBytes ?? null;
  const growth = lastUserBytes === null || userBytesAtRest === null ? null : lastUserBytes - userBytesAtRest;
  const summary = {
    sharePercent: behaviour.sharePercent,
    bytesPerSecond: behaviour.bytesPerSecond,
    level,
    slow,
    durationMs: episode.durationMs,
    userBytesPerSlow: each(growth),
    queuedBytesPerSlow: {
      target: each(queues && queues.target.received.bytes + queues.target.written.bytes),
      client: each(queues && queues.client.received.bytes + queues.client.written.bytes),
    },
    allocatedBytesPerSlow: {
      target: each(queues && sumOf(queues.target.received.truesizeBytes, queues.target.written.truesizeBytes)),
      client: each(queues && sumOf(queues.client.received.truesizeBytes, queues.client.written.truesizeBytes)),
    },
    peakUserBytes: peakOf(moments, userBytes),
    rttBefore: tripsOf(talk && rest?.talk),
    rttMeanwhile: tripsOf(talk),
    closed,
    closedPercent: (100 * closed) / slow,
    closedAfter: closedAfter(episode),
    heldBack: episode.heldBack,
    deliveredPercent: readOn?.owedBytes ? Math.min(100, (100 * readOn.cameBytes) / readOn.owedBytes) : null,
    isGrowing: (each(growth) ?? 0) >= BUFFER_BYTES && isGrowing(moments, userBytesAtRest),
    stoppedBy: episode.stoppedBy,
  };
  return { ...summary, defence: defenceOf(summary, episode) };
}

/** The first thing that keeps memory bounded; whether there was anything to be kept from, else. */
function defenceOf(summary: Omit<SlowSummary, 'defence'>, episode: SlowSample): Defence | null {
  const { readOn } = episode;
  const { slow, closed, heldBack, userBytesPerSlow, queuedBytesPerSlow, deliveredPercent } = summary;
  if (closed > MANY_SHARE * slow) return 'closes';
  // What was not read to its end may still come.
  if (readOn?.isEmpty && deliveredPercent !== null && deliveredPercent < DELIVERED_PERCENT) return 'drops';
  if (heldBack > MANY_SHARE * slow || leavesUnread(episode)) return 'holds-back';
  // As long as the kernel at the target's end takes what is sent, nothing of it waits in user space.
  if (queuedBytesPerSlow.target === 0) return 'none-needed';
  if (userBytesPerSlow === null) return null;
  const inKernelBytes = (queuedBytesPerSlow.target ?? 0) + (queuedBytesPerSlow.client ?? 0);
  return userBytesPerSlow >= Math.max(BUFFER_BYTES, BUFFER_SHARE * inKernelBytes) ? 'buffers' : 'none-needed';
}

/** It has left more of what they sent unread than it has kept for them: the kernel at both ends still takes that for a while. */
function leavesUnread({ queues, userBytes, userBytesAtRest }: SlowSample): boolean {
  if (queues === null) return false;
  const { target, client } = queues;
  const unreadBytes = target.received.bytes + client.written.bytes;
  const waitingBytes = target.written.bytes + client.received.bytes;
  const keptBytes = userBytes === null || userBytesAtRest === null ? 0 : userBytes - userBytesAtRest;
  return unreadBytes > MANY_SHARE * waitingBytes && unreadBytes > keptBytes;
}

const sumOf = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : one + other;

const tripsOf = (talk: Talk | null | undefined): SlowSummary['rttBefore'] =>
  talk ? { p50Ms: quantileMs(talk.rttPlanned, 0.5) ?? null, p99Ms: quantileMs(talk.rttPlanned, 0.99) ?? null } : null;

function peakOf(moments: SlowSample['moments'], userBytes: number | null): number | null {
  const all = [...moments.map((moment) => moment.userBytes), userBytes].filter((bytes) => bytes !== null);
  return all.length === 0 ? null : Math.max(...all);
}

/** By when the target's processes let go of them, as the kernel lists it; where it can't, by what the client could see. */
function closedAfter({ slow, closed, moments, userBytesAtRest }: SlowSample): SlowSummary['closedAfter'] {
  if (closed === 0) return null;
  const goneAt = ({ held, closed: seen }: SlowSample['moments'][number]): number =>
    held === null ? seen : Math.max(seen, slow - held);
  const when = (count: number) => moments.find((moment) => goneAt(moment) >= count);
  const [first, median, last] = [1, Math.ceil(closed / 2), closed].map(when);
  if (!first) return null;
  const before = moments[Math.max(0, moments.indexOf(first) - 1)]!;
  const end = moments.at(-1)!;
  const queued = before.queuedBytes;
  return {
    firstMs: first.atMs,
    medianMs: (median ?? end).atMs,
    lastMs: (last ?? end).atMs,
    queuedBytes: queued && (queued.target + queued.client) / slow,
    userBytes:
      before.userBytes === null || userBytesAtRest === null
        ? null
        : Math.max(0, before.userBytes - userBytesAtRest) / slow,
  };
}

function isGrowing(moments: SlowSample['moments'], rest: number | null): boolean {
  const last = moments.at(-1);
  const before = moments.findLast(({ atMs }) => atMs <= (1 - LAST_PART) * (last?.atMs ?? 0));
  if (!last || !before || last.userBytes === null || before.userBytes === null || rest === null) return false;
  return last.userBytes - before.userBytes > GROWING_SHARE * Math.max(0, last.userBytes - rest);
}
