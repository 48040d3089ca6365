import type { BroadcastSample } from '../core/schemas/broadcast.ts';
import type { ChurnSpan, DriftPoint } from '../core/schemas/churn.ts';
import type { LegProgress, MemoryPoint, Sample, VanishEpisode } from '../core/schemas/record.ts';
import { NO_STAGES, NO_WAITS } from '../core/schemas/times.ts';
import { Thinned } from '../core/stats/thinned.ts';
import type { Tick } from '../report/fold/series.ts';

type LegEnd = Extract<Sample, { type: 'leg-end' }>;

/** Memory points of a run beyond which the page follows no more levels; the report has them all. */
export const MOST_POINTS = 2000;

/**
 * What of a run's samples a summary needs, without the rest: of all that grows with the run's length (ticks) few, and
 * distributions only where they are asked for. A summary of these is that of the whole record, but for
 * peaks that fell between the ticks that are kept.
 */
export class KeptSamples {
  readonly #points: MemoryPoint[] = [];
  readonly #ends: LegEnd[] = [];
  /** One for each leg of each launch at the most. */
  readonly #episodes: Sample[] = [];
  readonly #vanished: VanishEpisode[] = [];
  /** What was published at each level; connections that were replaced at each, and readings meanwhile. */
  readonly #stretches: BroadcastSample[] = [];
  readonly #spans: ChurnSpan[] = [];
  readonly #drifts = new Thinned<DriftPoint>(MOST_POINTS);
  /** The last tick of each leg in each launch that is over. */
  readonly #lastTicks: Tick[] = [];
  #tick: Tick | undefined;

  add(sample: Sample): void {
    if (sample.type === 'tick') this.#addTick(sample);
    else if (sample.type === 'leg-end') push(this.#ends, sample, isSameLeg);
    else if (sample.type === 'slow' || sample.type === 'storm') this.#episodes.push(sample);
    else if (sample.type === 'vanish') this.#addVanished(sample);
    else if (sample.type === 'broadcast') this.#addStretch(sample);
    else if (sample.type === 'drift') this.#drifts.add(sample);
    else if (sample.type === 'churn') this.#addSpan(sample);
    else if (sample.type === 'memory' && this.#points.length < MOST_POINTS) push(this.#points, sample, isSameLaunch);
  }

  /** @param ticks that stand for all; the latest one is among them or added */
  with(ticks: readonly Tick[], latest: Tick | undefined): Sample[] {
    const episodes = [...this.#episodes, ...this.#vanished];
    const goingOn = [...this.#stretches, ...this.#spans, ...this.#drifts.points];
    const levels = [...this.#points, ...this.#ends];
    const all = new Set<Sample>([...ticks, ...this.#lastTicks, ...levels, ...episodes, ...goingOn]);
    if (latest) all.add(latest);
    return [...all].sort((a, b) => a.elapsedMs - b.elapsedMs);
  }

  #addVanished(sample: VanishEpisode): void {
    if (this.#vanished.length < MOST_POINTS) this.#vanished.push(sample);
  }

  /** When each message came to the first and to the last is asked of the top level alone. */
  #addStretch(sample: BroadcastSample): void {
    const before = this.#stretches.findLastIndex((one) => isSameLaunch(one, sample) && one.cycle === sample.cycle);
    if (before >= 0) this.#stretches[before] = { ...this.#stretches[before]!, firsts: [], lasts: [], each: [] };
    if (this.#stretches.length < MOST_POINTS) this.#stretches.push(sample);
  }

  #addSpan(sample: ChurnSpan): void {
    if (this.#spans.length < MOST_POINTS) this.#spans.push(sample);
  }

  #addTick(tick: Tick): void {
    if (this.#tick && !isSameLaunch(this.#tick, tick) && this.#lastTicks.length < MOST_POINTS) {
      this.#lastTicks.push(this.#tick);
    }
    this.#tick = tick;
  }
}

type Place = Pick<Sample, 'leg' | 'launch'>;
const isSameLeg = (one: Place, other: Place): boolean => one.leg === other.leg;
const isSameLaunch = (one: Place, other: Place): boolean => isSameLeg(one, other) && one.launch === other.launch;

/** Adds a sample, and takes out of the one before it what only the latest ones are asked for. */
function push<S extends MemoryPoint | LegEnd>(list: S[], sample: S, belongs: (one: S, other: S) => boolean): void {
  // A burst comes last, and what it adds isn't part of the climb that is asked about.
  const isBurst = sample.type === 'memory' && sample.phase === 'burst';
  const before = list.findLastIndex((one) => belongs(one, sample));
  if (before >= 0 && !isBurst) list[before] = { ...list[before]!, progress: withoutDistributions(list[before]!) };
  list.push(sample);
}

/** What had opened up to a level of the first climb is what the next one's opening is told from. */
const withoutDistributions = (sample: MemoryPoint | LegEnd): LegProgress => ({
  ...sample.progress,
  openActual: [],
  stages: NO_STAGES,
  waits: NO_WAITS,
  lag: [],
  ownLag: [],
  ...(sample.type === 'memory' && sample.launch === 0 && sample.cycle === 0 ? {} : { openPlanned: [] }),
});
