/** One of those that something is divided among. */
export interface Portion {
  /** What it gets is in proportion to it, as far as its bounds allow; > 0. */
  readonly weight: number;
  readonly least: number;
  /** Infinity: no bound is known. */
  readonly most: number;
}

const HALVINGS = 200;

/**
 * Divides so many connections by weight, in whole numbers. Nobody gets fewer than its least or more than its most; what these take or
 * leave is spread over the others by their weights.
 *
 * @returns undefined where they have no room for all together, or where the least of all is more than that
 */
export function divide(total: number, parts: readonly Portion[]): number[] | undefined {
  const most = parts.map((part) => Math.max(part.least, Math.min(part.most, total)));
  if (sumOf(most) < total || sumOf(parts.map(({ least }) => least)) > total) return undefined;
  const at = (level: number): number[] =>
    parts.map(({ weight, least }, i) => Math.min(most[i]!, Math.max(least, level * weight)));
  let [low, high] = [0, (total + 1) / Math.min(...parts.map(({ weight }) => weight), Number.MAX_VALUE)];
  for (let i = 0; i < HALVINGS && low < high; i++) {
    const middle = (low + high) / 2;
    if (sumOf(at(middle)) <= total) low = middle;
    else high = middle;
    if (middle === (low + high) / 2) break;
  }
  const exact = at(low);
  // The level may be a hair below where it is whole.
  const whole = exact.map((own) => Math.floor(own + 1e-6));
  // What rounding leaves goes to those who lost most by it, the first of them first.
  const order = parts.map((_, i) => i).sort((a, b) => exact[b]! - whole[b]! - (exact[a]! - whole[a]!) || a - b);
  for (let left = total - sumOf(whole); left > 0; ) {
    const before = left;
    for (const i of order) {
      if (left === 0 || whole[i]! >= most[i]!) continue;
      whole[i]! += 1;
      left -= 1;
    }
    if (left === before) return undefined;
  }
  return whole;
}

export const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
