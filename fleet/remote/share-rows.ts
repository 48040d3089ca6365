/** Which rows of `--data` the connections of a share have, so that over all shares they are those of a run in one process. */
import type { DataOrder } from '../../core/opening/data-order.ts';

/** The `share`-th of `shares`, from 0. */
export interface WhichShare {
  readonly share: number;
  readonly shares: number;
}

/**
 * Numbers of rows, from 0, in the order of the share's own connections. These have each `shares`-th number of the run, see `FleetMarks`.
 *
 * - `each`: the rows that have their numbers; no other share has one of them.
 * - `cycle`: the rows that come in turn for their numbers, until they come again, or for as many as it may have.
 * - `random`: a part that nobody else has, from which each takes any.
 *
 * @param most connections of the share at once
 */
export function* rowsOfShare(
  order: DataOrder,
  count: number,
  { share, shares }: WhichShare,
  most: number,
): Generator<number> {
  if (order === 'cycle') {
    const all = Math.min(most, count / greatestCommonDivisor(count, shares));
    for (let i = 0; i < all; i++) yield (i * shares + share) % count;
    return;
  }
  // Where there are fewer rows than shares, any share has any of them.
  const isApart = order === 'each' || count >= shares;
  for (let row = isApart ? share : 0; row < count; row += isApart ? shares : 1) yield row;
}

function greatestCommonDivisor(one: number, other: number): number {
  let [larger, smaller] = [one, other];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
