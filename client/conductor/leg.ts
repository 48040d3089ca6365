import { toSparse } from '../../core/histogram.ts';
import { type Leg, type Phase, peakOf, warmUpRounds } from '../../core/plan.ts';
import type { Readings } from '../../core/readings.ts';
import type { LegProgress, MemoryPoint, Talk } from '../../core/record.ts';
import { humanMs } from '../../core/units.ts';
import { collectGarbage } from '../../memory/collect.ts';
import type { Meters } from '../../memory/meter-set.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Tally } from '../fleet/shared.ts';
import { untilAccepted } from './accepted.ts';
import type { Recorder } from './recorder.ts';
import { rest, settle } from './settle.ts';
import { sampleTalk } from './talk.ts';
import { check, type Watched, waitFor } from './watch.ts';

/** Replacing lost connections and reading again: this often, then the level yields no memory point. */
const HOLD_TRIES = 3;
/** A second ramp of more would make a long run twice as long, and may not find ports: those of the first still rest. */
const BURST_MOST = 10_000;
/** A target that takes longer to accept is told of: no latency shows that. */
const LATE_MS = 1000;
/** As fast as the window allows; workers of a lane begin one after the other at this pace. */
const DRAIN_PER_SECOND = 50_000;

export interface LegContext {
  readonly leg: Leg;
  readonly index: number;
  readonly launch: number;
  readonly fleet: Fleet;
  readonly meters: Meters;
  readonly recorder: Recorder;
  readonly watched: Watched;
  readonly targetIsLocal: boolean;
  /** Before each reading that counts, nothing happens for this long. */
  readonly restMs: number;
  readonly settleTimeoutMs: number;
  /** Connections that the target has yet to accept; null where that can't be told. */
  readonly acceptQueue: () => Promise<number | null>;
  /** An attempt that takes longer has timed out; so has a target that accepts none for so long. */
  readonly openTimeoutMs: number;
  /** Connections exchange messages, or ask and are answered: their round trips are sampled at each level. */
  readonly talks: boolean;
  /** For so long. */
  readonly talkMs: number;
  /** Ms since the run began. */
  readonly elapsedMs: () => number;
}

/** Where a leg is, for ticks and the progress line. */
export interface LegState {
  readonly phase: Phase;
  readonly level: number;
}

/**
 * Walks one leg: warm-up, baseline, each level (ramp, settle, hold), drain, retained; from the ramp on again for each
 * cycle. Everything measured is recorded as it comes, so that an error, which ends the leg by being thrown, loses
 * nothing.
 */
export class LegWalk {
  readonly #context: LegContext;
  #state: LegState = { phase: 'warm-up', level: 0 };
  #cycle = 0;
  #rampMs = 0;
  #rampOpened = 0;
  #isKnownLate = false;
  readonly #holds: MemoryPoint[] = [];

  constructor(context: LegContext) {
    this.#context = context;
  }

  get state(): LegState {
    return this.#state;
  }

  /** Levels of the first climb that yielded a memory point. */
  get holds(): readonly MemoryPoint[] {
    return this.#holds;
  }

  async walk(): Promise<void> {
    const { leg, meters, restMs } = this.#context;
    this.#enter('warm-up', leg.warmUp);
    await this.#warmUp();
    await meters.rehearse();
    this.#enter('baseline', 0);
    await this.#measure('baseline', 0);
    for (this.#cycle = 0; this.#cycle < leg.cycles - 1; this.#cycle++) await this.#climbAndDrain();
    const retained = await this.#climbAndDrain();
    const tidiesUp = retained?.unforced || restMs > 0;
    if (tidiesUp && peakOf(leg) <= BURST_MOST) await this.#burst();
  }

  async #warmUp(): Promise<void> {
    const { leg, meters, targetIsLocal } = this.#context;
    const { target } = await meters.read();
    const rounds = warmUpRounds(leg, target?.pids.length ?? 1, targetIsLocal);
    for (let round = 0; round < rounds; round++) {
      if (leg.warmUp > 0) await this.#moveTo(leg.warmUp, leg.connectsPerSecond);
      await this.#moveTo(0, DRAIN_PER_SECOND);
    }
  }

  /**
   * One cycle. What the first climb leaves in an allocator looks free to the next, so only the first one stops at each
   * level; the others are there for what they leave behind.
   */
  async #climbAndDrain(): Promise<MemoryPoint | undefined> {
    const { fleet, leg, talks } = this.#context;
    fleet.setTalking(true);
    for (const level of this.#cycle === 0 ? leg.levels : [peakOf(leg)]) {
      this.#enter('ramp', level);
      await this.#ramp(level);
      await this.#untilAccepted(level);
      const talk = talks ? await this.#talk(level) : null;
      await this.#hold(level, talk);
    }
    fleet.setTalking(false);
    this.#enter('drain', 0);
    await this.#moveTo(0, DRAIN_PER_SECOND);
    this.#enter('retained', 0);
    return this.#measure('retained', 0);
  }

  /**
   * Once more to the top in one go, and one reading before any collection or rest: what a target that collects its
   * garbage, or tidies up later, needs while many come at once. Levels can't tell, since each begins with that.
   */
  async #burst(): Promise<void> {
    const { leg, meters, recorder } = this.#context;
    const level = peakOf(leg);
    this.#enter('burst', level);
    await this.#moveTo(level, leg.connectsPerSecond);
    await this.#untilAccepted(level);
    const readings = await meters.read();
    recorder.sample({
      ...{ type: 'memory', ...this.#now(), phase: 'burst', level, cycle: this.#cycle },
      ...{ settled: false, windows: [], readings, unforced: null, talk: null, progress: this.progress() },
    });
    await this.#moveTo(0, DRAIN_PER_SECOND);
  }

  /** The leg so far, for the record; also when it ended early. */
  progress(): LegProgress {
    const { fleet } = this.#context;
    const tally = fleet.tally();
    return {
      counts: countsOf(tally),
      outcomes: tally.outcomes,
      closeReasons: tally.closeReasons,
      openPlanned: toSparse(fleet.histogram('openPlanned')),
      openActual: toSparse(fleet.histogram('openActual')),
      lag: toSparse(fleet.histogram('lag')),
      ownLag: toSparse(fleet.histogram('ownLag')),
      rampMs: this.#rampMs,
      rampOpened: this.#rampOpened,
    };
  }

  #enter(phase: Phase, level: number): void {
    this.#state = { phase, level };
    this.#context.recorder.event({ type: 'phase', ...this.#now(), phase, level });
  }

  /** What every sample and event of this leg begins with. */
  #now(): Pick<MemoryPoint, 'elapsedMs' | 'launch' | 'leg' | 'protocol'> {
    const { elapsedMs, launch, index, leg } = this.#context;
    return { elapsedMs: elapsedMs(), launch, leg: index, protocol: leg.protocol };
  }

  async #moveTo(target: number, perSecond: number): Promise<void> {
    const { fleet, watched } = this.#context;
    fleet.setTarget(target, perSecond);
    await waitFor((tally) => fleet.isUpToDate(tally) && isAt(tally, target), Math.max(1, target), watched);
  }

  async #ramp(level: number): Promise<void> {
    const { fleet, leg } = this.#context;
    const before = fleet.tally().outcomes.open;
    const startedAtMs = performance.now();
    await this.#moveTo(level, leg.connectsPerSecond);
    this.#rampMs += performance.now() - startedAtMs;
    this.#rampOpened += fleet.tally().outcomes.open - before;
  }

  /** Before that a level isn't whole for the target. */
  async #untilAccepted(level: number): Promise<void> {
    const { acceptQueue: waiting, openTimeoutMs: timeoutMs, watched, recorder, elapsedMs } = this.#context;
    const look = (): Promise<void> => check(level, watched);
    const tookMs = await untilAccepted({ url: watched.url, level, timeoutMs, waiting, look });
    if (tookMs < LATE_MS || this.#isKnownLate) return;
    this.#isKnownLate = true;
    const text = `the target accepts late: the level of ${level} was open ${humanMs(tookMs)} before it had accepted all of it`;
    recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text });
  }

  /** Before any collection is forced: one would stand in the way of hundreds of replies. */
  async #talk(level: number): Promise<Talk> {
    const { fleet, talkMs, watched } = this.#context;
    this.#enter('talk', level);
    return sampleTalk(fleet, talkMs, (condition) => waitFor(condition, level, watched));
  }

  /** A level counts only when it was whole from before the first to after the last reading. */
  async #hold(level: number, talk: Talk | null): Promise<void> {
    const { fleet, recorder, elapsedMs, watched } = this.#context;
    for (let tries = 0; tries < HOLD_TRIES; tries++) {
      this.#enter('settle', level);
      const churnBefore = churnOf(fleet.tally());
      const point = await this.#measure('hold', level, talk, () => churnOf(fleet.tally()) === churnBefore);
      if (point) {
        if (this.#cycle === 0) this.#holds.push(point);
        return;
      }
      await waitFor((tally) => isAt(tally, level), level, watched);
      await this.#untilAccepted(level);
    }
    const text = `the level of ${level} did not hold still: connections came and went; it yields no memory point`;
    recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text });
  }

  /** @returns the point that was recorded; undefined when connections came or went meanwhile */
  async #measure(
    phase: 'baseline' | 'hold' | 'retained',
    level: number,
    talk: Talk | null = null,
    isStill = () => true,
  ): Promise<MemoryPoint | undefined> {
    const { fleet, meters, recorder, restMs, settleTimeoutMs, watched } = this.#context;
    const look = (): Promise<void> => check(Math.max(1, level), watched);
    await look();
    const unforced = await meters.read();
    await rest(restMs, look);
    // Our own garbage as well, or it would pass for what the client costs per connection.
    await fleet.collectGarbage();
    await collectGarbage();
    const read = (): Promise<Readings> => meters.read({ gc: true });
    const { settled, windows } = await settle(read, settleTimeoutMs, look);
    if (phase === 'hold') this.#enter('hold', level);
    const readings = await meters.read({ gc: true, list: true, sockets: level === 0 });
    await look();
    if (!isStill() || !isAt(fleet.tally(), level)) return undefined;
    const point: MemoryPoint = {
      type: 'memory',
      ...this.#now(),
      phase,
      level,
      cycle: this.#cycle,
      settled,
      windows,
      readings,
      unforced: readings.runtime?.collected === true ? unforced : null,
      talk,
      progress: this.progress(),
    };
    recorder.sample(point);
    return point;
  }
}

/** Exactly that many open, none on the way in or out. */
const isAt = (tally: Tally, target: number): boolean =>
  tally.open === target && tally.opening === 0 && tally.closing === 0;

/** Changes whenever a connection comes or goes. */
const churnOf = (tally: Tally): number => tally.attempts + tally.closed;

export const countsOf = ({ attempts, opening, open, failed, closed }: Tally): LegProgress['counts'] => ({
  attempts,
  opening,
  open,
  failed,
  closed,
});

export const fleetCapacity = (leg: Leg): number => Math.max(peakOf(leg), leg.warmUp);
