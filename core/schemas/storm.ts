/** What came of a storm: in the record one sample for each, in the summary one part of a leg. */
import { z } from 'zod';
import { STORM_CUTS } from '../behaviours/storm.ts';
import { CLOSE_REASONS, OUTCOMES } from '../values/outcomes.ts';
import { TimesSchema } from './times.ts';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const bytes = z.number();

/** The target's user memory, in bytes: before the cut, the most while connections came back, and when the level was whole again. */
const memory = {
  beforeBytes: z.number().nullable(),
  peakBytes: z.number().nullable(),
  /** From the cut until then. */
  peakAtMs: ms.nullable(),
  /** null where not all came back. */
  afterBytes: z.number().nullable(),
};

/**
 * What the kernel has for TCP sockets of this machine: those of both ends, and of whoever else has some. Sockets at the size of their
 * objects, those in TIME_WAIT, and what is reserved for buffers.
 */
const StormKernel = z.object({
  holds: z.literal('both-ends'),
  beforeBytes: bytes,
  peakBytes: bytes,
  /** From the cut until then. */
  peakAtMs: ms,
  /** null where not all came back. */
  afterBytes: bytes.nullable(),
  /** The most that this and the target's user memory were together. */
  sumPeakBytes: bytes,
});

/** How attempts ended that failed, and why open connections were lost. A record leaves out what never occurred. */
const StormFailures = z.object({
  attempts: z.partialRecord(z.enum(OUTCOMES), count),
  losses: z.partialRecord(z.enum(CLOSE_REASONS), count),
});

const shared = {
  level: count,
  cut: count,
  /** Those of them that were open again when it was over. */
  back: count,
  /** Attempts beyond the first of each, and attempts that were due while `--window` was full. */
  retries: count,
  heldBack: count,
  /** Attempts that failed, and connections that the peer ended, while it went on. */
  failedMeanwhile: count,
  /** From the cut until the last was back; where some were not, for how long it was waited. */
  tookMs: ms,
  ...memory,
};

/** The target was ended and started again: that is what cut them. Times are from the signal. */
const StormRestart = z.object({
  signal: z.string(),
  /** It did not end in time, and was killed. */
  killed: z.boolean(),
  /** Until all its processes were gone; null where the run ended before. */
  endedMs: ms.nullable(),
  /** Until somebody listened again; null where nobody did. */
  listeningMs: ms.nullable(),
  /** For how long nobody listened; null where that is not known. */
  downMs: ms.nullable(),
  /** The old process and the new one: roots of their trees, and the most user memory that each took from the signal on. */
  pids: z.tuple([z.number().nullable(), z.number().nullable()]),
  peaksBytes: z.tuple([z.number().nullable(), z.number().nullable()]),
});
export type StormRestart = z.infer<typeof StormRestart>;

export const StormSample = z.object({
  type: z.literal('storm'),
  ...shared,
  how: z.enum(STORM_CUTS),
  /** Only where `how` is `restart`. */
  restart: StormRestart.optional(),
  /** From the cut until open again. */
  backAfter: TimesSchema,
  /** From the start of the attempt that succeeded until open. */
  admission: TimesSchema,
  /** How late their attempts were started although there was room: the client's own fault. */
  ownLag: TimesSchema,
  /** How often memory was read meanwhile. */
  looks: count,
  // Older records have none of what follows.
  /** null where the target's end isn't in this kernel, or where sizes are unknown. */
  kernel: StormKernel.nullable().optional(),
  /** User memory once the level had come to rest, collected where that can be asked for; null where not all came back. */
  settledBytes: z.number().nullable().optional(),
  failures: StormFailures.optional(),
  /** What each stage of an attempt took, of those that failed later as well. */
  stages: z.object({ connecting: TimesSchema, securing: TimesSchema, handshaking: TimesSchema }).optional(),
  /** An attempt that is admitted within so long is in time. */
  withinMs: ms.optional(),
  /** For each second in which attempts began, of the first two minutes: how many, and those of them that were in time. */
  paces: z.array(z.object({ second: count, begun: count, inTime: count })).optional(),
});

/** null where no attempt came to its end. */
const StormStage = z.object({ p50Ms: ms, p99Ms: ms }).nullable();

export const StormSummary = z.object({
  ...shared,
  notBack: count,
  /** How long each was away that is back; null where none is. */
  backP50Ms: ms.nullable(),
  backP99Ms: ms.nullable(),
  /** The last one; null where some are not. */
  allBackMs: ms.nullable(),
  admissionP50Ms: ms.nullable(),
  admissionP99Ms: ms.nullable(),
  /** Connections a second that came back, on average. */
  backPerSecond: z.number().nullable(),
  /** How much more user memory the peak was than before, for each that was cut. */
  peakBytesPerCut: z.number().nullable(),
  ownLagP99Ms: ms.nullable(),
  /** null in older records, as all that follows. */
  kernel: StormKernel.nullable().default(null),
  settledBytes: z.number().nullable().default(null),
  failures: StormFailures.nullable().default(null),
  stages: z.object({ connecting: StormStage, securing: StormStage, handshaking: StormStage }).nullable().default(null),
  /**
   * The pace up to which 99 of 100 attempts were admitted in time, by when they began. A backlog can only spoil a second, so any that
   * held counts. One that missed tells of the pace where nothing more than that was seen to hold.
   */
  pace: z
    .object({
      withinMs: ms,
      /** The most that began in a second that was so; null where none was. */
      heldPerSecond: count.nullable(),
      /** Those that began in the first second that wasn't, and had more of them than that; null where there is none. */
      missedPerSecond: count.nullable(),
      /** The share of all attempts of the first two minutes that were in time. */
      inTimePercent: z.number(),
    })
    .nullable()
    .default(null),
  /** null where nothing was restarted. */
  restart: StormRestart.nullable().default(null),
});
export type StormSummary = z.infer<typeof StormSummary>;
