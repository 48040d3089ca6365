import type { Ledger } from '../../core/ledger/ledger.ts';
import { ledgerAt } from '../../core/ledger/run-ledger.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint, RunFile } from '../../core/schemas/record.ts';

/** What one more connection costs by these points of one leg: the report's own estimate, which lies in another room. */
export type CostEstimator = (run: RunFile, points: readonly MemoryPoint[], leg: number) => LegSummary['perConnection'];

/** What is known of one leg's memory by its levels so far. */
interface Page {
  /** Baselines and levels of every launch, in the order in which they were read. */
  readonly points: MemoryPoint[];
  baseline: MemoryPoint | undefined;
  /** The last level, with what it amounts to. */
  level: { readonly connections: number; readonly ledger: Ledger } | undefined;
  levels: number;
  cost: LegSummary['perConnection'];
  /** Levels that went into it. */
  costOf: number;
}

/**
 * The interval takes time in proportion to the square of the number of levels (some 10 ms for ten, 100 ms for fifty), and
 * it is the conductor's time. So it is taken from fifty of them at most: evenly spread ones of the present launch, and
 * those of earlier launches for which there is room. Above ten levels it is taken only when there are a tenth more.
 */
const LEVELS_MOST = 50;
const MORE = 1.1;
const EACH_UP_TO = 10;

/** Keeps the points of each leg, and the estimates made from them. */
export class CostBook {
  readonly #estimate: CostEstimator;
  readonly #pages = new Map<number, Page>();

  constructor(estimate: CostEstimator) {
    this.#estimate = estimate;
  }

  /** @returns whether it was a level that counts */
  add(run: RunFile, point: MemoryPoint): boolean {
    // Later cycles climb through what the first one left in the allocator.
    if (point.cycle > 0 || (point.phase !== 'baseline' && point.phase !== 'hold')) return false;
    const page = this.#pages.get(point.leg) ?? newPage();
    this.#pages.set(point.leg, page);
    page.points.push(slim(point));
    dropEarlierLaunches(page.points);
    if (point.phase === 'baseline') {
      page.baseline = point;
      return false;
    }
    page.level = { connections: point.level, ledger: ledgerAt(run, page.baseline, point) };
    page.levels += 1;
    return true;
  }

  of(leg: number): Readonly<Pick<Page, 'level' | 'levels' | 'cost'>> | undefined {
    return this.#pages.get(leg);
  }

  /**
   * Brings all estimates up to date where that is due.
   *
   * @param isLast there is time now: whatever there is more of goes in
   */
  update(run: RunFile, isLast = false): void {
    for (const [leg, page] of this.#pages) {
      const isEach = isLast || page.levels <= EACH_UP_TO;
      if (page.levels === page.costOf || (!isEach && page.levels < page.costOf * MORE)) continue;
      page.cost = this.#estimate(run, thinned(page.points), leg);
      page.costOf = page.levels;
    }
  }
}

const newPage = (): Page => ({
  points: [],
  baseline: undefined,
  level: undefined,
  levels: 0,
  cost: null,
  costOf: 0,
});

/** Without the distributions, which are most of it and tell nothing about memory. */
const slim = (point: MemoryPoint): MemoryPoint => ({
  ...point,
  unforced: null,
  talk: null,
  progress: { ...point.progress, openPlanned: [], openActual: [], lag: [], ownLag: [] },
});

const isLevel = ({ phase }: MemoryPoint): boolean => phase === 'hold';

/** Whole launches, the earliest first, until what is left has no more than {@link LEVELS_MOST} levels, or is the present one. */
function dropEarlierLaunches(points: MemoryPoint[]): void {
  const present = points.at(-1)?.launch;
  while (points.filter(isLevel).length > LEVELS_MOST && points[0]?.launch !== present) {
    const earliest = points[0]?.launch;
    points.splice(
      0,
      points.findIndex(({ launch }) => launch !== earliest),
    );
  }
}

/** All of them, or of a launch with very many levels an even choice, the first and the last among them. */
function thinned(points: readonly MemoryPoint[]): readonly MemoryPoint[] {
  const levels = points.filter(isLevel);
  if (levels.length <= LEVELS_MOST) return points;
  const nth = (i: number): MemoryPoint | undefined => levels[Math.round((i * (levels.length - 1)) / (LEVELS_MOST - 1))];
  const chosen = new Set(Array.from({ length: LEVELS_MOST }, (_, i) => nth(i)));
  return points.filter((point) => !isLevel(point) || chosen.has(point));
}
