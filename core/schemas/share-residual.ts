import { z } from 'zod';
import { CLOSE_REASONS, OUTCOMES } from '../values/outcomes.ts';

const count = z.number().int().nonnegative();
const latency = z.number().nonnegative().nullable();

/** What one share of a fleet over several machines came to since the ramp to a level began: what to hold against the other shares. */
export const ShareResidual = z.object({
  share: count,
  host: z.string(),
  /** Connections that it was to open, and attempts that it made. */
  wanted: count,
  attempts: count,
  /** The pace that it was given, and the one that it kept; null where the ramp was too short to tell. */
  wantedPerSecond: z.number().nonnegative(),
  perSecond: z.number().nonnegative().nullable(),
  /** From the planned moment; null where none was opened. */
  openP50Ms: latency,
  openP99Ms: latency,
  /** By how much the latest hundredth of attempts was late although there was room in the window. */
  latenessP99Ms: latency,
  /** Attempts that failed, and connections that ended, by how; those that did not are left out. */
  failures: z.partialRecord(z.enum(OUTCOMES), count),
  closes: z.partialRecord(z.enum(CLOSE_REASONS), count),
});
export type ShareResidual = z.infer<typeof ShareResidual>;

/** On memory points of levels; absent where this machine held all, and in older records. */
export const RESIDUALS = { residuals: z.array(ShareResidual).readonly().optional() };
