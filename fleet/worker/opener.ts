import type { Engine } from '../engines/engine.ts';
import type { Identities } from '../opening/identities.ts';
import type { Account, AccountDeps } from './account.ts';
import type { HolderOptions } from './holder-options.ts';
import type { Pursuit } from './pursuit.ts';
import { Rotation } from './rotation.ts';
import type { Slots } from './slots.ts';

/** What opens a worker's connections and where to. */
export interface OpenerParts {
  readonly engine: Engine;
  readonly account: Account;
  readonly pursuit: Pursuit;
  /** undefined: connections have no numbers */
  readonly identities: Identities | undefined;
}

/** Begins attempts, as far as the fleet's window has room for them. */
export class Opener {
  readonly #slots: Slots;
  readonly #window: AccountDeps['opening'];
  readonly #parts: OpenerParts;
  readonly #rotation: Rotation;
  /** The window was full when last looked at; and since when it has had room. */
  #wasFull = false;
  #roomSinceMs = Number.NEGATIVE_INFINITY;

  constructor(options: HolderOptions, slots: Slots, { opening }: AccountDeps, parts: OpenerParts) {
    this.#rotation = new Rotation(options.destinations, options.sources, options.index);
    this.#slots = slots;
    this.#window = opening;
    this.#parts = parts;
  }

  /** @returns whether something has to happen before there is room for more */
  open(wanted: number, nowMs: number): boolean {
    const { engine, account, pursuit, identities } = this.#parts;
    const wasFull = this.#wasFull;
    this.#wasFull = false;
    for (let i = 0; i < wanted; i++) {
      this.#wasFull = !this.#slots.hasRoom || !this.#window.enter();
      if (this.#wasFull) return true;
      if (wasFull && i === 0) this.#roomSinceMs = nowMs;
      const number = identities?.takeNumber();
      // Where each has a row of its own, those that are still closing have theirs.
      this.#wasFull = number === 0;
      if (this.#wasFull) {
        this.#window.leave();
        return true;
      }
      const plannedAtMs = pursuit.take(nowMs);
      if (plannedAtMs === undefined) {
        this.#window.leave();
        if (number) identities?.giveBack(number);
        return false;
      }
      const slot = account.attempted(plannedAtMs, this.#roomSinceMs);
      if (number) identities?.assign(slot, number);
      const { destination, source } = this.#rotation;
      this.#rotation.advance();
      engine.open(slot, destination, source);
    }
    return false;
  }
}
