import type { CloseReason, Outcome } from '../../core/values/outcomes.ts';
import type { MakeBehaviour } from '../behaviours/behaviour.ts';
import { createBehaviour } from '../behaviours/index.ts';
import type { EndCause, Engine, SecuredEngineEvents } from '../engines/engine.ts';
import { Identities } from '../opening/identities.ts';
import type { Protocol, ProtocolEvents, Slot } from '../protocols/protocol.ts';
import { BY_RESET, COUNTER, type Order } from '../wire.ts';
import { Account, type AccountDeps } from './account.ts';
import { Conduct } from './conduct.ts';
import { connectionsOver } from './connections.ts';
import { Deadlines } from './deadlines.ts';
import { OUTCOME_OF, REASON_OF } from './endings.ts';
import { Farewells } from './farewells.ts';
import { FloodWatch } from './flood-watch.ts';
import type { HolderOptions } from './holder-options.ts';
import { Pace } from './pace.ts';
import { Replacements } from './replacements.ts';
import { isBegun, isClosing, isDeaf, Slots, STATE } from './slots.ts';
import { type Streams, streamsOf } from './streams.ts';
import { vanishingOf } from './vanishing.ts';
import { tellWire } from './wire-counts.ts';

/**
 * Holds one worker's connections: opens as many as its pursuit of the target allows, settles how each attempt ended,
 * keeps the counts, and closes. Independent of engine and protocol; both are attached once, since they call back.
 */
export class Holder implements SecuredEngineEvents, ProtocolEvents {
  readonly #options: HolderOptions;
  readonly #deps: AccountDeps;
  readonly #slots: Slots;
  readonly #account: Account;
  readonly #identities: Identities | undefined;
  readonly #replacements: Replacements;
  readonly #pace: Pace;
  #engine!: Engine;
  #protocol!: Protocol;
  #farewells!: Farewells;
  #deadlines!: Deadlines;
  #floods!: FloodWatch;
  /** undefined: they are no event streams. */
  #streams: Streams | undefined;
  /** As in the order. */
  #stop = 0;
  #conduct!: Conduct;
  /** The time of this turn, and whether it is asked for anew when bytes come: a turn waits before that. */
  #turnMs: number;
  #isTurnOld = true;
  /** Bytes are being fed, and something was sent in answer to them. */
  #isFeeding = false;
  #hasReplied = false;

  constructor(options: HolderOptions, deps: AccountDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#turnMs = deps.now();
    const { capacity, window, returnWindow = 0, closeWindow } = options;
    // Each in-flight connection, opening, parting or closing, has a place, so that none starves the others.
    const inFlight = 2 * window + Math.min(capacity, returnWindow) + closeWindow;
    this.#slots = new Slots(capacity + 2 * window, inFlight, this.#turnMs);
    const identities = options.identity && new Identities(this.#slots.capacity, options.identity);
    this.#identities = identities;
    const hide = identities && ((slot: Slot, text: string) => identities.hide(slot, text));
    const onReturnFailed = (slot: Slot): void => this.#conduct.behaviour.onReturnFailed?.(slot);
    this.#account = new Account(this.#slots, { ...deps, hide, onReturnFailed }, this.#turnMs);
    const close = (slot: Slot, resets?: boolean): void => this.#beginToClose(slot, deps.now(), resets);
    this.#replacements = new Replacements(options, { ...deps, slots: this.#slots, close });
    const parts = { slots: this.#slots, account: this.#account, identities, replacements: this.#replacements };
    this.#pace = new Pace(options, deps, { ...parts, close: (slot) => close(slot) });
  }

  /** @returns slots needed by a protocol that goes with this holder */
  get slotCount(): number {
    return this.#slots.capacity;
  }

  /** What tells its connections apart, for a protocol that goes with this holder; undefined: they all say the same. */
  get identities(): Identities | undefined {
    return this.#identities;
  }

  attach(engine: Engine, protocol: Protocol, makeBehaviour: MakeBehaviour = createBehaviour): void {
    this.#engine = engine;
    this.#protocol = protocol;
    const { close, closeTimeoutMs, behaviour, marks } = this.#options;
    const leave = { closeTimeoutMs, resets: close === 'reset' };
    this.#farewells = new Farewells(leave, this.#slots, this.#account, { engine, protocol });
    this.#streams = streamsOf(protocol.name, this.slotCount, this.#deps.histograms.eventGap);
    const parts = { engine, protocol, account: this.#account, farewells: this.#farewells };
    this.#deadlines = new Deadlines(this.#options, this.#slots, parts);
    this.#floods = new FloodWatch(engine, this.#slots, {
      flooding: (count) => this.#deps.tally.set(COUNTER.flooding, count),
      drop: (slot) => this.#farewells.drop(slot),
      giveUp: (slot, detail) => this.#giveUp(slot, 'flood', detail),
    });
    const connections = connectionsOver(this.#slots, engine, {
      send: (slot, bytes) => {
        this.#account.lifetimes.said(slot, this.#turnMs);
        this.#send(slot, bytes);
      },
      close: (slot) => this.#replacements.close(slot),
      wanted: () => this.#pace.wanted,
      share: () => this.#pace.part,
      replace: (slot, plannedAtMs) => this.#replacements.add(slot, plannedAtMs, this.#turnMs),
      cut: (slot, how) => this.#farewells.cut(slot, how === 'rst'),
      comeBack: (dueAtMs) => this.#pace.beginReturn(dueAtMs, engine),
      ...vanishingOf({ slots: this.#slots, account: this.#account, engine, vanish: this.#deps.vanish }),
    });
    this.#conduct = new Conduct(makeBehaviour(behaviour, { ...this.#deps, connections, protocol, marks }));
  }

  /** A new order: pursue this worker's share of it from where we are now. */
  aim(order: Order, share: number, perSecond: number): void {
    this.#conduct.behaviour.end?.();
    this.#pace.aim(share, perSecond, order.startedAtMs, order.wanted);
    this.#streams?.aimAnew();
    if (order.stop > 0) {
      this.#stop = order.stop;
      this.#deadlines.cancelAll(this.#deps.now());
    }
  }

  /** What an order says of open connections; see {@link Conduct}. */
  conduct(order: Pick<Order, 'talking' | 'episodes'>): void {
    this.#conduct.follow(order, this.#deps.now());
  }

  /** After a stop: nothing is left to wait for. */
  get isDone(): boolean {
    return this.#stop > 0 && this.#farewells.isEmpty && this.#account.isEmpty;
  }

  /** One turn: open what is due, close what is too much, cut short what takes too long. @returns ms until the next is due */
  step(): number {
    const nowMs = this.#deps.now();
    this.#turnMs = nowMs;
    this.#isTurnOld = true;
    tellWire(this.#engine, this.#deps.tally);
    this.#deadlines.expire(nowMs);
    this.#floods.step(nowMs);
    // What a behaviour replaces is begun in the same turn.
    const talkInMs = this.#conduct.step(nowMs);
    const dueInMs = this.#pace.step(nowMs, this.#engine, this.#streams, this.#stop > 0);
    const sayInMs = this.#protocol.step?.(nowMs) ?? Number.POSITIVE_INFINITY;
    return Math.min(talkInMs, sayInMs, dueInMs);
  }

  /** For how long what comes may wait for more; see {@link Engine.turn}. */
  get gatherMs(): number {
    return this.#conduct.gatherMs(this.#slots.flying);
  }

  #beginToClose(slot: Slot, nowMs: number, resets?: boolean): void {
    this.#leaveOpen(slot, 'by-us', '');
    this.#farewells.begin(slot, nowMs, this.#stop === BY_RESET || resets);
  }

  // What the engine says.
  onConnected(slot: Slot): void {
    if (this.#slots.stateOf(slot) !== STATE.connecting) return;
    const isSecure = this.#engine.tls !== undefined;
    this.#account.connected(slot, isSecure ? STATE.securing : STATE.handshaking);
    if (!isSecure) this.#begin(slot);
  }

  onSecured(slot: Slot): void {
    if (this.#slots.stateOf(slot) !== STATE.securing) return;
    this.#account.secured(slot);
    this.#begin(slot);
  }

  #begin(slot: Slot): void {
    const hello = this.#protocol.hello(slot);
    if (hello) this.#send(slot, hello);
    if (!this.#protocol.awaitsAnswer) this.onOpen(slot);
  }

  onBytes(slot: Slot, bytes: Uint8Array): void {
    this.#deps.tally.add(COUNTER.bytesIn, bytes.length);
    const state = this.#slots.stateOf(slot);
    if (isDeaf(state)) return;
    if (state === STATE.parting) {
      this.#farewells.onBytes(slot, bytes.length);
      return;
    }
    if (this.#isTurnOld) {
      this.#isTurnOld = false;
      this.#turnMs = this.#deps.now();
    }
    this.#hasReplied = false;
    this.#isFeeding = true;
    this.#protocol.onBytes(slot, bytes);
    this.#isFeeding = false;
    // A goodbye, and the answer to it, are no sign of life.
    if (this.#slots.stateOf(slot) !== STATE.open) return;
    this.#account.lifetimes.heard(slot, this.#turnMs);
    if (this.#hasReplied) this.#account.lifetimes.said(slot, this.#turnMs);
  }

  onEnd(slot: Slot): void {
    const state = this.#slots.stateOf(slot);
    if (isDeaf(state) || state === STATE.parting) return;
    this.#protocol.onEnd(slot);
    // Both have said goodbye now; an attempt that failed by this has been dropped already.
    if (isClosing(this.#slots.stateOf(slot))) this.#engine.finish(slot);
  }

  onSecureFailure(slot: Slot, outcome: Outcome, detail: string, isStranger: boolean): void {
    const state = this.#slots.stateOf(slot);
    if (isBegun(state)) this.onHandshakeFailure(slot, outcome, detail, isStranger);
    else if (state === STATE.open) this.#endBroken(slot, outcome === 'tls-alert' ? outcome : 'protocol-error', detail);
    // Its goodbye can't be heard any more.
    else if (isClosing(state)) this.#engine.finish(slot);
  }

  onGone(slot: Slot, cause: EndCause, detail: string): void {
    const state = this.#slots.stateOf(slot);
    if (state === STATE.connecting || isBegun(state)) this.#account.failed(slot, OUTCOME_OF[cause], detail);
    else if (state === STATE.open) this.#leaveOpen(slot, REASON_OF[cause], detail);
    this.#farewells.onGone(slot);
    this.#protocol.release(slot);
    this.#identities?.release(slot);
    this.#slots.release(slot);
  }

  // What the protocol finds.
  onOpen(slot: Slot, isDeclined = false): void {
    // One that was given up meanwhile, of which the protocol knows nothing.
    if (this.#slots.stateOf(slot) !== STATE.handshaking) return;
    this.#account.opened(slot, isDeclined);
    this.#streams?.opened(slot);
    this.#conduct.behaviour.onOpened(slot);
  }

  onHandshakeFailure(slot: Slot, outcome: Outcome, detail: string, isStranger = false): void {
    if (!isBegun(this.#slots.stateOf(slot))) return;
    this.#account.failed(slot, outcome, detail);
    if (isStranger) this.#farewells.drop(slot);
    else this.#farewells.part(slot, this.#deps.now());
  }

  onPayload(slot: Slot, bytes: Uint8Array, last: boolean): void {
    this.#account.received(slot, bytes.length, last);
    if (last) this.#streams?.heard(slot, this.#turnMs);
    this.#conduct.behaviour.onPayload(slot, bytes, last);
  }

  onAnswer(slot: Slot, statusClass: number, staysOpen: boolean): void {
    this.#account.received(slot, 0, true);
    this.#conduct.behaviour.onAnswer(slot, statusClass, staysOpen);
  }

  onReply(slot: Slot, bytes: Uint8Array, replaces = false): void {
    this.#hasReplied = true;
    if (!this.#isFeeding && !this.#mayBeTold(slot)) return;
    this.#send(slot, bytes, replaces);
  }

  /** What a protocol says by the clock may come when it can't be said any more. */
  #mayBeTold(slot: Slot): boolean {
    const state = this.#slots.stateOf(slot);
    if (state === STATE.open) this.#account.lifetimes.said(slot, this.#turnMs);
    return state === STATE.open || state === STATE.handshaking || isClosing(state);
  }

  onPeerClose(slot: Slot, detail: string, keepsOpen = false): void {
    // After our own goodbye this is the answer to it; the peer's FIN completes it.
    if (this.#slots.stateOf(slot) !== STATE.open) return;
    this.#leaveOpen(slot, 'by-peer', detail);
    if (keepsOpen) this.#engine.finish(slot);
    this.#farewells.awaitGone(slot, this.#deps.now());
  }

  onProtocolError(slot: Slot, detail: string, reason: 'protocol-error' | 'too-large' = 'protocol-error'): void {
    if (this.#slots.stateOf(slot) === STATE.open) this.#endBroken(slot, reason, detail);
  }

  #endBroken(slot: Slot, reason: CloseReason, detail: string): void {
    this.#leaveOpen(slot, reason, detail);
    this.#engine.finish(slot);
    this.#farewells.awaitGone(slot, this.#deps.now());
  }

  #send(slot: Slot, bytes: Uint8Array, replaces = false): void {
    this.#deps.tally.add(COUNTER.bytesOut, bytes.length);
    if (this.#engine.write(slot, bytes, replaces) || this.#slots.stateOf(slot) !== STATE.open) return;
    this.#giveUp(slot, 'slow-reader', 'it did not take what it was sent');
  }

  /** An open connection that can't be kept. */
  #giveUp(slot: Slot, reason: CloseReason, detail: string): void {
    this.#leaveOpen(slot, reason, detail);
    this.#farewells.drop(slot);
  }

  #leaveOpen(slot: Slot, reason: CloseReason, detail: string): void {
    const counted = this.#conduct.left(slot, reason);
    this.#account.left(slot, reason, detail, counted);
    if (counted === undefined) this.#streams?.left(reason, this.#protocol.retryMs, this.#deps.now());
  }
}
