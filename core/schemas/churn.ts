/** What of a record and of a summary is about levels that go on for a while: while connections are replaced, and for hours. */
import { z } from 'zod';
import { CHURN_ENDS } from '../behaviours/churn.ts';
import { EstimateSchema } from '../stats/slope.ts';
import { SAMPLE_AT } from './sample-at.ts';
import { TimesSchema } from './times.ts';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const bytes = z.number().nullable();

/** How a level goes on after it was read at rest. */
const GOING_ON = ['churn', 'soak'] as const;

/** Memory of a level that goes on, each so often. Counts are those since the leg began. */
export const DriftPoint = z.object({
  type: z.literal('drift'),
  ...SAMPLE_AT,
  phase: z.enum(GOING_ON),
  level: count,
  /** How long it has gone on. */
  heldMs: ms,
  open: count,
  opening: count,
  failed: count,
  closed: count,
  replaced: count,
  userBytes: bytes,
  /** Open descriptors of the target; null where nobody counts them. */
  openFiles: count.nullable(),
  /** TCP sockets in TIME_WAIT in our network namespace, whoever's. */
  timeWait: count.nullable(),
  /** The target's garbage was collected before it was read. */
  isCollected: z.boolean(),
});
export type DriftPoint = z.infer<typeof DriftPoint>;

/** A stretch in which connections were replaced. */
export const ChurnSpan = z.object({
  type: z.literal('churn'),
  ...SAMPLE_AT,
  phase: z.enum(GOING_ON),
  level: count,
  /** As it was planned, connections per second. */
  turnoverPerSecond: z.number().positive(),
  end: z.enum(CHURN_ENDS),
  durationMs: ms,
  due: count,
  replaced: count,
  /** Attempts that failed meanwhile, and open connections that were lost. */
  failed: count,
  lost: count,
  /** The fewest that were open at any look. */
  leastOpen: count,
  /** How long those that came in place of others took until usable, from when that was due; how late we were. */
  openPlanned: TimesSchema,
  ownLag: TimesSchema,
});
export type ChurnSpan = z.infer<typeof ChurnSpan>;

const Latency = ms.nullable();

/** A slope with its interval; null where points are too few, or memory isn't known. */
const Drift = {
  /** Growth of user memory in an hour at this level. */
  driftPerHour: EstimateSchema.nullable(),
  /** Most of the growth came in the first half: it levels off. */
  isLevellingOff: z.boolean(),
  /** Garbage that could not be collected is in it: then growth is no leak yet. */
  hasGarbage: z.boolean(),
  /** Readings that it comes from. */
  readings: count,
};

/** What it costs to hold so many while they are replaced. */
export const ChurnSummary = z.object({
  /** At the top level: as planned, and as achieved, in connections per second. */
  plannedPerSecond: z.number(),
  achievedPerSecond: z.number(),
  end: z.enum(CHURN_ENDS),
  /** In all. */
  replaced: count,
  failed: count,
  lost: count,
  /** What one more costs while connections are replaced, by the levels; null below three. */
  perConnection: EstimateSchema.nullable(),
  /** Memory with churn less memory at rest, at the top level; null where either isn't known. */
  beyondRestBytes: bytes,
  /** Time to open of those that came in place of others, at the top level. */
  open: z.object({ p50Ms: Latency, p99Ms: Latency, maxMs: Latency }),
  levels: z.array(
    z.object({
      open: count,
      /** The fewest that were. */
      leastOpen: count,
      plannedPerSecond: z.number(),
      achievedPerSecond: z.number(),
      replaced: count,
      failed: count,
      lost: count,
      p50Ms: Latency,
      p99Ms: Latency,
      maxMs: Latency,
      /** null where the level did not stay as it was while it was read. */
      bytes: z.object({ total: bytes, user: bytes, kernel: bytes }).nullable(),
      /** Less what the level took at rest. */
      beyondRestBytes: bytes,
      /** Sockets of this leg in TIME_WAIT then, by the end that closed first; null where they aren't listed. */
      timeWait: z.object({ atTarget: count, atClient: count }).nullable(),
    }),
  ),
  ...Drift,
  /** Growth of user memory for each connection that was replaced. */
  driftPerTurnover: EstimateSchema.nullable(),
});
export type ChurnSummary = z.infer<typeof ChurnSummary>;

/** A level that was held for hours. */
export const SoakSummary = z.object({
  open: count,
  wantedMs: ms,
  /** How long it was held. */
  heldMs: ms,
  firstUserBytes: bytes,
  lastUserBytes: bytes,
  /** Where it was interrupted and gone on with: after how long, and for how long nothing was read. */
  interruptions: z.array(z.object({ afterMs: ms, forMs: ms })).default([]),
  ...Drift,
  /** Descriptors of the target that it has more than at the beginning; null where nobody counts them. */
  filesMore: z.number().nullable(),
});
export type SoakSummary = z.infer<typeof SoakSummary>;
