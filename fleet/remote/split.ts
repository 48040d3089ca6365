/**
 * How many connections each share gets of so many: the same, but nobody more than it has room for.
 *
 * @param rooms the most of each; null: no bound is known
 * @returns undefined where they have no room for all together
 */
export function splitByRoom(total: number, rooms: ReadonlyArray<number | null>): number[] | undefined {
  const parts = rooms.map(() => 0);
  const bounds = rooms.map((room) => room ?? Number.POSITIVE_INFINITY);
  let left = total;
  // The smallest first: what it has no room for is spread over those that follow.
  const order = bounds.map((_, i) => i).sort((a, b) => bounds[a]! - bounds[b]! || b - a);
  for (const [taken, i] of order.entries()) {
    const part = Math.min(bounds[i]!, Math.floor(left / (order.length - taken)));
    parts[i] = part;
    left -= part;
  }
  return left === 0 ? parts : undefined;
}

/** So many in the proportions of parts, in whole numbers that sum to it; of nobody more than its part, up to their sum. */
export function splitByParts(wanted: number, parts: readonly number[]): number[] {
  const sum = parts.reduce((total, part) => total + part, 0);
  let [before, given] = [0, 0];
  return parts.map((part) => {
    before += part;
    const upTo = sum === 0 ? 0 : Math.floor((wanted * before) / sum);
    const own = upTo - given;
    given = upTo;
    return own;
  });
}
