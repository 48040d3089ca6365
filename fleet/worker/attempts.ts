import type { Engine } from '../engines/engine.ts';
import type { Identities } from '../opening/identities.ts';
import type { Slot } from '../protocols/protocol.ts';
import { COUNTER } from '../wire.ts';
import type { Account, AccountDeps } from './account.ts';
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
  readonly #deps: AccountDeps;
  readonly #parts: AttemptParts;
  readonly #rotation: Rotation;
  /** Since when there has been room. */
  #roomSinceMs = Number.NEGATIVE_INFINITY;
  /** The same for those that come back; NaN: there was none the last time. */
  #returnRoomSinceMs = Number.NEGATIVE_INFINITY;

  constructor(
    { destinations, sources, marks }: Pick<HolderOptions, 'destinations' | 'sources' | 'marks'>,
    deps: AccountDeps,
    parts: AttemptParts,
  ) {
    this.#deps = deps;
    this.#parts = parts;
    // Over all machines of a run: or the first ports of the target would get the rest of each one's turns.
    this.#rotation = new Rotation(destinations, sources, marks.first);
  }

  /**
   * @param wasFull there was no room the last time
   * @returns whether there was no room for all of them
   */
  begin(wanted: number, nowMs: number, engine: Engine, wasFull: boolean): boolean {
    const { slots, pursuit, identities, replacements } = this.#parts;
    const window = this.#deps.opening;
    for (let i = 0; i < wanted; i++) {
      // One that comes in place of another has its place in the window already.
      const isReplacement = replacements.hasDue;
      if (!slots.hasRoom || !(isReplacement || window.enter())) return true;
      // Where each has a row of its own, those that are still closing have theirs.
      const number = identities?.takeNumber();
      if (number === 0) {
        if (!isReplacement) window.leave();
        return true;
      }
      if (wasFull && i === 0) this.#roomSinceMs = nowMs;
      const plannedAtMs = isReplacement ? replacements.take() : pursuit.take(nowMs);
      if (plannedAtMs === undefined) {
        window.leave();
        if (number !== undefined) identities!.giveBack(number);
        return false;
      }
      this.#dial(plannedAtMs, Math.max(this.#roomSinceMs, replacements.roomSinceMs), number, engine, false);
    }
    return false;
  }

  /**
   * Begins one attempt of a connection that comes back, whatever the pace.
   *
   * @param dueAtMs when its wait was over
   * @returns its slot; −1 when there is no room for it
   */
  beginReturn(dueAtMs: number, engine: Engine): Slot {
    const { slots, identities } = this.#parts;
    const { opening, returning = opening, now, tally } = this.#deps;
    const hasRoom = slots.hasRoom && returning.enter();
    const number = hasRoom ? identities?.takeNumber() : undefined;
    if (!hasRoom || number === 0) {
      if (hasRoom) returning.leave();
      this.#returnRoomSinceMs = Number.NaN;
      return -1;
    }
    if (Number.isNaN(this.#returnRoomSinceMs)) this.#returnRoomSinceMs = now();
    if (dueAtMs < this.#returnRoomSinceMs) tally.add(COUNTER.heldBack, 1);
    return this.#dial(dueAtMs, this.#returnRoomSinceMs, number, engine, true);
  }

  #dial(plannedAtMs: number, roomSinceMs: number, number: number | undefined, engine: Engine, isReturn: boolean): Slot {
    const slot = this.#parts.account.attempted(plannedAtMs, roomSinceMs, isReturn);
    if (number !== undefined) this.#parts.identities!.assign(slot, number);
    const { destination, source } = this.#rotation;
    this.#rotation.advance();
    engine.open(slot, destination, source);
    return slot;
  }
}
