/** What an objective was at a step. */
export interface Sight {
  /** Which one: its expression. */
  readonly of: string;
  /** The median over repeats; null where it isn't known. */
  readonly value: number | null;
  readonly limit: number;
  /** Memory grows in a line; times and shares rise by factors. */
  readonly isLinear: boolean;
}

interface Seen {
  readonly at: number;
  readonly sights: readonly Sight[];
}

/**
 * Where the first objective passes its limit, by a line through two steps: between them, or ahead of both, which only those tell that
 * grow in a line.
 *
 * @returns undefined where none of them rises so
 */
export function crossingOf(low: Seen, high: Seen, where: 'between' | 'ahead'): number | undefined {
  const found = low.sights.flatMap((before) => {
    const after = high.sights.find(({ of }) => of === before.of);
    const crossing = after && crossingOfOne(before, after, low.at, high.at, where);
    return crossing === undefined ? [] : [crossing];
  });
  return found.length === 0 ? undefined : Math.min(...found);
}

function crossingOfOne(
  { value: low, limit, isLinear }: Sight,
  { value: high }: Sight,
  from: number,
  to: number,
  where: 'between' | 'ahead',
): number | undefined {
  if (low === null || high === null || high <= low) return undefined;
  if (where === 'ahead')
    return isLinear && high < limit ? from + ((limit - low) * (to - from)) / (high - low) : undefined;
  if (low >= limit || high <= limit) return undefined;
  if (isLinear) return from + ((limit - low) * (to - from)) / (high - low);
  if (low <= 0) return undefined;
  return from * Math.exp((Math.log(limit / low) / Math.log(high / low)) * Math.log(to / from));
}
