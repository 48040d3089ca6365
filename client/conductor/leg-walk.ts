import type { Taken } from '../../core/ledger/taken.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import type { Readings } from '../../core/schemas/readings.ts';
import type { LegProgress, MemoryPoint, Talk } from '../../core/schemas/record.ts';
import { toSparse } from '../../core/stats/histogram.ts';
import { RigError } from '../../core/values/errors.ts';
import { lossSentence } from '../../core/values/loss-sentences.ts';
import { OWN_COST_FROM, type Phase, peakOf, warmUpRounds } from '../../core/values/plan.ts';
import { humanMs } from '../../core/values/units.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Tally } from '../../fleet/local/shared.ts';
import { collectGarbage } from '../../memory/collect.ts';
import type { Meters } from '../../memory/meter-set.ts';
import type { Acceptance } from './acceptance.ts';
import { lossesIn } from './losses.ts';
import type { Recorder } from './recorder.ts';
import { rest, settle } from './settle.ts';
import { sampleTalk } from './talk.ts';
import { untilAccepted } from './until-accepted.ts';
import { check, type Watched, waitFor } from './watch.ts';

/** Replacing lost connections and reading again: this often, then the level yields no memory point. */
const HOLD_TRIES = 3;
/** The same of round trips, which a connection that flooded meanwhile has spoilt; the last ones are taken as they are. */
const TALK_TRIES = 3;
/** A connection that floods is ended by then. What is opened in its place may begin anew; that isn't waited for. */
const CALM_WAIT_MS = 15_000;
/** A second ramp of more would make a long run twice as long, and may not find ports: those of the first still rest. */
const BURST_MOST = 10_000;
/** A target that takes longer to accept is told of: no latency shows that. */
const LATE_MS = 1000;
/** A warm-up is drained in some ms, unless closes are not answered. */
const UNANSWERED_MS = 900;
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
  /** Whether the target has what is open for us. */
  readonly acceptance: Acceptance;
  /** An attempt that takes longer has timed out; so has a target that takes none for so long. */
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
    const { leg, meters, acceptance, targetIsLocal } = this.#context;
    const readings = await meters.read({ list: true });
    acceptance.begin(readings);
    const rounds = warmUpRounds(leg, readings.target?.pids.length ?? 1, targetIsLocal);
    for (let round = 0; round < rounds; round++) {
      if (leg.warmUp > 0) await this.#moveTo(leg.warmUp, leg.connectsPerSecond);
      // Once is enough to find out whether it takes any at all.
      if (leg.warmUp > 0 && round === 0) await this.#untilWarm();
      const drainedAtMs = performance.now();
      await this.#moveTo(0, DRAIN_PER_SECOND);
      // A target that does not close what its clients close keeps what it has: more rounds would only make it larger, slowly.
      if (performance.now() - drainedAtMs > UNANSWERED_MS) return;
    }
  }

  /**
   * Connections that have to say something before they are taken say it here, too. A queue that overflows while a server is
   * cold may do for the levels; whatever else keeps it from taking these would keep it from the first level as well.
   */
  async #untilWarm(): Promise<void> {
    const { fleet, leg, recorder, elapsedMs } = this.#context;
    if (await this.#isTaken(leg.warmUp)) return;
    fleet.setTalking(true);
    await this.#untilAccepted(leg.warmUp).catch((error: unknown) => {
      if (!(error instanceof RigError) || error.code !== 'EBACKLOG') throw error;
      recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text: `during the warm-up ${error.message}` });
    });
    fleet.setTalking(false);
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
    const readings = await meters.read({ list: true, connections: level });
    if (this.#isWhole(level, readings)) {
      recorder.sample({
        type: 'memory',
        ...this.#now(),
        phase: 'burst',
        level,
        cycle: this.#cycle,
        settled: false,
        windows: [],
        readings,
        unforced: null,
        talk: null,
        progress: this.progress(),
      });
    }
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
      failedAfter: toSparse(fleet.histogram('failedAfter')),
      losses: lossesIn(fleet),
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
    const { acceptance, openTimeoutMs: timeoutMs, watched, recorder, elapsedMs } = this.#context;
    const tookMs = await untilAccepted({
      level,
      timeoutMs,
      look: () => check(level, watched),
      taken: () => acceptance.look(level),
      causeOf: (taken) => acceptance.causeOf(level, taken, timeoutMs),
    });
    if (tookMs < LATE_MS || this.#isKnownLate) return;
    this.#isKnownLate = true;
    const text = `the target accepts late: the level of ${level} was open ${humanMs(tookMs)} before it had accepted all of it`;
    recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text });
  }

  async #isTaken(level: number): Promise<boolean> {
    return isAll(level, await this.#context.acceptance.look(level));
  }

  /** By what was read, as far as that tells. */
  #isWhole(level: number, readings: Readings): boolean {
    return isAll(level, this.#context.acceptance.takenOf(level, readings));
  }

  /**
   * A connection whose peer sends without a pause takes the client's time, so it is in everybody's round trips, and it
   * won't be there at the end of a reading. So it is waited until it has been ended and replaced.
   */
  async #untilCalm(level: number): Promise<void> {
    const { watched } = this.#context;
    const deadlineMs = performance.now() + CALM_WAIT_MS;
    const isCalm = (tally: Tally): boolean => tally.flooding === 0 && isAt(tally, level);
    await waitFor((tally) => isCalm(tally) || performance.now() > deadlineMs, level, watched);
  }

  /** Before any collection is forced: one would stand in the way of hundreds of replies. */
  async #talk(level: number): Promise<Talk> {
    const { fleet, talkMs, watched, recorder, elapsedMs } = this.#context;
    for (let tries = 1; ; tries++) {
      await this.#untilCalm(level);
      this.#enter('talk', level);
      const floodsBefore = fleet.tally().closeReasons.flood;
      const talk = await sampleTalk(fleet, talkMs, (condition) => waitFor(condition, level, watched));
      const { flooding, closeReasons } = fleet.tally();
      if (flooding === 0 && closeReasons.flood === floodsBefore && talk.messages > 0) return talk;
      if (tries < TALK_TRIES) continue;
      const text = `round trips at the level of ${level} were measured while a connection flooded the client: they are longer for it`;
      recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text });
      return talk;
    }
  }

  /** A level counts only when it was whole, at both ends, from before the first to after the last reading. */
  async #hold(level: number, talk: Talk | null): Promise<void> {
    const { fleet, recorder, elapsedMs, watched } = this.#context;
    for (let tries = 0; tries < HOLD_TRIES; tries++) {
      await this.#untilCalm(level);
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
    const why = lossSentence(this.progress());
    const came = `connections came and went${why ? ` (${why})` : ''}`;
    const text = `the level of ${level} did not hold still: ${came}; it yields no memory point`;
    recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text });
  }

  /** @returns the point that was recorded; undefined when connections came or went meanwhile */
  async #measure(
    phase: 'baseline' | 'hold' | 'retained',
    level: number,
    talk: Talk | null = null,
    isStill = () => true,
  ): Promise<MemoryPoint | undefined> {
    const { fleet, leg, meters, acceptance, recorder, restMs, settleTimeoutMs, talks, watched } = this.#context;
    const look = (): Promise<void> => check(Math.max(1, level), watched);
    await look();
    const unforced = await meters.read();
    await rest(restMs, look);
    // Our own garbage as well, or it would pass for what the client costs per connection.
    if (peakOf(leg) >= OWN_COST_FROM) {
      await fleet.collectGarbage();
      await collectGarbage();
    }
    const read = (after?: Readings): Promise<Readings> => meters.read(after ? { after } : { gc: true });
    const { settled, windows, readings: last } = await settle({ read, timeoutMs: settleTimeoutMs, look, talks });
    if (phase === 'hold') this.#enter('hold', level);
    const readings = await meters.withLists(last, level);
    await look();
    if (!isStill() || !isAt(fleet.tally(), level)) return undefined;
    if (phase === 'hold' && !this.#isWhole(level, readings)) return undefined;
    if (phase === 'baseline') acceptance.begin(readings);
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

const isAll = (level: number, taken: Taken | null): boolean => taken === null || taken.connections >= level;

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
