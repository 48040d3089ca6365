import { recordMs } from '../../core/stats/histogram.ts';
import type { BehaviourPlan } from '../../core/values/behaviour.ts';
import {
  CLOSE_REASON_INDEX,
  type CloseReason,
  OUTCOME_INDEX,
  type Outcome,
  PEER_LOSSES,
} from '../../core/values/outcomes.ts';
import type { Behaviour } from '../behaviours/behaviour.ts';
import { createBehaviour } from '../behaviours/index.ts';
import type { MarkNumbers } from '../behaviours/time-mark.ts';
import type { EndCause, Endpoint, Engine, EngineEvents } from '../engines/engine.ts';
import type { Command, HistogramName, SharedWindow, TallyWriter } from '../local/shared.ts';
import type { Protocol, ProtocolEvents, Slot } from '../protocols/protocol.ts';
import { OUTCOME_OF, REASON_OF } from './endings.ts';
import { Lifetimes, type Lived } from './lifetimes.ts';
import { Pursuit } from './pursuit.ts';
import { Rotation } from './rotation.ts';
import { Slots, STATE, type State } from './slots.ts';

/** Between two looks for them. */
const FLOODS_EVERY_MS = 50;
/** Without a pause for so long, what its peer sends takes time that others' round trips are measured in. */
const FLOODING_MS = 250;
/** Without a pause for so long, its peer sends without end: it would never let a run come to rest. */
const FLOOD_MS = 5000;
/** So long a failed attempt waits for the peer's FIN, and reads so much of it. */
const PART_TIMEOUT_MS = 2000;
const PART_BYTES = 1_048_576;
/** When so many closes in a row had all their time and no answer, the next ones have less: a peer that answers none makes nobody wait. */
const UNANSWERED = 2;
const UNANSWERED_TIMEOUT_MS = 1000;

/** How connections are closed: with the protocol's own goodbye and FIN, or by RST, which leaves nothing behind. */
export type CloseMode = 'graceful' | 'reset';

export interface HolderOptions {
  /** The most connections this worker will ever hold. */
  readonly capacity: number;
  /** Attempts in flight at any one time, over the whole fleet. */
  readonly window: number;
  /** The same for closes. */
  readonly closeWindow: number;
  readonly openTimeoutMs: number;
  /** An orderly close that takes longer is cut short; sooner while the peer answers none. */
  readonly closeTimeoutMs: number;
  readonly close: CloseMode;
  /** This worker's share of what open connections do. */
  readonly behaviour: BehaviourPlan;
  readonly marks: MarkNumbers;
  readonly destinations: readonly Endpoint[];
  /** Source IPs to bind to, in turn; empty: the kernel chooses. */
  readonly sources: readonly string[];
  /** This worker's place in the fleet, so that workers start at different destinations and sources. */
  readonly index: number;
}

export interface HolderDeps {
  readonly tally: TallyWriter;
  readonly opening: SharedWindow;
  readonly closing: SharedWindow;
  readonly histograms: Readonly<Record<HistogramName, Uint32Array>>;
  /** {@link monotonicClock}: the same for all threads. */
  readonly now: () => number;
  /** What went wrong with one connection, in words. Called for each: the receiver thins out. */
  readonly onTrouble: (what: Outcome | CloseReason, detail: string, lived?: Lived) => void;
}

/**
 * Holds one worker's connections: opens as many as its pursuit of the target allows, settles how each attempt ended,
 * keeps the counts, and closes. Independent of engine and protocol; both are attached once, since they call back.
 */
export class Holder implements EngineEvents, ProtocolEvents {
  readonly #options: HolderOptions;
  readonly #deps: HolderDeps;
  readonly #slots: Slots;
  readonly #lifetimes: Lifetimes;
  readonly #pursuit = new Pursuit();
  readonly #rotation: Rotation;
  #engine!: Engine;
  #protocol!: Protocol;
  #closeCursor = -1;
  #stopping = false;
  #behaviour!: Behaviour;
  #talking = false;
  /** Failed attempts that are closed in order, with how many bytes of the peer are still read. */
  readonly #parting = new Map<Slot, number>();
  /** Closes in a row that were cut short. */
  #unanswered = 0;
  /** The window was full when last looked at; and since when it has had room. */
  #full = false;
  #lookedForFloodsAtMs = 0;
  #roomSinceMs = Number.NEGATIVE_INFINITY;
  /** The time of this turn, and whether it is asked for anew when bytes come: a turn waits before that. */
  #turnMs: number;
  #isTurnOld = true;
  /** Something was sent in answer to the bytes that are being fed. */
  #hasReplied = false;

  constructor(options: HolderOptions, deps: HolderDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#rotation = new Rotation(options.destinations, options.sources, options.index);
    this.#turnMs = deps.now();
    // Each in-flight connection, opening, parting or closing, has a place, so that none starves the others.
    this.#slots = new Slots(
      options.capacity + 2 * options.window,
      2 * options.window + options.closeWindow,
      this.#turnMs,
    );
    this.#lifetimes = new Lifetimes(this.#slots, this.#turnMs);
  }

  /** @returns slots needed by a protocol that goes with this holder */
  get slotCount(): number {
    return this.#slots.capacity;
  }

  attach(engine: Engine, protocol: Protocol): void {
    this.#engine = engine;
    this.#protocol = protocol;
    const send = (slot: Slot, bytes: Uint8Array): void => {
      this.#lifetimes.said(slot, this.#turnMs);
      this.#send(slot, bytes);
    };
    const { behaviour, marks } = this.#options;
    this.#behaviour = createBehaviour(behaviour, { ...this.#deps, slots: this.#slots, protocol, send, marks });
  }

  /** A new command: pursue this worker's share of it from where we are now. */
  aim(command: Command, share: number, perSecond: number): void {
    this.#pursuit.aim(this.#alive, share, perSecond, command.startedAtMs);
    this.#closeCursor = this.#slots.capacity - 1;
    if (command.stop > 0) this.#stop();
  }

  /** Whether open connections do what their behaviour says, or keep still. */
  talk(talking: boolean): void {
    if (this.#talking && !talking) this.#behaviour.rest();
    this.#talking = talking;
  }

  /** After a stop: nothing is left to wait for. */
  get isDone(): boolean {
    const { tally } = this.#deps;
    if (!this.#stopping || this.#parting.size > 0) return false;
    return tally.get('opening') === 0 && tally.get('open') === 0 && tally.get('closing') === 0;
  }

  /** One turn: open what is due, close what is too much, cut short what takes too long. @returns ms until the next is due */
  step(): number {
    const nowMs = this.#deps.now();
    this.#turnMs = nowMs;
    this.#isTurnOld = true;
    this.#expire(nowMs);
    this.#endFloods(nowMs);
    const due = this.#pursuit.dueAt(nowMs);
    if (due < this.#alive) this.#closeDown(this.#alive - due, nowMs);
    else if (!this.#stopping) this.#openUp(due - this.#alive, nowMs);
    const talkInMs = this.#talking ? this.#behaviour.step(nowMs) : Number.POSITIVE_INFINITY;
    // With the window full nothing is due before something happens.
    return Math.min(talkInMs, this.#full ? Number.POSITIVE_INFINITY : this.#pursuit.nextInMs(nowMs));
  }

  get #alive(): number {
    return this.#deps.tally.get('opening') + this.#deps.tally.get('open');
  }

  #openUp(wanted: number, nowMs: number): void {
    const { tally, histograms } = this.#deps;
    const wasFull = this.#full;
    this.#full = false;
    for (let i = 0; i < wanted; i++) {
      this.#full = !this.#slots.hasRoom || !this.#deps.opening.enter();
      if (this.#full) return;
      if (wasFull && i === 0) this.#roomSinceMs = nowMs;
      const plannedAtMs = this.#pursuit.take(nowMs);
      if (plannedAtMs === undefined) {
        this.#deps.opening.leave();
        return;
      }
      const startedAtMs = this.#deps.now();
      recordMs(histograms.lag, startedAtMs - plannedAtMs);
      recordMs(histograms.ownLag, startedAtMs - Math.max(plannedAtMs, this.#roomSinceMs));
      const slot = this.#slots.take(plannedAtMs, startedAtMs);
      tally.add('attempts', 1);
      tally.add('opening', 1);
      const { destination, source } = this.#rotation;
      this.#rotation.advance();
      this.#engine.open(slot, destination, source);
    }
  }

  #closeDown(wanted: number, nowMs: number): void {
    this.#full = false;
    for (let i = 0; i < wanted; i++) {
      this.#full = !this.#slots.hasPlace || !this.#deps.closing.enter();
      if (this.#full) return;
      const slot = this.#nextToClose();
      if (slot < 0) {
        this.#deps.closing.leave();
        return;
      }
      this.#leaveOpen(slot, 'by-us', '');
      this.#slots.launch(slot, nowMs, nowMs);
      if (this.#options.close === 'reset') {
        this.#engine.abort(slot);
        continue;
      }
      const goodbye = this.#protocol.goodbye(slot);
      if (goodbye) this.#engine.write(slot, goodbye);
      else this.#engine.finish(slot);
    }
  }

  /** @returns an open slot, the last one that was given out first; −1 when there is none */
  #nextToClose(): Slot {
    let slot = this.#slots.openAtOrBelow(this.#closeCursor);
    // Those that were still opening when the cursor passed them are above it.
    if (slot < 0) slot = this.#slots.openAtOrBelow(this.#slots.capacity - 1);
    this.#closeCursor = slot - 1;
    return slot;
  }

  #expire(nowMs: number): void {
    const { openTimeoutMs, closeTimeoutMs } = this.#options;
    const partTimeoutMs = Math.min(closeTimeoutMs, PART_TIMEOUT_MS);
    const closePatienceMs =
      this.#unanswered < UNANSWERED ? closeTimeoutMs : Math.min(closeTimeoutMs, UNANSWERED_TIMEOUT_MS);
    const shortestMs = Math.min(openTimeoutMs, partTimeoutMs, closePatienceMs);
    this.#slots.forEachInFlight(nowMs - shortestMs, (slot, startedAtMs) => {
      const ageMs = nowMs - startedAtMs;
      const state = this.#slots.stateOf(slot);
      if (isClosing(state)) {
        if (ageMs < closePatienceMs) return;
        this.#unanswered += 1;
        this.#drop(slot);
      } else if (state === STATE.parting) {
        if (ageMs >= partTimeoutMs) this.#leave(slot);
      } else if (ageMs >= openTimeoutMs) {
        this.#fail(slot, 'timed-out', `${this.#cameSoFar(slot, state)} within ${openTimeoutMs} ms`);
        this.#drop(slot);
      }
    });
  }

  /** Reading is no deadline's business: without this a connection that floods would be kept for ever. */
  #endFloods(nowMs: number): void {
    if (nowMs - this.#lookedForFloodsAtMs < FLOODS_EVERY_MS) return;
    this.#lookedForFloodsAtMs = nowMs;
    let flooding = 0;
    this.#engine.forEachUnread((slot, forMs) => {
      if (forMs < FLOODING_MS) return;
      const state = this.#slots.stateOf(slot);
      // An answer to our goodbye may lie behind all that. Nobody reads that far.
      if (isClosing(state)) this.#drop(slot);
      if (state !== STATE.open) return;
      if (forMs < FLOOD_MS) flooding++;
      else this.#giveUp(slot, 'flood', `it sent without a pause for ${FLOOD_MS} ms, more than there was time to read`);
    });
    this.#deps.tally.set('flooding', flooding);
  }

  #cameSoFar(slot: Slot, state: State): string {
    return state === STATE.connecting ? 'no answer to SYN' : `connected, but ${this.#protocol.cameSoFar(slot)}`;
  }

  #stop(): void {
    this.#stopping = true;
    this.#slots.forEachInFlight(Number.POSITIVE_INFINITY, (slot) => {
      const state = this.#slots.stateOf(slot);
      if (state !== STATE.connecting && state !== STATE.handshaking) return;
      this.#fail(slot, 'cancelled', 'the run stopped');
      // The peer may be about to answer.
      if (state === STATE.handshaking) this.#part(slot);
      else this.#drop(slot);
    });
  }

  // What the engine says.

  onConnected(slot: Slot): void {
    if (this.#slots.stateOf(slot) !== STATE.connecting) return;
    this.#slots.setState(slot, STATE.handshaking);
    const hello = this.#protocol.hello(slot);
    if (hello) this.#send(slot, hello);
    if (!this.#protocol.awaitsAnswer) this.onOpen(slot);
  }

  onBytes(slot: Slot, bytes: Uint8Array): void {
    this.#deps.tally.add('bytesIn', bytes.length);
    const state = this.#slots.stateOf(slot);
    if (state === STATE.dying) return;
    if (state === STATE.parting) {
      this.#readToEnd(slot, bytes.length);
      return;
    }
    if (this.#isTurnOld) {
      this.#isTurnOld = false;
      this.#turnMs = this.#deps.now();
    }
    this.#hasReplied = false;
    this.#protocol.onBytes(slot, bytes);
    // A goodbye, and the answer to it, are no sign of life.
    if (this.#slots.stateOf(slot) !== STATE.open) return;
    this.#lifetimes.heard(slot, this.#turnMs);
    if (this.#hasReplied) this.#lifetimes.said(slot, this.#turnMs);
  }

  onEnd(slot: Slot): void {
    const state = this.#slots.stateOf(slot);
    if (state === STATE.dying || state === STATE.parting) return;
    this.#protocol.onEnd(slot);
    // Both have said goodbye now; an attempt that failed by this has been dropped already.
    if (isClosing(this.#slots.stateOf(slot))) this.#engine.finish(slot);
  }

  onGone(slot: Slot, cause: EndCause, detail: string): void {
    const state = this.#slots.stateOf(slot);
    if (state === STATE.connecting || state === STATE.handshaking) this.#fail(slot, OUTCOME_OF[cause], detail);
    else if (state === STATE.open) this.#leaveOpen(slot, REASON_OF[cause], detail);
    if (this.#closed(slot)) this.#unanswered = 0;
    this.#parting.delete(slot);
    this.#protocol.release(slot);
    this.#slots.release(slot);
  }

  // What the protocol finds.

  onOpen(slot: Slot, isDeclined = false): void {
    const { tally, histograms } = this.#deps;
    const nowMs = this.#deps.now();
    recordMs(histograms.openPlanned, nowMs - this.#slots.plannedAtMs(slot));
    recordMs(histograms.openActual, nowMs - this.#slots.startedAtMs(slot));
    this.#slots.setState(slot, STATE.open);
    this.#slots.land(slot);
    this.#lifetimes.opened(slot, nowMs);
    this.#deps.opening.leave();
    tally.add('opening', -1);
    tally.add('open', 1);
    if (isDeclined) tally.add('declined', 1);
    tally.outcome(OUTCOME_INDEX.open);
    this.#behaviour.onOpened(slot);
  }

  onHandshakeFailure(slot: Slot, outcome: Outcome, detail: string, isStranger = false): void {
    this.#fail(slot, outcome, detail);
    if (isStranger) this.#drop(slot);
    else this.#part(slot);
  }

  onPayload(slot: Slot, bytes: Uint8Array): void {
    this.#behaviour.onPayload(slot, bytes);
  }

  onAnswer(slot: Slot, statusClass: number, staysOpen: boolean): void {
    this.#behaviour.onAnswer(slot, statusClass, staysOpen);
  }

  onReply(slot: Slot, bytes: Uint8Array, replaces = false): void {
    this.#hasReplied = true;
    this.#send(slot, bytes, replaces);
  }

  onPeerClose(slot: Slot, detail: string): void {
    // After our own goodbye this is the answer to it; the peer's FIN completes it.
    if (this.#slots.stateOf(slot) !== STATE.open) return;
    this.#leaveOpen(slot, 'by-peer', detail);
    this.#awaitGone(slot);
  }

  onProtocolError(slot: Slot, detail: string, reason: 'protocol-error' | 'too-large' = 'protocol-error'): void {
    if (this.#slots.stateOf(slot) !== STATE.open) return;
    this.#leaveOpen(slot, reason, detail);
    this.#engine.finish(slot);
    this.#awaitGone(slot);
  }

  #send(slot: Slot, bytes: Uint8Array, replaces = false): void {
    this.#deps.tally.add('bytesOut', bytes.length);
    if (this.#engine.write(slot, bytes, replaces) || this.#slots.stateOf(slot) !== STATE.open) return;
    this.#giveUp(slot, 'slow-reader', 'it did not take what it was sent');
  }

  /** An open connection that can't be kept. */
  #giveUp(slot: Slot, reason: CloseReason, detail: string): void {
    this.#leaveOpen(slot, reason, detail);
    this.#drop(slot);
  }

  // How it is counted. Each attempt passes exactly one of onOpen and #fail; each open one exactly one #leaveOpen.

  #fail(slot: Slot, outcome: Outcome, detail: string): void {
    const { tally, histograms } = this.#deps;
    if (outcome !== 'cancelled') recordMs(histograms.failedAfter, this.#deps.now() - this.#slots.startedAtMs(slot));
    this.#slots.setState(slot, STATE.dying);
    this.#slots.land(slot);
    this.#deps.opening.leave();
    tally.add('opening', -1);
    tally.add('failed', 1);
    tally.outcome(OUTCOME_INDEX[outcome]);
    if (outcome !== 'cancelled') this.#deps.onTrouble(outcome, detail);
  }

  #leaveOpen(slot: Slot, reason: CloseReason, detail: string): void {
    const { tally, histograms, now } = this.#deps;
    const lived = PEER_LOSSES.has(reason) ? this.#lifetimes.lost(slot, now(), tally, histograms) : undefined;
    this.#behaviour.onClosed(slot);
    this.#slots.setState(slot, reason === 'by-us' ? STATE.closing : STATE.leaving);
    tally.add('open', -1);
    tally.add('closed', 1);
    tally.add('closing', 1);
    tally.closeReason(CLOSE_REASON_INDEX[reason]);
    if (reason !== 'by-us') this.#deps.onTrouble(reason, detail, lived);
  }

  /** A close that the peer began: it gets a deadline, or, when thousands come at once and no place is left, is cut short. */
  #awaitGone(slot: Slot): void {
    if (!isClosing(this.#slots.stateOf(slot))) return;
    const nowMs = this.#deps.now();
    if (!this.#slots.launch(slot, nowMs, nowMs)) this.#drop(slot);
  }

  /**
   * The end of a failed attempt that was answered: FIN, then the peer's words are read to their end. A reset would hit a server
   * in the middle of its answer, and there are some that it kills.
   */
  #part(slot: Slot): void {
    const nowMs = this.#deps.now();
    if (this.#options.close === 'reset' || !this.#slots.launch(slot, nowMs, nowMs)) {
      this.#drop(slot);
      return;
    }
    this.#slots.setState(slot, STATE.parting);
    this.#parting.set(slot, PART_BYTES);
    this.#engine.finish(slot);
  }

  #readToEnd(slot: Slot, byteCount: number): void {
    const left = this.#parting.get(slot)! - byteCount;
    if (left < 0) this.#leave(slot);
    else this.#parting.set(slot, left);
  }

  /** It has had its time to close. What waits unread makes a reset of it all the same. */
  #leave(slot: Slot): void {
    this.#slots.setState(slot, STATE.dying);
    this.#slots.land(slot);
    this.#engine.leave(slot);
  }

  #drop(slot: Slot): void {
    if (this.#closed(slot)) {
      this.#slots.setState(slot, STATE.dying);
      this.#slots.land(slot);
    }
    this.#engine.abort(slot);
  }

  /** A close is over, one way or the other. @returns false when there was none */
  #closed(slot: Slot): boolean {
    const state = this.#slots.stateOf(slot);
    if (!isClosing(state)) return false;
    this.#deps.tally.add('closing', -1);
    if (state === STATE.closing) this.#deps.closing.leave();
    return true;
  }
}

const isClosing = (state: State): boolean => state === STATE.closing || state === STATE.leaving;
