import type { RestartPlan } from '../../config/restart-target.ts';
import type { RunConfig } from '../../config/run-config.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import type { LegProgress, MemoryPoint } from '../../core/schemas/record.ts';
import type { ShareState } from '../../core/schemas/share-state.ts';
import type { SlowQueues } from '../../core/schemas/slow.ts';
import type { Received } from '../../core/schemas/talk.ts';
import { since, toSparse } from '../../core/stats/histogram.ts';
import { type Phase, peakOf } from '../../core/values/plan.ts';
import type { Warning } from '../../core/values/warnings.ts';
import type { SlowEnds } from '../../fleet/behaviours/behaviour.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { HistogramName, Tally } from '../../fleet/wire.ts';
import type { Meters } from '../../memory/meter-set.ts';
import type { AttendedTarget } from '../launch/attended.ts';
import type { Acceptance } from './acceptance.ts';
import type { GoingOnAt } from './begun-soak.ts';
import { lossesIn } from './losses.ts';
import type { Recorder } from './recorder.ts';
import type { Watched } from './watch.ts';

/** Whom to restart, and where it listens. */
export interface RestartContext {
  readonly attended: AttendedTarget;
  readonly plan: RestartPlan;
  readonly ip: string;
  readonly ports: readonly number[];
  readonly socketPath: string | undefined;
}

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
  /** One end of our connections at least is in this machine's kernel: ours, or the target's. */
  readonly endsAreHere: boolean;
  /** For how long connections read slowly that are to, and which ones do, once they were told to. */
  readonly slowForMs: number;
  readonly slowEnds: () => readonly SlowEnds[];
  /** For how long round trips are sampled at each level, where connections talk. */
  readonly talkMs: number;
  /** A step of a search: see brief-walk.ts; undefined: a run. */
  readonly brief: RunConfig['brief'];
  /** Ports of the target whose end of connections lies in this machine's kernel; none where it lies elsewhere. */
  readonly ports: readonly number[];
  /** Storms are made by the target, which restarts; undefined: it stays. */
  readonly restart: RestartContext | undefined;
  /** For how long it is seen whether the target lets go of connections that vanished. */
  readonly vanishForMs: number;
  /** For how long connections are replaced at each level, where they are. */
  readonly churnMs: number;
  /** For how long the top level goes on (--soak). */
  readonly soakMs: number | undefined;
  /** Whether the levels so far tell the cost as well as was asked, so that those below the top need not be held. */
  readonly isPrecise: () => boolean;
  /** A soak that is gone on with; undefined: the leg begins. */
  readonly goingOn: GoingOnAt | undefined;
  /** Ms since the run began. */
  readonly elapsedMs: () => number;
  readonly pace: LegPace;
}

/** How fast a leg opens its connections. */
export interface LegPace {
  /** As asked for, or as found in an earlier launch. */
  readonly perSecond: number;
  /** Nobody asked for one: the warm-up finds what the target bears, and its times are no part of the leg. */
  readonly isOpen: boolean;
  /** An earlier launch has found it. */
  readonly isFound: boolean;
  /** Told what was found, for the record. */
  readonly found: (perSecond: number) => void;
}

/** What an episode sees, beyond what the fleet counts. */
interface Seen {
  /** Connections that have vanished, and how many of them the target still has, as far as is known. */
  readonly vanished?: { readonly of: number; readonly held: number | null };
  /** What waits in the sockets of those that read slowly. */
  readonly slowQueues?: SlowQueues;
}

/** Where a leg is, for ticks and the progress line. */
export interface LegState {
  readonly phase: Phase;
  readonly level: number;
  readonly seen?: Seen;
  /** When it is over, in ms since the run began, where that is known. */
  readonly endsAtMs?: number | undefined;
  /** No more than one tick in so long is kept: a phase of hours has as many as others. */
  readonly tickEveryMs?: number | undefined;
  /** Opens per second while it ramps, where that isn't as planned. */
  readonly perSecond?: number;
}

/** What of samples tells that a soak was gone on with. */
export const segmentOf = (goingOn: GoingOnAt | undefined): { segment?: number } =>
  goingOn ? { segment: goingOn.segment } : {};

/** Ticks of a phase that are kept, however long it takes: of 0.7 KB each. */
const PHASE_TICKS = 2000;

/** What an open took, and how late it began. */
const TIMES_OF_OPENS = [
  'openPlanned',
  'openActual',
  'connecting',
  'securing',
  'handshaking',
  'lag',
  'ownLag',
] as const satisfies readonly HistogramName[];

/** A leg under way: what its phases have in common. They are functions of it, one file each. */
export class LegCourse {
  readonly context: LegContext;
  #perSecond: number;
  #pardoned = 0;
  #onTrial = 0;
  readonly #leftOut = new Map<HistogramName, Uint32Array>();
  #state: LegState;
  /** Which climb it is, from 0. */
  cycle = 0;
  /** A target that accepts late is told of once. */
  isKnownLate = false;
  /** How long it may still be waited for connections that no share counts, and how many there were last. */
  patienceForStraysMs = 120_000;
  strays = 0;
  #rampMs = 0;
  #rampOpened = 0;

  constructor(context: LegContext) {
    this.context = context;
    this.#perSecond = context.pace.perSecond;
    this.#state = { phase: 'warm-up', level: 0, perSecond: this.#perSecond };
  }

  /** Opens per second while it ramps, over the whole fleet. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Failures that are no answer to what was asked for: those of rounds that try what a target bears. */
  get pardoned(): number {
    return this.#pardoned + this.#onTrial;
  }

  /** @param most how many of the attempts that follow may fail until the trial ends @returns ends it */
  beginTrial(most: number): () => void {
    const { fleet } = this.context;
    const before = fleet.tally().failed;
    this.#onTrial = most;
    return () => {
      this.#onTrial = 0;
      this.#pardoned += Math.min(most, fleet.tally().failed - before);
    };
  }

  /** Times so far are those of a warm-up that tries what the target bears: they are no part of what the leg tells. */
  leaveOutTimes(): void {
    for (const name of TIMES_OF_OPENS) this.#leftOut.set(name, this.context.fleet.histogram(name));
  }

  #timesOf(name: HistogramName): Array<[number, number]> {
    const [before, now] = [this.#leftOut.get(name), this.context.fleet.histogram(name)];
    return toSparse(before ? since(before, now) : now);
  }

  /** The target bears that pace. */
  keepPace(perSecond: number): void {
    if (perSecond === this.#perSecond) return;
    this.#perSecond = perSecond;
    this.context.pace.found(perSecond);
  }

  get state(): LegState {
    return this.#state;
  }

  /** @param forMs how long it takes, where that is known @param pastMs how much of that has passed in an earlier segment */
  enter(phase: Phase, level: number, forMs?: number, pastMs = 0): void {
    const endsAtMs = forMs === undefined ? undefined : this.context.elapsedMs() + Math.max(0, forMs - pastMs);
    this.#state = { phase, level, endsAtMs, tickEveryMs: forMs && forMs / PHASE_TICKS, perSecond: this.#perSecond };
    this.context.recorder.event({ type: 'phase', ...this.now(), phase, level });
  }

  /** Until another phase is entered. */
  tell(seen: Seen): void {
    this.#state = { ...this.#state, seen };
  }

  /** What every sample and event of this leg begins with. */
  now(): Pick<MemoryPoint, 'elapsedMs' | 'launch' | 'leg' | 'protocol' | 'segment'> {
    const { elapsedMs, launch, index, leg, goingOn } = this.context;
    return { elapsedMs: elapsedMs(), launch, leg: index, protocol: leg.protocol, ...segmentOf(goingOn) };
  }

  warn({ code, text }: Warning): void {
    const { recorder, elapsedMs } = this.context;
    recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text, code });
  }

  ramped(tookMs: number, opened: number): void {
    this.#rampMs += tookMs;
    this.#rampOpened += opened;
  }

  /** The leg so far, for the record; also when it ended early. */
  progress(): LegProgress {
    const { fleet, leg } = this.context;
    const tally = fleet.tally();
    return {
      counts: countsOf(tally),
      outcomes: tally.outcomes,
      closeReasons: tally.closeReasons,
      openPlanned: this.#timesOf('openPlanned'),
      openActual: this.#timesOf('openActual'),
      stages: {
        connecting: this.#timesOf('connecting'),
        securing: this.#timesOf('securing'),
        handshaking: this.#timesOf('handshaking'),
      },
      bytes: { in: tally.bytesIn, out: tally.bytesOut, wireIn: tally.wireBytesIn, wireOut: tally.wireBytesOut },
      received: receivedIn(tally),
      tls: leg.tls && { secured: tally.secured, resumed: tally.resumed, keptObjects: tally.tlsKeptObjects },
      lag: this.#timesOf('lag'),
      ownLag: this.#timesOf('ownLag'),
      failedAfter: toSparse(fleet.histogram('failedAfter')),
      waits: {
        eventGap: toSparse(fleet.histogram('eventGap')),
        answerHeld: toSparse(fleet.histogram('answerHeld')),
      },
      losses: lossesIn(fleet),
      rampMs: this.#rampMs,
      rampOpened: this.#rampOpened,
    };
  }
}

/** Exactly that many open, none on the way in or out. */
export const isAtLevel = (tally: Tally, wanted: number): boolean =>
  tally.open === wanted && tally.opening === 0 && tally.closing === 0;

export const countsOf = ({ attempts, opening, open, failed, closed }: Tally): LegProgress['counts'] => ({
  attempts,
  opening,
  open,
  failed,
  closed,
});

export const receivedIn = ({ messagesIn, payloadBytesIn }: Tally): Received => ({
  messages: messagesIn,
  payloadBytes: payloadBytesIn,
});

/** Those of other machines, for a sample. */
export const shareStatesOf = ({ shares }: Pick<Fleet, 'shares'>): { readonly shares?: readonly ShareState[] } =>
  shares ? { shares: shares() } : {};

/** What came in between two moments. */
export const receivedBetween = (before: Tally, after: Tally): Received => ({
  messages: after.messagesIn - before.messagesIn,
  payloadBytes: after.payloadBytesIn - before.payloadBytesIn,
});

export const fleetCapacity = (leg: Leg): number => Math.max(peakOf(leg), leg.warmUp);
