/** What befalls the shares of a fleet over several machines. */
import { z } from 'zod';
import { SAMPLE_AT } from './sample-at.ts';

const count = z.number().int().nonnegative();

/** Another machine holds a share now, or the same one anew; `awayMs`: from the last that was heard of it to the first. */
export const ShareMoved = z.object({
  type: z.literal('share-moved'),
  ...SAMPLE_AT,
  share: count,
  from: z.string(),
  to: z.string(),
  awayMs: z.number().nonnegative(),
});

/**
 * A share fell behind while the others kept the pace: of the attempts that were due since the ramp began it had made so many, with so much of
 * a core. `part`: the most connections that it was to have. Not `isLowered`: the others had no room for more.
 */
export const ShareBehind = z.object({
  type: z.literal('share-behind'),
  ...SAMPLE_AT,
  share: count,
  host: z.string(),
  due: count,
  opened: count,
  cpuPercent: z.number(),
  cores: count,
  part: count,
  isLowered: z.boolean(),
});
export type ShareBehind = z.infer<typeof ShareBehind>;
