import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type Line, mostWithin } from '../../core/stats/predict.ts';
import type { SizeBy } from '../../core/values/sizing-plan.ts';

type Capacity = Summary['capacity'][number];

/** How much memory connections take: by the levels, and with what they took beyond that while all came at once. */
interface Costs {
  readonly rest: readonly Line[];
  /** None where no burst was measured. */
  readonly burst: readonly Line[];
}
type Held = Pick<Capacity, 'restConnections' | 'burstConnections'>;

export const costsOf = (leg: LegSummary): Costs => withBurst(linesOf(leg), leg.burst?.beyondRestBytes ?? null);

export const chargedCostsOf = ({ chargedFit, burst }: LegSummary): Costs =>
  withBurst(chargedFit?.lines ?? [], burst?.chargedBeyondRestBytes ?? burst?.beyondRestBytes ?? null);

/**
 * A burst is one reading, at one number of connections. What each of them took beyond its cost at rest is taken to go for
 * any number. So a knee, a step and the interval of prediction remain as they are at rest.
 */
const withBurst = (rest: readonly Line[], beyondBytes: number | null): Costs => ({
  rest,
  burst:
    beyondBytes === null
      ? []
      : rest.map((line) => ({ ...line, bytesPerConnection: line.bytesPerConnection + Math.max(0, beyondBytes) })),
});

/** The most connections whose upper bound of prediction fits; null where that isn't known, or is beyond any machine. */
export function heldWithin({ rest, burst }: Costs, budgetBytes: number): Held {
  const within = (lines: readonly Line[]): number | null =>
    lines.length === 0 ? null : mostWithin(lines, budgetBytes);
  return { restConnections: within(rest), burstConnections: within(burst) };
}

/** What fits into each of several limits fits into the nearest of them. */
export function leastOf(all: readonly Held[]): Held {
  const least = (name: keyof Held): number | null => {
    const known = all.map(({ [name]: connections }) => connections).filter((one) => one !== null);
    return known.length === 0 ? null : Math.min(...known);
  };
  return { restConnections: least('restConnections'), burstConnections: least('burstConnections') };
}

/** null where neither cost limits anything. */
export function sizedBy(held: Held, sizeBy: SizeBy): (Held & Pick<Capacity, 'connections' | 'sizedBy'>) | null {
  const { restConnections: rest, burstConnections: burst } = held;
  if (sizeBy === 'dearer' && burst !== null && (rest === null || burst < rest)) {
    return { ...held, connections: burst, sizedBy: 'burst' };
  }
  return rest === null ? null : { ...held, connections: rest, sizedBy: 'rest' };
}

/** By which `total` is predicted; none where it isn't known. */
export const linesOf = ({ fit, perConnection }: LegSummary): NonNullable<LegSummary['fit']>['lines'] =>
  perConnection?.total ? (fit?.lines ?? []) : [];
