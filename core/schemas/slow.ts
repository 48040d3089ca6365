/** What of a record and a summary is about connections that read slowly: see core/schemas/record.ts. */
import { z } from 'zod';
import { EndQueues } from './readings.ts';
import { Talk } from './talk.ts';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const bytes = z.number().nullable();

/** What waits in exactly the sockets of slow connections. */
export const SlowQueues = z.object({
  /** At the target's end and at ours. */
  target: EndQueues,
  client: EndQueues,
  /** Slow connections whose end a process of the target still has; null where that end isn't in our kernel, or not told apart. */
  held: count.nullable(),
});
export type SlowQueues = z.infer<typeof SlowQueues>;

/** An episode in which a share of a level's connections read slowly: how it went, and how it ended. */
export const SlowEpisode = z.object({
  level: count,
  /** Connections that were told to read slowly. */
  slow: count,
  /** From when the first was told until they were told to read on, or until the run stopped. */
  durationMs: ms,
  /** A few times a second: ms since it began, and what there was. */
  moments: z.array(
    z.object({
      atMs: ms,
      /** User memory of the target, as ticks have it. */
      userBytes: bytes,
      queuedBytes: z.object({ target: z.number(), client: z.number() }).nullable(),
      held: count.nullable(),
      /** Those that the target has ended, as far as the client could see. */
      closed: count,
    }),
  ),
  /** At the end, with a collection where one can be forced: user memory; and the same at rest, before. */
  userBytes: bytes,
  userBytesAtRest: bytes,
  /** At the end; null where nobody can list them. */
  queues: SlowQueues.nullable(),
  /** Round trips of the others meanwhile; null while nothing is exchanged. */
  talk: Talk.nullable(),
  /** Messages that were to be sent on slow connections and weren't, since the target took no more of theirs. */
  heldBack: count,
  /** When they read on; null where it didn't come to that. */
  readOn: z
    .object({
      durationMs: ms,
      /** Connections that were still open then, and what had come on them since they were told to read slowly. */
      open: count,
      cameBytes: z.number(),
      /** What should have: what was sent to be sent back, or as much as the others got; null where nobody can tell. */
      owedBytes: bytes,
      /** Queues were empty before time was up. */
      isEmpty: z.boolean(),
    })
    .nullable(),
  /** Slow connections that the target has ended, all told. */
  closed: count,
  /** Why the run stopped in the middle of it; null: it didn't. */
  stoppedBy: z.string().nullable(),
});
export type SlowEpisode = z.infer<typeof SlowEpisode>;

/**
 * What a target does with those that don't read: it ends them, takes no more of them, or lets them miss something.
 * It may also keep all for them. Or it has nothing to keep, since the kernel's queues held it.
 */
export const DEFENCES = ['closes', 'holds-back', 'drops', 'buffers', 'none-needed'] as const;
export type Defence = (typeof DEFENCES)[number];

const Trips = z.object({ p50Ms: ms.nullable(), p99Ms: ms.nullable() });

/** In `legs[].slow` of summary.json. */
export const SlowSummary = z.object({
  sharePercent: z.number(),
  /** What each read; null: nothing. */
  bytesPerSecond: bytes,
  level: count,
  slow: count,
  durationMs: ms,
  /** What one of them cost the target: growth of user memory, each. */
  userBytesPerSlow: bytes,
  /** What waited in the kernel for each, in bytes that programs wrote; at the target's end and at ours. */
  queuedBytesPerSlow: z.object({ target: bytes, client: bytes }),
  /** What those queues were charged for: with the buffers they lie in. */
  allocatedBytesPerSlow: z.object({ target: bytes, client: bytes }),
  /** The most user memory at any moment. */
  peakUserBytes: bytes,
  /** Round trips of the others, without slow ones beside them and with; null while nothing is exchanged. */
  rttBefore: Trips.nullable(),
  rttMeanwhile: Trips.nullable(),
  defence: z.enum(DEFENCES).nullable(),
  /** Those that the target ended. */
  closed: count,
  closedPercent: z.number(),
  /** How long after they had begun to read slowly, by what was seen a few times a second; what waited for each in the kernel just before. */
  closedAfter: z.object({ firstMs: ms, medianMs: ms, lastMs: ms, queuedBytes: bytes, userBytes: bytes }).nullable(),
  heldBack: count,
  /** The part that came of what they should have got, after they had read on; null where nobody can tell. */
  deliveredPercent: z.number().nullable(),
  /** Whether user memory was still growing at the end. */
  isGrowing: z.boolean(),
  stoppedBy: z.string().nullable(),
});
export type SlowSummary = z.infer<typeof SlowSummary>;
