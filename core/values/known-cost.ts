import type { LegSummary } from '../schemas/leg-summary.ts';
import type { Estimate } from '../stats/slope.ts';

/** What one more connection costs, by as much of it as is known: all of it, else the part of the user or of the kernel. */
export const knownCost = ({ perConnection }: Pick<LegSummary, 'perConnection'>): Estimate | null =>
  perConnection?.total ?? perConnection?.user ?? perConnection?.kernel ?? null;
