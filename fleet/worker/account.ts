import { recordMs } from '../../core/stats/histogram.ts';
import {
  CLOSE_REASON_INDEX,
  type CloseReason,
  OUTCOME_INDEX,
  type Outcome,
  PEER_LOSSES,
} from '../../core/values/outcomes.ts';
import type { BehaviourDeps } from '../behaviours/behaviour.ts';
import type { Vanish } from '../engines/vanisher.ts';
import type { SharedWindow, TallyWriter, WorkerBroadcasts } from '../local/shared.ts';
import type { Slot } from '../protocols/protocol.ts';
import { COUNTER, type HistogramName, type Vanished } from '../wire.ts';
import { Lifetimes, type Lived } from './lifetimes.ts';
import { isClosing, type Slots, STATE } from './slots.ts';

export interface AccountDeps {
  readonly tally: TallyWriter;
  readonly opening: SharedWindow;
  /** The same attempts, with the bound for those that come back; undefined: with the same. */
  readonly returning?: SharedWindow | undefined;
  readonly closing: SharedWindow;
  readonly histograms: Readonly<Record<HistogramName, Uint32Array>>;
  /** Where it is counted what is published and received; undefined where nobody publishes. */
  readonly broadcasts?: WorkerBroadcasts | undefined;
  /** {@link monotonicClock}: the same for all threads. */
  readonly now: () => number;
  /** What went wrong with one connection, in words. Called for each: the receiver thins out. */
  readonly onTrouble: (what: Outcome | CloseReason, detail: string, lived?: Lived) => void;
  /** A text for people, without the secrets of this connection. */
  readonly hide?: ((slot: Slot, text: string) => string) | undefined;
  readonly onSlow?: BehaviourDeps['onSlow'];
  /** Connections have vanished, as an episode wants it; what makes them vanish is loaded for such runs alone. */
  readonly tellVanished?: ((some: readonly Vanished[]) => void) | undefined;
  readonly vanish?: Vanish | undefined;
  /** An attempt of one that comes back has failed. */
  readonly onReturnFailed?: ((slot: Slot) => void) | undefined;
}

/** Where times of attempts are counted: those that come back have distributions of their own. */
const TIMES = {
  ramp: { lag: 'lag', ownLag: 'ownLag', connecting: 'connecting', securing: 'securing', handshaking: 'handshaking' },
  return: {
    lag: 'returnLag',
    ownLag: 'returnOwnLag',
    connecting: 'returnConnecting',
    securing: 'returnSecuring',
    handshaking: 'returnHandshaking',
  },
} as const satisfies Record<string, Record<string, HistogramName>>;

/**
 * Counts what becomes of a worker's connections, and keeps their states in step. Each attempt passes exactly one of `opened` and
 * `failed`; each open connection passes exactly one `left`, and then exactly one `closed`.
 */
export class Account {
  readonly lifetimes: Lifetimes;
  readonly #slots: Slots;
  readonly #deps: AccountDeps;

  constructor(slots: Slots, deps: AccountDeps, epochMs: number) {
    this.#slots = slots;
    this.#deps = deps;
    this.lifetimes = new Lifetimes(slots, epochMs);
  }

  get alive(): number {
    return this.#deps.tally.get(COUNTER.opening) + this.#deps.tally.get(COUNTER.open);
  }

  /** Whether connections are on the way in, there, or on the way out. */
  get isEmpty(): boolean {
    return this.alive === 0 && this.#deps.tally.get(COUNTER.closing) === 0;
  }

  /** @param roomSinceMs since when there was room for it: what it is late before that isn't our doing */
  attempted(plannedAtMs: number, roomSinceMs: number, isReturn = false): Slot {
    const { tally, histograms, now } = this.#deps;
    const names = isReturn ? TIMES.return : TIMES.ramp;
    const startedAtMs = now();
    recordMs(histograms[names.lag], startedAtMs - plannedAtMs);
    recordMs(histograms[names.ownLag], startedAtMs - Math.max(plannedAtMs, roomSinceMs));
    tally.add(COUNTER.attempts, 1);
    tally.add(COUNTER.opening, 1);
    return this.#slots.take(plannedAtMs, startedAtMs, isReturn);
  }

  /** TCP is established. @param next what it has to pass now */
  connected(slot: Slot, next: typeof STATE.securing | typeof STATE.handshaking): void {
    const { histograms, now } = this.#deps;
    recordMs(histograms[this.#timesOf(slot).connecting], this.#slots.passStage(slot, next, now()));
  }

  /** TLS is established. */
  secured(slot: Slot): void {
    const { histograms, now } = this.#deps;
    recordMs(histograms[this.#timesOf(slot).securing], this.#slots.passStage(slot, STATE.handshaking, now()));
  }

  opened(slot: Slot, isDeclined: boolean): void {
    const { tally, histograms, opening, now } = this.#deps;
    const nowMs = now();
    const tookMs = nowMs - this.#slots.startedAtMs(slot);
    if (this.#slots.isReturn(slot)) recordMs(histograms.admission, tookMs);
    else {
      recordMs(histograms.openPlanned, nowMs - this.#slots.plannedAtMs(slot));
      recordMs(histograms.openActual, tookMs);
    }
    recordMs(histograms[this.#timesOf(slot).handshaking], this.#slots.passStage(slot, STATE.open, nowMs));
    this.#slots.land(slot);
    this.lifetimes.opened(slot, nowMs);
    opening.leave();
    tally.add(COUNTER.opening, -1);
    tally.add(COUNTER.open, 1);
    if (isDeclined) tally.add(COUNTER.declined, 1);
    tally.outcome(OUTCOME_INDEX.open);
  }

  failed(slot: Slot, outcome: Outcome, detail: string): void {
    const { tally, histograms, opening, now, onTrouble, hide, onReturnFailed } = this.#deps;
    const isReturn = this.#slots.isReturn(slot);
    if (isReturn && outcome !== 'cancelled') tally.add(COUNTER.pardoned, 1);
    else if (outcome !== 'cancelled') recordMs(histograms.failedAfter, now() - this.#slots.startedAtMs(slot));
    this.#slots.setState(slot, STATE.dying);
    this.#slots.land(slot);
    opening.leave();
    tally.add(COUNTER.opening, -1);
    tally.add(COUNTER.failed, 1);
    tally.outcome(OUTCOME_INDEX[outcome]);
    if (outcome !== 'cancelled') onTrouble(outcome, hide?.(slot, detail) ?? detail);
    if (isReturn) onReturnFailed?.(slot);
  }

  /** Something came in. What comes after our goodbye is no use to anybody. @param last it ends a message, or an answer */
  received(slot: Slot, payloadBytes: number, last: boolean): void {
    if (this.#slots.stateOf(slot) !== STATE.open) return;
    this.#deps.tally.add(COUNTER.payloadBytesIn, payloadBytes);
    if (last) this.#deps.tally.add(COUNTER.messagesIn, 1);
  }

  /** @param counted as what it counts: where the peer ended it by our doing, that is ours */
  left(slot: Slot, reason: CloseReason, detail: string, counted: CloseReason = reason): void {
    const { tally, histograms, now, onTrouble, hide } = this.#deps;
    const lived = PEER_LOSSES.has(counted) ? this.lifetimes.lost(slot, now(), tally, histograms) : undefined;
    this.#slots.setState(slot, reason === 'by-us' ? STATE.closing : STATE.leaving);
    tally.add(COUNTER.closing, 1);
    this.#leftOpen(counted);
    if (counted !== 'by-us') onTrouble(reason, hide?.(slot, detail) ?? detail, lived);
  }

  /** An open one that ends at once, by us: nothing of it is waited for. */
  cut(slot: Slot): void {
    this.#slots.setState(slot, STATE.dying);
    this.#leftOpen('by-us');
  }

  /** An open one is gone without a word to its peer; its socket stays. */
  vanished(slot: Slot): void {
    this.#slots.setState(slot, STATE.vanished);
    this.#leftOpen('by-us');
  }

  /** A close has had all its time. */
  cutShort(): void {
    this.#deps.tally.add(COUNTER.unanswered, 1);
  }

  /** A close is over, one way or the other. @returns false when there was none */
  closed(slot: Slot): boolean {
    const state = this.#slots.stateOf(slot);
    if (!isClosing(state)) return false;
    this.#deps.tally.add(COUNTER.closing, -1);
    if (state === STATE.closing) this.#deps.closing.leave();
    return true;
  }

  #leftOpen(reason: CloseReason): void {
    const { tally } = this.#deps;
    tally.add(COUNTER.open, -1);
    tally.add(COUNTER.closed, 1);
    tally.closeReason(CLOSE_REASON_INDEX[reason]);
  }

  #timesOf(slot: Slot): (typeof TIMES)[keyof typeof TIMES] {
    return this.#slots.isReturn(slot) ? TIMES.return : TIMES.ramp;
  }
}
