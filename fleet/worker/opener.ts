import type { Engine } from '../engines/engine.ts';
import type { Account, AccountDeps } from './account.ts';
import type { Pursuit } from './pursuit.ts';
import type { Rotation } from './rotation.ts';
import type { Slots } from './slots.ts';

/** What opens a worker's connections and where to. */
interface OpenerParts {
  readonly engine: Engine;
  readonly account: Account;
  readonly pursuit: Pursuit;
  readonly rotation: Rotation;
}

/** Begins attempts, as far as the fleet's window has room for them. */
export class Opener {
  readonly #slots: Slots;
  readonly #window: AccountDeps['opening'];
  readonly #parts: OpenerParts;
  /** The window was full when last looked at; and since when it has had room. */
  #wasFull = false;
  #roomSinceMs = Number.NEGATIVE_INFINITY;

  constructor(slots: Slots, { opening }: AccountDeps, parts: OpenerParts) {
    this.#slots = slots;
    this.#window = opening;
    this.#parts = parts;
  }

  /** @returns whether something has to happen before there is room for more */
  open(wanted: number, nowMs: number): boolean {
    const { engine, account, pursuit, rotation } = this.#parts;
    const wasFull = this.#wasFull;
    this.#wasFull = false;
    for (let i = 0; i < wanted; i++) {
      this.#wasFull = !this.#slots.hasRoom || !this.#window.enter();
      if (this.#wasFull) return true;
      if (wasFull && i === 0) this.#roomSinceMs = nowMs;
      const plannedAtMs = pursuit.take(nowMs);
      if (plannedAtMs === undefined) {
        this.#window.leave();
        return false;
      }
      const slot = account.attempted(plannedAtMs, this.#roomSinceMs);
      const { destination, source } = rotation;
      rotation.advance();
      engine.open(slot, destination, source);
    }
    return false;
  }
}
