import type { Slot } from '../protocols/protocol.ts';

/**
 * Where a connection is, in one byte per slot.
 *
 *     free → connecting → (securing) → handshaking → open ─┬→ closing ──┬→ dying → free
 *                 │            │             │             ├→ leaving ──┤    │
 *                 │            │             │             └→ vanished ─┘    │
 *                 └────────────┴─────────────┴──→ (parting) ─────────────────┘   failed: parting where the peer had answered
 */
export const STATE = {
  free: 0,
  /** TCP isn't established yet. */
  connecting: 1,
  /** The same of TLS, where there is TLS. */
  securing: 8,
  /** The transport is up, the protocol has not said "open" yet. */
  handshaking: 2,
  open: 3,
  /** Counted as closed by us; the close is under way. */
  closing: 4,
  /** The same, begun by the peer. */
  leaving: 6,
  /** Counted (failed or closed) and dropped; only the engine's word that it is gone is missing. */
  dying: 5,
  /** Counted as failed; our FIN is on its way, and the peer's has yet to come. */
  parting: 7,
  /** Counted as closed by us; its socket is kept, and neither hears nor says anything until it is dropped. */
  vanished: 9,
} as const;
export type State = (typeof STATE)[keyof typeof STATE];

/** An attempt to which the peer's kernel has answered. */
export const isBegun = (state: State): boolean => state === STATE.securing || state === STATE.handshaking;
export const isClosing = (state: State): boolean => state === STATE.closing || state === STATE.leaving;

/** What still comes of it is nobody's business. */
export const isDeaf = (state: State): boolean => state === STATE.dying || state === STATE.vanished;

/** No place, and not open. */
const NOWHERE = -1;
const MOST_OPEN_MS = 2 ** 31 - 3;

/**
 * The slots of one worker: which are free, what state each is in, and the times of those in flight (opening or
 * closing). Times are kept for the few in flight, not for each connection, so a slot costs 9 bytes.
 */
export class Slots {
  readonly capacity: number;
  readonly #states: Uint8Array;
  readonly #free: Int32Array;
  #freeCount: number;
  /**
   * In flight: a dense list, and for each slot its place in that list, which is below 0 when it isn't there. An open one
   * has no place: then it says when it opened.
   */
  readonly #placeOf: Int32Array;
  readonly #flying: Int32Array;
  readonly #plannedAtMs: Float64Array;
  readonly #startedAtMs: Float64Array;
  /** When its state became what it is: of attempts alone. */
  readonly #stageAtMs: Float64Array;
  /** 1: it comes in place of one that an episode has cut. */
  readonly #returning: Uint8Array;
  #flyingCount = 0;
  readonly #epochMs: number;

  /**
   * @param mostInFlight opening and closing connections at any one time
   * @param epochMs nothing opens before; moments of opening are known up to 24 days from there
   */
  constructor(capacity: number, mostInFlight: number, epochMs = 0) {
    this.capacity = capacity;
    this.#states = new Uint8Array(capacity);
    this.#free = new Int32Array(capacity);
    // Slot 0 is given out first, so a half-used worker keeps to the low part of every array.
    for (let i = 0; i < capacity; i++) this.#free[i] = capacity - 1 - i;
    this.#freeCount = capacity;
    this.#placeOf = new Int32Array(capacity).fill(NOWHERE);
    this.#epochMs = epochMs;
    this.#flying = new Int32Array(mostInFlight);
    this.#plannedAtMs = new Float64Array(mostInFlight);
    this.#startedAtMs = new Float64Array(mostInFlight);
    this.#stageAtMs = new Float64Array(mostInFlight);
    this.#returning = new Uint8Array(mostInFlight);
  }

  get hasRoom(): boolean {
    return this.#freeCount > 0 && this.hasPlace;
  }
  /** In flight: opening or closing. */
  get flying(): number {
    return this.#flyingCount;
  }
  /** Whether one more can be launched. */
  get hasPlace(): boolean {
    return this.#flyingCount < this.#flying.length;
  }
  stateOf(slot: Slot): State {
    return this.#states[slot] as State;
  }
  setState(slot: Slot, state: State): void {
    this.#states[slot] = state;
  }

  /** Takes a free slot, in flight from now on. Ask {@link hasRoom} first. */
  take(plannedAtMs: number, startedAtMs: number, isReturn = false): Slot {
    this.#freeCount -= 1;
    const slot = this.#free[this.#freeCount]!;
    this.#states[slot] = STATE.connecting;
    this.launch(slot, plannedAtMs, startedAtMs);
    if (isReturn) this.#returning[this.#placeOf[slot]!] = 1;
    return slot;
  }

  /**
   * Puts a slot in flight: its deadline counts from `startedAtMs`.
   *
   * @returns false when there is no place for one more in flight
   */
  launch(slot: Slot, plannedAtMs: number, startedAtMs: number): boolean {
    const place = this.#flyingCount;
    if (place >= this.#flying.length) return false;
    this.#flyingCount += 1;
    this.#flying[place] = slot;
    this.#plannedAtMs[place] = plannedAtMs;
    this.#startedAtMs[place] = startedAtMs;
    this.#stageAtMs[place] = startedAtMs;
    this.#returning[place] = 0;
    this.#placeOf[slot] = place;
    return true;
  }

  plannedAtMs(slot: Slot): number {
    return this.#plannedAtMs[this.#placeOf[slot]!]!;
  }
  startedAtMs(slot: Slot): number {
    return this.#startedAtMs[this.#placeOf[slot]!]!;
  }
  /** One that is in flight comes in place of one that was cut. */
  isReturn(slot: Slot): boolean {
    return this.#returning[this.#placeOf[slot]!] === 1;
  }

  /** The next stage of an attempt in flight. @returns how long the one before took, in ms */
  passStage(slot: Slot, state: State, nowMs: number): number {
    const place = this.#placeOf[slot]!;
    const tookMs = nowMs - this.#stageAtMs[place]!;
    this.#stageAtMs[place] = nowMs;
    this.#states[slot] = state;
    return tookMs;
  }

  /** No longer in flight: open, or only waiting to be gone. */
  land(slot: Slot): void {
    const place = this.#placeOf[slot]!;
    if (place < 0) return;
    this.#flyingCount -= 1;
    const last = this.#flying[this.#flyingCount]!;
    this.#flying[place] = last;
    this.#plannedAtMs[place] = this.#plannedAtMs[this.#flyingCount]!;
    this.#startedAtMs[place] = this.#startedAtMs[this.#flyingCount]!;
    this.#stageAtMs[place] = this.#stageAtMs[this.#flyingCount]!;
    this.#returning[place] = this.#returning[this.#flyingCount]!;
    this.#placeOf[last] = place;
    this.#placeOf[slot] = NOWHERE;
  }

  /** It has landed, and is open from now on. */
  noteOpened(slot: Slot, nowMs: number): void {
    this.#placeOf[slot] = NOWHERE - 1 - Math.min(MOST_OPEN_MS, Math.floor(nowMs - this.#epochMs));
  }

  /** When an open one became so, in whole ms; as long as it isn't launched again. */
  openedAtMs(slot: Slot): number {
    return this.#epochMs + NOWHERE - 1 - this.#placeOf[slot]!;
  }

  /** Gone for good: the slot may be taken again. */
  release(slot: Slot): void {
    this.land(slot);
    this.#states[slot] = STATE.free;
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
  }

  /**
   * Calls `visit` for each slot in flight that was started before `beforeMs`. `visit` may land or release it.
   *
   * @returns when the first of all that were in flight was started; Infinity: none was
   */
  forEachInFlight(beforeMs: number, visit: (slot: Slot, startedAtMs: number) => void): number {
    let earliestMs = Number.POSITIVE_INFINITY;
    // Backwards: landing moves the last one into the gap, and that one has been visited already.
    for (let place = this.#flyingCount - 1; place >= 0; place--) {
      const startedAtMs = this.#startedAtMs[place]!;
      if (startedAtMs < earliestMs) earliestMs = startedAtMs;
      if (startedAtMs < beforeMs) visit(this.#flying[place]!, startedAtMs);
    }
    return earliestMs;
  }

  /** The open slot after `slot`, going round; −1 when none is open. */
  nextOpen(slot: Slot): Slot {
    const after = this.#states.indexOf(STATE.open, slot + 1);
    return after >= 0 ? after : this.#states.indexOf(STATE.open);
  }

  /** The next open slot at or below `from`, or −1. */
  openAtOrBelow(from: number): Slot {
    return from < 0 ? -1 : this.#states.lastIndexOf(STATE.open, from);
  }
}
