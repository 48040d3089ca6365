import type { Engine } from '../engines/engine.ts';
import type { Slot } from '../protocols/protocol.ts';
import { COUNTER } from '../wire.ts';
import type { AccountDeps } from './account.ts';
import { type AttemptParts, Attempts } from './attempts.ts';
import { ClosingOrder } from './closing-order.ts';
import type { HolderOptions } from './holder-options.ts';
import { Pursuit } from './pursuit.ts';
import type { Streams } from './streams.ts';

interface PaceParts extends Omit<AttemptParts, 'pursuit'> {
  /** Begins to close an open connection. */
  readonly close: (slot: Slot) => void;
}

/** How a worker comes to as many connections as it is to have: opens what is due, closes what is too much. */
export class Pace {
  readonly #pursuit = new Pursuit();
  readonly #attempts: Attempts;
  readonly #closingOrder: ClosingOrder;
  readonly #deps: AccountDeps;
  readonly #parts: PaceParts;
  /** The window was full when last looked at. */
  #isFull = false;
  #wanted = 0;
  #part = 0;

  constructor(options: HolderOptions, deps: AccountDeps, parts: PaceParts) {
    this.#parts = parts;
    this.#deps = deps;
    this.#attempts = new Attempts(options, deps, { ...parts, pursuit: this.#pursuit });
    this.#closingOrder = new ClosingOrder(parts.slots);
  }

  /** Connections that this worker is to have, and what part that is of all; 0 when nobody is to have any. */
  get wanted(): number {
    return this.#wanted;
  }
  get part(): number {
    return this.#part;
  }

  /** A new order, from where we are; see {@link Pursuit.aim}. @param ofAll connections that the whole fleet is to have */
  aim(share: number, perSecond: number, startedAtMs: number, ofAll: number): void {
    this.#wanted = share;
    this.#part = ofAll === 0 ? 0 : share / ofAll;
    this.#parts.replacements.clear();
    this.#pursuit.aim(this.#parts.account.alive, share, perSecond, startedAtMs);
    this.#closingOrder.restart();
  }

  /** Begins an attempt of one that comes back; see {@link Attempts.beginReturn}. */
  beginReturn(dueAtMs: number, engine: Engine): Slot {
    return this.#attempts.beginReturn(dueAtMs, engine);
  }

  /**
   * @param streams knows of places that stay empty for a while; undefined: none does
   * @returns ms until the next is due; with the window full nothing is, before something happens
   */
  step(nowMs: number, engine: Engine, streams: Streams | undefined, isStopping: boolean): number {
    const due = this.#pursuit.dueAt(nowMs);
    const { alive } = this.#parts.account;
    const away = this.#deps.tally.get(COUNTER.away) + (streams?.awayAt(nowMs) ?? 0);
    if (due < alive) this.#isFull = this.#closingOrder.closeDown(alive - due, this.#deps.closing, this.#parts.close);
    else if (!isStopping) this.#isFull = this.#attempts.begin(due - alive - away, nowMs, engine, this.#isFull);
    if (this.#isFull) return Number.POSITIVE_INFINITY;
    return Math.min(this.#pursuit.nextInMs(nowMs), streams?.nextInMs(nowMs) ?? Number.POSITIVE_INFINITY);
  }
}
