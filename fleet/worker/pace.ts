import type { AccountDeps } from './account.ts';
import { ClosingOrder } from './closing-order.ts';
import type { HolderOptions } from './holder-options.ts';
import { Opener, type OpenerParts } from './opener.ts';
import { Pursuit } from './pursuit.ts';
import type { Slots } from './slots.ts';
import type { Streams } from './streams.ts';

/** By whom connections are opened and closed, and who knows of places that stay empty for a while. */
interface PaceParts extends Omit<OpenerParts, 'pursuit'> {
  /** Begins to close a connection, for which there is room. */
  readonly close: (slot: number) => void;
  /** undefined: they are no event streams */
  readonly streams: Streams | undefined;
}

/** How a worker comes to as many connections as it is to have: opens what is due, closes what is too much. */
export class Pace {
  readonly #pursuit = new Pursuit();
  readonly #opener: Opener;
  readonly #closingOrder: ClosingOrder;
  readonly #streams: Streams | undefined;

  constructor(options: HolderOptions, slots: Slots, deps: AccountDeps, { close, streams, ...parts }: PaceParts) {
    this.#opener = new Opener(options, slots, deps, { ...parts, pursuit: this.#pursuit });
    this.#closingOrder = new ClosingOrder(slots, deps, close);
    this.#streams = streams;
  }

  /** A new order, from `alive` connections on; see {@link Pursuit.aim}. */
  aim(alive: number, share: number, perSecond: number, startedAtMs: number): void {
    this.#pursuit.aim(alive, share, perSecond, startedAtMs);
    this.#streams?.aimAnew();
    this.#closingOrder.restart();
  }

  /** @returns ms until the next is due; with the window full nothing is, before something happens */
  step(nowMs: number, alive: number, isStopping: boolean): number {
    const due = this.#pursuit.dueAt(nowMs);
    const away = this.#streams?.awayAt(nowMs) ?? 0;
    const isFull =
      due < alive ? this.#closingOrder.close(alive - due) : !isStopping && this.#opener.open(due - alive - away, nowMs);
    if (isFull) return Number.POSITIVE_INFINITY;
    return Math.min(this.#pursuit.nextInMs(nowMs), this.#streams?.nextInMs(nowMs) ?? Number.POSITIVE_INFINITY);
  }
}
