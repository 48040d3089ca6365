import { z } from 'zod';
import { PROTOCOLS } from '../protocols/names.ts';

const count = z.number().int().nonnegative();

/**
 * What every sample of a leg begins with: which leg of which launch, both counted from 0, and ms since the run began. `segment`: how often
 * a soak was gone on with before, with counts that begin anew each time; absent where it never was.
 */
export const SAMPLE_AT = {
  elapsedMs: z.number().nonnegative(),
  launch: count,
  leg: count,
  segment: count.optional(),
  protocol: z.enum(PROTOCOLS),
};

/** A sample of the climb itself, not of a soak that was gone on with, whose counts are its own. */
export const isOfClimb = ({ segment = 0 }: { readonly type: string; readonly segment?: number | undefined }): boolean =>
  segment === 0;
