import type { ChurnEnd } from '../../core/behaviours/churn.ts';
import type { SharedWindow } from '../local/shared.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { HolderOptions } from './holder-options.ts';
import { type Slots, STATE } from './slots.ts';

interface ReplacementParts {
  readonly slots: Slots;
  readonly opening: SharedWindow;
  readonly closing: SharedWindow;
  /** Begins to close an open one. @param resets undefined: as all are closed */
  readonly close: (slot: Slot, resets: boolean | undefined) => void;
}

/**
 * What a behaviour closes, and connections that come in place of it. Each has its place among those on their way in from the
 * moment when the other one is closed. So no more are missing from the level than the fleet's window has places.
 */
export class Replacements {
  readonly #parts: ReplacementParts;
  readonly #resets: boolean | undefined;
  /** When those were planned that aren't begun yet: a ring. */
  readonly #plannedAtMs: Float64Array;
  #first = 0;
  #count = 0;
  #wasRefused = false;
  /** Since when there has been a place for them. */
  roomSinceMs = Number.NEGATIVE_INFINITY;

  constructor({ behaviour, window }: Pick<HolderOptions, 'behaviour' | 'window'>, parts: ReplacementParts) {
    this.#parts = parts;
    const isChurn = behaviour.kind === 'churn';
    this.#resets = isChurn && behaviour.end ? RESETS[behaviour.end] : undefined;
    this.#plannedAtMs = new Float64Array(isChurn ? window : 0);
  }

  /** Whether one waits to be begun. */
  get hasDue(): boolean {
    return this.#count > 0;
  }

  /** Closes an open one; another comes in its place at the pace of the run. @returns false when too many are closing */
  close(slot: Slot): boolean {
    const { slots, closing, close } = this.#parts;
    if (slots.stateOf(slot) !== STATE.open || !slots.hasPlace || !closing.enter()) return false;
    close(slot, undefined);
    return true;
  }

  /** Closes an open one; what comes in its place is to be begun. @returns false when there is no place for both */
  add(slot: Slot, plannedAtMs: number, nowMs: number): boolean {
    const { slots, opening, closing, close } = this.#parts;
    const room = this.#plannedAtMs.length;
    const isPossible = slots.stateOf(slot) === STATE.open && slots.hasRoom && this.#count < room;
    if (!isPossible || !opening.enter()) return this.#refuse();
    if (!closing.enter()) {
      opening.leave();
      return this.#refuse();
    }
    if (this.#wasRefused) this.roomSinceMs = nowMs;
    this.#wasRefused = false;
    close(slot, this.#resets);
    this.#plannedAtMs[(this.#first + this.#count) % room] = plannedAtMs;
    this.#count += 1;
    return true;
  }

  /** The next to be begun; ask {@link hasDue} first. @returns when it was planned */
  take(): number {
    const plannedAtMs = this.#plannedAtMs[this.#first]!;
    this.#first = (this.#first + 1) % this.#plannedAtMs.length;
    this.#count -= 1;
    return plannedAtMs;
  }

  /** Another number is wanted: the pace towards it is the run's. */
  clear(): void {
    for (; this.#count > 0; this.#count--) this.#parts.opening.leave();
  }

  #refuse(): false {
    this.#wasRefused = true;
    return false;
  }
}

const RESETS: Readonly<Record<ChurnEnd, boolean>> = { fin: false, rst: true };
