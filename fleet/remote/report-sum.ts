/**
 * What the shares of a fleet have counted together, from reports that come late, twice, in any order or not at all. In each generation
 * of a share the report with the highest number counts. So the sum follows from which reports came, and not from when. Pure.
 */
import { bucketOf, HISTOGRAM_BUCKETS, type SparseHistogram } from '../../core/stats/histogram.ts';
import { CLOSE_REASONS, OUTCOMES, STATUS_CLASSES } from '../../core/values/outcomes.ts';
import { type HistogramName, TALLY_FIELDS, type Tally, type TallyField } from '../wire.ts';
import type { ShareReport } from './messages.ts';

/** One generation of a share, as far as it has said. */
interface Generation {
  report: ShareReport;
  /** By name what it said last of it, and the number of the report that did: reports leave out what didn't change. */
  readonly distributions: Map<HistogramName, { number: number; pairs: SparseHistogram }>;
}

/** What is so now and ends with its generation; all other counters only grow. */
const NOW = new Set<TallyField>([
  'opening',
  'open',
  'closing',
  'flooding',
  'tlsObjects',
  'tlsKeptObjects',
  'pending',
  'slow',
  'slowOwedBytes',
  'slowCameBytes',
  'toCut',
  'away',
  'vanishing',
  'vanished',
]);

/** Moments: of all shares the first or the last one counts; 0 says that there was none. */
const FIRST = ['firstLossAtMs', 'begunAtMs'] as const;
const LAST = ['lastLossAtMs', 'lastBackAtMs'] as const;
const NO_SUM = new Set<TallyField>([...FIRST, ...LAST, 'orderSeen', 'collections']);

export class ReportSum {
  /** By share its generations, the newest last. */
  readonly #shares: Generation[][];
  /** Generations whose workers have said that nothing of theirs is open any more, as `share generation`. */
  readonly #over = new Set<string>();

  constructor(shares: number) {
    this.#shares = Array.from({ length: shares }, () => []);
  }

  /** @returns the report that counts from now on, where this one does and is of a newer generation than the one before; else undefined */
  take(report: ShareReport): { from: ShareReport; to: ShareReport } | undefined {
    const generations = this.#shares[report.share];
    if (generations === undefined) return undefined;
    let own = generations.find(({ report: { generation } }) => generation === report.generation);
    const before = generations.at(-1)?.report;
    if (own === undefined) {
      own = { report, distributions: new Map() };
      generations.push(own);
      generations.sort((a, b) => a.report.generation - b.report.generation);
    } else if (report.number > own.report.number) own.report = report;
    for (const [name, pairs] of Object.entries(report.distributions) as Array<[HistogramName, [number, number][]]>) {
      const kept = own.distributions.get(name);
      if (kept === undefined || report.number > kept.number)
        own.distributions.set(name, { number: report.number, pairs });
    }
    const isNewer = before !== undefined && report.generation > before.generation;
    return isNewer ? { from: before, to: report } : undefined;
  }

  letGo(share: number, generation: number): void {
    this.#over.add(`${share} ${generation}`);
  }

  hasLetGo(share: number, generation: number): boolean {
    return this.#over.has(`${share} ${generation}`);
  }

  /** Whether a generation was replaced whose worker has not said that it let go: its connections may still be open. */
  get hasStrays(): boolean {
    return this.#shares.some((generations, share) =>
      generations.slice(0, -1).some(({ report: { generation } }) => !this.hasLetGo(share, generation)),
    );
  }

  /** The newest of a share; undefined while nothing came from it. */
  newest(share: number): ShareReport | undefined {
    return this.#shares[share]?.at(-1)?.report;
  }

  /** What the newest generation of a share has of a distribution, as `[µs, count]` pairs. */
  ofNewest(share: number, name: HistogramName): SparseHistogram {
    return this.#shares[share]?.at(-1)?.distributions.get(name)?.pairs ?? [];
  }

  /**
   * @param ownOffsetMs what is to be added to moments of this machine to have them by the clock of Redis: theirs come out by ours
   * @param unheard shares that say nothing: nobody knows whether what they have open still is, so it counts as opening
   * @param left shares that nobody has any more: their connections are gone, and no order is theirs
   */
  tally(ownOffsetMs: number, unheard: ReadonlySet<number> = new Set(), left: ReadonlySet<number> = new Set()): Tally {
    const sum = emptyTally();
    const [firsts, lasts] = [new Map<TallyField, number>(), new Map<TallyField, number>()];
    for (const [share, generations] of this.#shares.entries()) {
      for (const [i, { report }] of generations.entries()) {
        const isOver = i < generations.length - 1 || left.has(share);
        const counted = isOver ? ended(report.tally) : unheard.has(share) ? doubted(report.tally) : report.tally;
        addTo(sum, counted);
        const toOurs = (ms: number): number => ms + report.offsetMs - ownOffsetMs;
        for (const field of FIRST)
          if (counted[field] > 0)
            firsts.set(field, Math.min(firsts.get(field) ?? Number.POSITIVE_INFINITY, toOurs(counted[field])));
        for (const field of LAST)
          if (counted[field] > 0) lasts.set(field, Math.max(lasts.get(field) ?? 0, toOurs(counted[field])));
      }
    }
    const newest = this.#shares.flatMap((generations, share) => (left.has(share) ? [] : [generations.at(-1)?.report]));
    const least = (of: (report: ShareReport) => number): number =>
      Math.min(...newest.map((report) => (report ? of(report) : 0)));
    return {
      ...sum,
      ...Object.fromEntries([...firsts, ...lasts]),
      orderSeen: least(({ seq }) => seq),
      collections: least(({ tally }) => tally.collections),
    };
  }

  /** What all generations of a share have counted that only grows. */
  countsOf(share: number): Pick<Tally, 'attempts' | 'outcomes' | 'closeReasons'> {
    const sum = emptyTally();
    const generations = this.#shares[share] ?? [];
    for (const [i, { report }] of generations.entries())
      addTo(sum, i < generations.length - 1 ? ended(report.tally) : report.tally);
    return sum;
  }

  /** Counts in the buckets of core/stats/histogram.ts, of all generations. @param share of it alone; all, unless said */
  histogram(name: HistogramName, share?: number): Uint32Array {
    const sum = new Uint32Array(HISTOGRAM_BUCKETS);
    for (const { distributions } of share === undefined ? this.#shares.flat() : (this.#shares[share] ?? []))
      for (const [lowest, count] of distributions.get(name)?.pairs ?? []) {
        const bucket = bucketOf(lowest);
        sum[bucket] = sum[bucket]! + count;
      }
    return sum;
  }
}

type Writable<Counts> = { -readonly [Name in keyof Counts]: Counts[Name] };
type Sums = Writable<Record<TallyField, number>> & {
  readonly outcomes: Writable<Tally['outcomes']>;
  readonly closeReasons: Writable<Tally['closeReasons']>;
  readonly statuses: Writable<Tally['statuses']>;
};

const zeroes = (names: readonly string[]): Record<string, number> => Object.fromEntries(names.map((name) => [name, 0]));

const emptyTally = (): Sums =>
  ({
    ...zeroes(TALLY_FIELDS),
    outcomes: zeroes(OUTCOMES),
    closeReasons: zeroes(CLOSE_REASONS),
    statuses: zeroes(STATUS_CLASSES),
  }) as Sums;

function addTo(sum: Sums, tally: Tally): void {
  for (const field of TALLY_FIELDS) if (!NO_SUM.has(field)) sum[field] += tally[field];
  for (const name of OUTCOMES) sum.outcomes[name] += tally.outcomes[name];
  for (const name of CLOSE_REASONS) sum.closeReasons[name] += tally.closeReasons[name];
  for (const name of STATUS_CLASSES) sum.statuses[name] += tally.statuses[name];
}

/** A generation that another one has replaced: its connections are gone, and it was we who let them go. */
function ended(tally: Tally): Tally {
  const { open, opening, pending, failed, closed, lostReplies, outcomes, closeReasons } = tally;
  return {
    ...tally,
    ...zeroes([...NOW]),
    failed: failed + opening,
    closed: closed + open,
    lostReplies: lostReplies + pending,
    outcomes: { ...outcomes, cancelled: outcomes.cancelled + opening },
    closeReasons: { ...closeReasons, 'by-us': closeReasons['by-us'] + open },
  };
}

/** As if they were on the way: so attempts still add up, and no level is whole. */
function doubted(tally: Tally): Tally {
  const { open, opening, outcomes } = tally;
  return { ...tally, open: 0, opening: opening + open, outcomes: { ...outcomes, open: outcomes.open - open } };
}
