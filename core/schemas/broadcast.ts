/** What of a record and a summary is about messages that one publishes to all others: see core/schemas/record.ts. */
import { z } from 'zod';
import { PROTOCOLS } from '../protocols/names.ts';
import { TimesSchema } from './times.ts';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/** One message, over all connections that it was expected at. Times are from the planned moment. */
const PublishedMessage = z.object({
  number: count,
  expected: count,
  reached: count,
  duplicates: count,
  firstMs: ms.nullable(),
  /** Within 6 %; null where they weren't kept. */
  p50Ms: ms.nullable(),
  p99Ms: ms.nullable(),
  lastMs: ms.nullable(),
});

/** How even deliveries are over connections; of a sample of them. */
const Fairness = z.object({
  connections: count,
  /**
   * How much of a connection's place in the order of deliveries is always the same. It is 0 where the order is another each
   * time, 1 where the same connections are always last.
   */
  sameOrder: z.number(),
  /** Mean delays of the tenth of the connections that is quickest, and of the one that is slowest. */
  quickestTenthMs: ms,
  slowestTenthMs: ms,
});

const Counts = {
  /** Published. */
  messages: count,
  /** Deliveries that were due: for each message the connections that were open before it until its deadline, or until they had it. */
  expected: count,
  /** Those that came before their deadline. */
  reached: count,
  missing: count,
  /** Came a second time. */
  duplicates: count,
  /** Came behind a later message. */
  disordered: count,
  /** Came after their deadline; they count as missing as well. */
  late: count,
  /** Published before the connection opened; came to who had published it; too old to be told. They are in no other count. */
  unasked: count,
  returned: count,
  untold: count,
  /** Requests to publish that the target did not take. */
  refused: count,
};

/** A stretch of a level in which messages were published. */
export const BroadcastSample = z.object({
  type: z.literal('broadcast'),
  elapsedMs: ms,
  launch: count,
  leg: count,
  protocol: z.enum(PROTOCOLS),
  level: count,
  cycle: count,
  durationMs: ms,
  ...Counts,
  /** From the planned moment to each delivery; to the first and the last of each message. */
  delivery: TimesSchema,
  sendLag: TimesSchema,
  firsts: z.array(ms),
  lasts: z.array(ms),
  /** The first of them, one by one. */
  each: z.array(PublishedMessage),
  fairness: Fairness.nullable(),
  /** User memory of the target before, and the most while it went on, read 20 times a second; null where that can't be read. */
  memory: z.object({ restBytes: z.number(), peakBytes: z.number() }).nullable(),
  messageBytes: count,
});
export type BroadcastSample = z.infer<typeof BroadcastSample>;

/** In summary.json: of all levels the counts, of the top one the times. */
export const BroadcastSummary = z.object({
  ...Counts,
  missingPercent: z.number(),
  duplicatePercent: z.number(),
  subscribers: count,
  /** From the planned moment of a message until a connection has it. */
  deliveryP50Ms: ms.nullable(),
  deliveryP99Ms: ms.nullable(),
  deliveryMaxMs: ms.nullable(),
  /** Until the first connection has it, and until the last one has: medians over messages. */
  firstMs: ms.nullable(),
  lastMs: ms.nullable(),
  fairness: Fairness.nullable(),
  /** What the target's user memory grew by at the most, and that by each byte of a message and subscriber. */
  memory: z.object({ peakGrowthBytes: z.number(), amplification: z.number().nullable() }).nullable(),
  levels: z.array(
    z.object({
      open: count,
      expected: count,
      reached: count,
      duplicates: count,
      deliveryP50Ms: ms.nullable(),
      deliveryP99Ms: ms.nullable(),
    }),
  ),
});
export type BroadcastSummary = z.infer<typeof BroadcastSummary>;
