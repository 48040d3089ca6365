/**
 * Shares of a fleet that stand out among the others. All are connections of one plan to one target, so what one of them shows alone
 * comes from its machine, or from the network between. Robust: by the median and the median deviation, which one outlier can't move.
 */
import {
  type ShareResidual,
  STRANGE_FIGURES,
  type StrangeFigure,
  type StrangeShare,
} from '../schemas/share-residual.ts';

/** With fewer it can't be told which one is strange. */
const SHARES_LEAST = 3;
/** So many deviations from the median (a normal one is 1.4826 median deviations). */
const DEVIATIONS = 5;
const OF_NORMAL = 1.4826;

/** What shares are held against each other by: from which factor on, and from which difference on, it matters. */
const FIGURES = {
  openP50: { of: ({ openP50Ms }) => openP50Ms, factor: 2, least: 2 },
  openP99: { of: ({ openP99Ms }) => openP99Ms, factor: 2, least: 10 },
  lateness: { of: ({ latenessP99Ms }) => latenessP99Ms, factor: 2, least: 50 },
  /** How many times longer than planned its ramp took. */
  pace: {
    of: ({ wantedPerSecond, perSecond }) => (perSecond ? wantedPerSecond / perSecond : null),
    factor: 1.25,
    least: 0.25,
  },
  /** Attempts of a hundred that failed. */
  failures: { of: ({ failures, attempts }) => percentOf(failures, attempts), factor: 2, least: 1 },
  /** Connections of a hundred that ended, and not by us. */
  losses: {
    of: ({ closes: { 'by-us': _, ...lost }, attempts }) => percentOf(lost, attempts),
    factor: 2,
    least: 1,
  },
} as const satisfies Record<
  StrangeFigure,
  { readonly of: (share: ShareResidual) => number | null; readonly factor: number; readonly least: number }
>;

/** Pure: the order of shares doesn't matter. */
export function strangeAmong(shares: readonly ShareResidual[]): StrangeShare[] {
  return STRANGE_FIGURES.flatMap((figure) => {
    const { of, factor, least } = FIGURES[figure];
    const known = shares.flatMap((share) => {
      const value = of(share);
      return value === null ? [] : [{ share: share.share, host: share.host, figure, value }];
    });
    if (known.length < SHARES_LEAST) return [];
    const median = medianOf(known.map(({ value }) => value));
    const deviation = OF_NORMAL * medianOf(known.map(({ value }) => Math.abs(value - median)));
    return known.flatMap((one) =>
      one.value > median + Math.max(least, DEVIATIONS * deviation) && one.value >= factor * median
        ? [{ ...one, median }]
        : [],
    );
  });
}

const percentOf = (counts: Readonly<Record<string, number>>, attempts: number): number | null =>
  attempts === 0 ? null : (100 * Object.values(counts).reduce((sum, count) => sum + count, 0)) / attempts;

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 0 ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}
