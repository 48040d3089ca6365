import type { Ledger } from '../../core/ledger/ledger.ts';
import { ledgerAt } from '../../core/ledger/run-ledger.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint, RunFile } from '../../core/schemas/record.ts';
import { NO_STAGES, NO_WAITS } from '../../core/schemas/times.ts';
import { isDue, isLevel, LEVELS_MOST, thinLevels } from '../conductor/cost-so-far.ts';

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
      if (!isDue(page.levels, page.costOf) && !(isLast && page.levels > page.costOf)) continue;
      page.cost = this.#estimate(run, thinLevels(page.points), leg);
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
  progress: {
    ...point.progress,
    openPlanned: [],
    openActual: [],
    stages: NO_STAGES,
    waits: NO_WAITS,
    lag: [],
    ownLag: [],
  },
});

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
