/** What came of a storm: in the record one sample for each, in the summary one part of a leg. */
import { z } from 'zod';
import { STORM_CUTS } from '../behaviours/storm.ts';
import { TimesSchema } from './times.ts';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/** The target's user memory, in bytes: before the cut, the most while connections came back, and when the level was whole again. */
const memory = {
  beforeBytes: z.number().nullable(),
  peakBytes: z.number().nullable(),
  /** From the cut until then. */
  peakAtMs: ms.nullable(),
  /** null where not all came back. */
  afterBytes: z.number().nullable(),
};

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
});

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
  /** null where nothing was restarted. */
  restart: StormRestart.nullable().default(null),
});
export type StormSummary = z.infer<typeof StormSummary>;
