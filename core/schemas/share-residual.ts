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

/** Held against the median of all shares: times to open, lateness (ms), how many times longer a ramp took, failures and losses in percent. */
export const STRANGE_FIGURES = ['openP50', 'openP99', 'lateness', 'pace', 'failures', 'losses'] as const;
export type StrangeFigure = (typeof STRANGE_FIGURES)[number];

/** A share that stood out at a level. */
export const StrangeShare = z.object({
  share: count,
  host: z.string(),
  figure: z.enum(STRANGE_FIGURES),
  value: z.number(),
  median: z.number(),
});
export type StrangeShare = z.infer<typeof StrangeShare>;

/** How the shares of a leg differ. */
export const SharesSummary = z.object({
  /** The last level that was held, and what each came to on the way to it. */
  level: count,
  residuals: z.array(ShareResidual),
  /** Those that stood out at any level, in any launch: each with each figure once, where it stood out most. */
  strange: z.array(StrangeShare.extend({ level: count })),
});
export type SharesSummary = z.infer<typeof SharesSummary>;

/** On memory points of levels; absent where this machine held all, and in older records. */
export const RESIDUALS = { residuals: z.array(ShareResidual).readonly().optional() };
