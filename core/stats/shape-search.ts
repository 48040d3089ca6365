import {
  type Basis,
  type Bend,
  basisOf,
  coefficientOf,
  columnOf,
  grown,
  hingeAt,
  jumpAt,
  squaresOf,
} from './shape-model.ts';
import type { LevelPoint } from './slope.ts';

const MOST = { step: 3, knee: 1 } as const;
/** Levels between two bends, or beyond the last: one alone could be anything. A level that lies on a knee is on both sides. */
const LEAST_BETWEEN = 2;
/** Levels on each side of a knee: each has a slope to tell. */
const LEAST_BESIDE_KNEE = 3;
/** Levels more than the parameters of a shape, so that there is scatter to judge by. */
const LEAST_SPARE_LEVELS = 2;
/** Beyond so many places for a bend, pairs of them are looked for among as many evenly chosen ones. */
const MOST_PAIRED = 60;

/**
 * The best shapes of one bend, of two, and so on as far as the levels go: those whose least squares leave the least.
 * They are grown one bend at a time, from the best pair as well (two may be nothing without each other). Then each bend is
 * moved to where it is best with the others, until none moves.
 *
 * @param sorted points, ascending in `open`
 */
export function bestOfEach(sorted: readonly LevelPoint[]): Bend[][] {
  const levels = [...new Set(sorted.map(({ open }) => open))];
  const best: Bend[][] = [];
  for (let bends: Bend[] = []; ; ) {
    const starts = [withOneMore(sorted, levels, bends), best.length === 1 ? bestPair(sorted, levels) : undefined];
    const grownOnes = starts.filter((start) => start !== undefined).map((start) => settled(sorted, levels, start));
    const [first, ...others] = grownOnes;
    if (first === undefined) return best;
    bends = others.reduce((a, b) => (leftBy(sorted, b) < leftBy(sorted, a) ? b : a), first);
    best.push(bends);
  }
}

const leftBy = (sorted: readonly LevelPoint[], bends: readonly Bend[]): number => squaresOf(basisOf(sorted, bends));

/** Each bend in turn where it is best with the others. */
function settled(sorted: readonly LevelPoint[], levels: readonly number[], bends: Bend[]): Bend[] {
  let now = bends;
  let left = leftBy(sorted, now);
  for (let i = 0, unmoved = 0; unmoved < now.length; i = (i + 1) % now.length) {
    const others = now.filter((_, other) => other !== i);
    const moved = withOneMore(sorted, levels, others);
    const leftThen = moved === undefined ? left : leftBy(sorted, moved);
    if (moved !== undefined && leftThen < left * (1 - 1e-9)) {
      // The moved one is the last now; those before it are asked again.
      [now, left, unmoved] = [moved, leftThen, 0];
    } else unmoved++;
  }
  return now;
}

/** @returns undefined when no more are allowed, or there is no room for one */
function withOneMore(
  sorted: readonly LevelPoint[],
  levels: readonly number[],
  bends: readonly Bend[],
): Bend[] | undefined {
  const basis = basisOf(sorted, bends);
  let best: Bend[] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const bend of [...stepsOf(levels), ...kneesOf(sorted, levels, basis)]) {
    if (!isAllowed(levels, [...bends, bend])) continue;
    const left = squaresOf(grown(basis, columnOf(sorted, bend)));
    if (left < least) [best, least] = [[...bends, bend], left];
  }
  return best;
}

/** Knees on levels only: they find their place afterwards. */
function bestPair(sorted: readonly LevelPoint[], levels: readonly number[]): Bend[] | undefined {
  const some = [...evenlyOf(stepsOf(levels)), ...evenlyOf(levels.slice(1, -1).map((_, i) => kneeAt(levels, i + 1)))];
  let best: Bend[] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, first] of some.entries()) {
    const basis = basisOf(sorted, [first]);
    for (const second of some.slice(i + 1)) {
      if (!isAllowed(levels, [first, second])) continue;
      const left = squaresOf(grown(basis, columnOf(sorted, second)));
      if (left < least) [best, least] = [[first, second], left];
    }
  }
  return best;
}

function evenlyOf(all: readonly Bend[]): readonly Bend[] {
  if (all.length <= MOST_PAIRED) return all;
  return Array.from({ length: MOST_PAIRED }, (_, i) => all[Math.floor((i * all.length) / MOST_PAIRED)]!);
}

/** A step between each two neighbouring levels. */
const stepsOf = (levels: readonly number[]): Bend[] =>
  levels.slice(1).map((high, i) => ({ kind: 'step', at: (levels[i]! + high) / 2, low: levels[i]!, high }));

/**
 * The best knee is on a level, or where the least-squares lines of both sides, steps and all, meet between two levels
 * (Hudson 1966): so those are all there are to try.
 */
function kneesOf(sorted: readonly LevelPoint[], levels: readonly number[], basis: Basis): Bend[] {
  const knees: Bend[] = [];
  for (let i = 1; i < levels.length - 1; i++) {
    const [level, after] = [levels[i]!, levels[i + 1]!];
    knees.push(kneeAt(levels, i));
    // Beyond `after`, two lines that meet at `at` differ by change × (after − at) + change × (open − after).
    const [jump, hinge] = [jumpAt(sorted, after), hingeAt(sorted, after)];
    const change = coefficientOf(grown(basis, jump), hinge);
    const at = after - coefficientOf(grown(basis, hinge), jump) / change;
    if (at > level && at < after) knees.push({ kind: 'knee', at, low: level, high: after });
  }
  return knees;
}

const kneeAt = (levels: readonly number[], i: number): Bend => ({
  kind: 'knee',
  at: levels[i]!,
  low: levels[i - 1]!,
  high: levels[i + 1]!,
});

function isAllowed(levels: readonly number[], bends: readonly Bend[]): boolean {
  if (levels.length < LEAST_SPARE_LEVELS + 2 + 2 * bends.length) return false;
  for (const kind of ['step', 'knee'] as const) {
    if (bends.filter((bend) => bend.kind === kind).length > MOST[kind]) return false;
  }
  const ascending = bends.toSorted((a, b) => a.at - b.at);
  let before: Bend | undefined;
  for (const bend of [...ascending, undefined]) {
    const from = before === undefined ? Number.NEGATIVE_INFINITY : before.kind === 'knee' ? before.at : before.high;
    const to = bend === undefined ? Number.POSITIVE_INFINITY : bend.kind === 'knee' ? bend.at : bend.low;
    // Memory may jump where the slope changes.
    const isOnePlace = bend?.kind === 'knee' && before?.kind === 'step' && from === to;
    if (!isOnePlace && countBetween(levels, from, to) < LEAST_BETWEEN) return false;
    before = bend;
  }
  const knee = bends.find(({ kind }) => kind === 'knee');
  return (
    knee === undefined ||
    (countBetween(levels, 0, knee.at) >= LEAST_BESIDE_KNEE &&
      countBetween(levels, knee.at, Number.POSITIVE_INFINITY) >= LEAST_BESIDE_KNEE)
  );
}

/** Levels from one number of connections to another, both included, by halving. */
const countBetween = (levels: readonly number[], from: number, to: number): number =>
  firstWhere(levels, (level) => level > to) - firstWhere(levels, (level) => level >= from);

function firstWhere(levels: readonly number[], is: (level: number) => boolean): number {
  let [low, high] = [0, levels.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if (is(levels[half]!)) high = half;
    else low = half + 1;
  }
  return low;
}
