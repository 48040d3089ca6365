/** So many opens of a ramp are looked at: those who keep clear of each other for so long don't open in step. */
const OPENS = 16;
/** Steps by which a share may begin later, in a turn of all. */
const STEPS = 8;
/** With more shares than that some opens always fall together. */
const SHARES_MOST = 64;

/**
 * How much later than the ramp each share begins, so that machines don't open in step: turn by turn where all have the same pace. One whose
 * opens would fall on those of another, since it opens twice as fast say, begins a little later still.
 *
 * @param paces opens per second of each share
 * @returns µs
 */
export function offsetsOf(paces: readonly number[]): number[] {
  const turn = 1e6 / paces.reduce((sum, pace) => sum + pace, 0);
  const offsets: number[] = [];
  for (const [share, pace] of paces.entries()) {
    const gapOf = (offset: number): number =>
      Math.min(turn, ...offsets.map((other, i) => gapBetween(offset, 1e6 / pace, other, 1e6 / paces[i]!)));
    let best = { offset: share * turn, gap: share < SHARES_MOST ? gapOf(share * turn) : turn };
    for (let step = 1; step < STEPS && best.gap < turn / 4; step++) {
      const offset = (share + step / STEPS) * turn;
      const gap = gapOf(offset);
      if (gap > best.gap) best = { offset, gap };
    }
    offsets.push(best.offset);
  }
  return offsets;
}

/** How near the opens of one come to those of another. */
function gapBetween(offset: number, period: number, other: number, otherPeriod: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let open = 1; open <= OPENS; open++) {
    const turns = (offset + open * period - other) / otherPeriod;
    least = Math.min(least, Math.abs(turns - Math.round(turns)) * otherPeriod);
  }
  return least;
}
