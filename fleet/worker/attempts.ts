import type { Engine } from '../engines/engine.ts';
import type { SharedWindow } from '../local/shared.ts';
import type { Identities } from '../opening/identities.ts';
import type { Account } from './account.ts';
import type { HolderOptions } from './holder-options.ts';
import type { Pursuit } from './pursuit.ts';
import type { Replacements } from './replacements.ts';
import { Rotation } from './rotation.ts';
import type { Slots } from './slots.ts';

export interface AttemptParts {
  readonly slots: Slots;
  readonly account: Account;
  readonly pursuit: Pursuit;
  readonly identities: Identities | undefined;
  readonly replacements: Replacements;
}

/** Begins attempts, as many as there is room for: slots, the window of the fleet, numbers of connections. */
export class Attempts {
  readonly #window: SharedWindow;
  readonly #parts: AttemptParts;
  readonly #rotation: Rotation;
  /** Since when there has been room. */
  #roomSinceMs = Number.NEGATIVE_INFINITY;

  constructor(
    { destinations, sources, index }: Pick<HolderOptions, 'destinations' | 'sources' | 'index'>,
    window: SharedWindow,
    parts: AttemptParts,
  ) {
    this.#window = window;
    this.#parts = parts;
    this.#rotation = new Rotation(destinations, sources, index);
  }

  /**
   * @param wasFull there was no room the last time
   * @returns whether there was no room for all of them
   */
  begin(wanted: number, nowMs: number, engine: Engine, wasFull: boolean): boolean {
    const { slots, account, pursuit, identities, replacements } = this.#parts;
    for (let i = 0; i < wanted; i++) {
      // One that comes in place of another has its place in the window already.
      const isReplacement = replacements.hasDue;
      if (!slots.hasRoom || !(isReplacement || this.#window.enter())) return true;
      // Where each has a row of its own, those that are still closing have theirs.
      const number = identities?.takeNumber();
      if (number === 0) {
        if (!isReplacement) this.#window.leave();
        return true;
      }
      if (wasFull && i === 0) this.#roomSinceMs = nowMs;
      const plannedAtMs = isReplacement ? replacements.take() : pursuit.take(nowMs);
      if (plannedAtMs === undefined) {
        this.#window.leave();
        if (number !== undefined) identities!.giveBack(number);
        return false;
      }
      const slot = account.attempted(plannedAtMs, Math.max(this.#roomSinceMs, replacements.roomSinceMs));
      if (number !== undefined) identities!.assign(slot, number);
      const { destination, source } = this.#rotation;
      this.#rotation.advance();
      engine.open(slot, destination, source);
    }
    return false;
  }
}
