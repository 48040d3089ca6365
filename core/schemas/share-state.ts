import { z } from 'zod';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/**
 * `held`: its worker says so. `unheard`: that one has said nothing for a while, so nobody knows. `moving`: it has let go, and who has the
 * share next has counted nothing yet.
 */
export const LEASES = ['held', 'unheard', 'moving'] as const;

/** How a share of a fleet over several machines stands, by the last report of who holds it or held it last. */
export const ShareState = z.object({
  share: count,
  host: z.string(),
  /** The worker's own name: a host may have several. */
  worker: z.string(),
  /** Raised each time that the share begins anew, here or elsewhere; all that is counted begins anew with it. */
  generation: count,
  lease: z.enum(LEASES),
  /** How long ago the report came, in ms. */
  heardAgoMs: ms,
  attempts: count,
  opening: count,
  open: count,
  /** Attempts that came to an open connection, those that have closed since among them: what opens per second come from. */
  opened: count,
  failed: count,
  /** By how much the latest hundredth of attempts was late although there was room in the window; null while there is none. */
  latenessMs: ms.nullable(),
  /** The process that holds the connections used so much since this generation began, and has so much resident. */
  cpuSeconds: z.number().nonnegative(),
  rssBytes: count,
  /** What is to be added to the time of day on its machine to have that of Redis; it is right within half of the spread. */
  clockOffsetMs: z.number(),
  clockSpreadMs: ms,
});
export type ShareState = z.infer<typeof ShareState>;

/** On samples: the shares of a fleet over several machines, on ticks once a second. Absent where this machine holds all, and in older records. */
export const SHARES = { shares: z.array(ShareState).readonly().optional() };

/** When a sample was taken, as far as shares are told apart by it. */
interface Stretch {
  readonly launch: number;
  readonly leg: number;
  readonly segment?: number | undefined;
}

/** A name for a generation of a share among all of a run: what it counts begins at 0. */
export const generationOf = ({ launch, leg, segment = 0 }: Stretch, { share, generation }: ShareState): string =>
  `${launch} ${leg} ${segment} ${share} ${generation}`;
