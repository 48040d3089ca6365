import { hasProgress, type LegProgress, type Sample } from '../../core/schemas/record.ts';
import { isOfClimb } from '../../core/schemas/sample-at.ts';
import { generationOf } from '../../core/schemas/share-state.ts';
import { NO_STAGES, NO_WAITS } from '../../core/schemas/times.ts';
import { Thinned } from '../../core/stats/thinned.ts';

type Tick = Extract<Sample, { type: 'tick' }>;

/** Beyond so many, ticks stand for those around them: half an hour of five a second is kept whole. */
const MOST_TICKS = 10_000;
/** Text of memory points, which are kept whole; a hundred launches of thirty take half of that. */
const MOST_POINT_BYTES = 96 * 2 ** 20;
/** Legs times launches whose ticks are told apart. */
const MOST_PLACES = 10_000;

/** One sample in its place among all. */
interface Placed<S extends Sample> {
  readonly index: number;
  readonly sample: S;
}

/** Ticks of one leg in one launch that no thinning may take: a summary tells what they say. */
interface Marks {
  first: Placed<Tick>;
  last: Placed<Tick>;
  mostOpen: Placed<Tick>;
  mostTargetBytes: Placed<Tick>;
  mostGeneratorBytes: Placed<Tick>;
}

/**
 * Keeps what a report tells of a run's samples, as they are read, in bounded room. That is every memory point and end of a
 * leg. Beyond ten thousand ticks it keeps as many that are evenly spread, with the first, the last and the peaks of each
 * leg.
 */
export class SampleKeeper {
  readonly #ticks = new Thinned<Placed<Tick>>(MOST_TICKS);
  readonly #marks = new Map<string, Marks>();
  readonly #others: Placed<Exclude<Sample, Tick>>[] = [];
  /** Where the latest memory point or end of each leg stands among the others. */
  readonly #latest = new Map<number, number>();
  /** Where the latest memory point of each leg in each launch stands that is no burst. */
  readonly #climbs = new Map<string, number>();
  /** The last tick of each generation of a share: what its machine used is asked of it alone. */
  readonly #generations = new Map<string, Placed<Tick>>();
  #pointBytes = 0;
  #index = 0;
  #leftOut = 0;

  /** Memory points that found no room. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** @param bytes its length as text */
  add(sample: Sample, bytes: number): void {
    const index = this.#index++;
    if (sample.type === 'tick') this.#addTick({ index, sample });
    else this.#addOther({ index, sample }, bytes);
  }

  /** In the order in which they came. */
  samples(): Sample[] {
    const marked = [...this.#marks.values()].flatMap((marks): Placed<Tick>[] => Object.values(marks));
    const all = new Map<number, Sample>();
    const kept = [...this.#ticks.points, ...marked, ...this.#generations.values(), ...this.#others];
    for (const { index, sample } of kept) all.set(index, sample);
    return [...all].sort(([one], [other]) => one - other).map(([, sample]) => sample);
  }

  #addTick(tick: Placed<Tick>): void {
    this.#ticks.add(tick);
    for (const share of tick.sample.shares ?? []) {
      const generation = generationOf(tick.sample, share);
      if (this.#generations.size < MOST_PLACES || this.#generations.has(generation))
        this.#generations.set(generation, tick);
    }
    const { launch, leg, segment = 0, counts, targetBytes, generatorRssBytes } = tick.sample;
    const place = `${launch} ${leg} ${segment}`;
    const marks = this.#marks.get(place);
    if (!marks) {
      const only = { first: tick, last: tick, mostOpen: tick, mostTargetBytes: tick, mostGeneratorBytes: tick };
      if (this.#marks.size < MOST_PLACES) this.#marks.set(place, only);
      return;
    }
    marks.last = tick;
    if (counts.open > marks.mostOpen.sample.counts.open) marks.mostOpen = tick;
    if ((targetBytes ?? -1) > (marks.mostTargetBytes.sample.targetBytes ?? -1)) marks.mostTargetBytes = tick;
    if (generatorRssBytes > marks.mostGeneratorBytes.sample.generatorRssBytes) marks.mostGeneratorBytes = tick;
  }

  #addOther(placed: Placed<Exclude<Sample, Tick>>, bytes: number): void {
    this.#pointBytes += bytes;
    if (this.#pointBytes > MOST_POINT_BYTES) {
      this.#leftOut += 1;
      return;
    }
    if (!hasProgress(placed.sample) || !isOfClimb(placed.sample)) {
      this.#others.push(placed);
      return;
    }
    const before = this.#latest.get(placed.sample.leg);
    // How late a leg's attempts were is asked of the latest alone, since all of them count from its beginning.
    if (before !== undefined) this.#others[before] = withoutLags(this.#others[before]!);
    this.#latest.set(placed.sample.leg, this.#others.push(placed) - 1);
    this.#keepStages(placed.sample);
  }

  /** What opening consisted of is asked of a climb's last point alone. */
  #keepStages({ type, launch, leg, ...sample }: Exclude<Sample, Tick>): void {
    const latest = this.#others.length - 1;
    if (type !== 'memory') return;
    const place = `${launch} ${leg}`;
    const isBurst = 'phase' in sample && sample.phase === 'burst';
    const outdated = isBurst ? latest : this.#climbs.get(place);
    if (outdated !== undefined) this.#others[outdated] = withoutStages(this.#others[outdated]!);
    if (!isBurst) this.#climbs.set(place, latest);
  }
}

type Other = Placed<Exclude<Sample, Tick>>;

const withoutStages = (placed: Other): Other => lessProgress(placed, { stages: NO_STAGES, waits: NO_WAITS });

const withoutLags = (placed: Other): Other => lessProgress(placed, { openActual: [], lag: [], ownLag: [] });

function lessProgress({ index, sample }: Other, less: Partial<LegProgress>): Other {
  return { index, sample: hasProgress(sample) ? { ...sample, progress: { ...sample.progress, ...less } } : sample };
}
