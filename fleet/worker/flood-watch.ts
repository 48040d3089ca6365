import type { Engine } from '../engines/engine.ts';
import type { Slot } from '../protocols/protocol.ts';
import { isClosing, type Slots, STATE } from './slots.ts';

/** Between two looks for them. */
const LOOK_EVERY_MS = 50;
/** Without a pause for so long, what its peer sends takes time that others' round trips are measured in. */
const FLOODING_MS = 250;
/** Without a pause for so long, its peer sends without end: it would never let a run come to rest. */
const FLOOD_MS = 5000;

/** What becomes of connections whose peers send without a pause. */
export interface FloodEnds {
  /** How many do, and may still stop. */
  flooding(count: number): void;
  /** It is being closed: an answer to our goodbye may lie behind all that, and nobody reads that far. */
  drop(slot: Slot): void;
  /** It was open. */
  giveUp(slot: Slot, detail: string): void;
}

/** Ends what floods. Reading is no deadline's business: without this such a connection would be kept for ever. */
export class FloodWatch {
  readonly #engine: Engine;
  readonly #slots: Slots;
  readonly #ends: FloodEnds;
  #lookedAtMs = 0;

  constructor(engine: Engine, slots: Slots, ends: FloodEnds) {
    this.#engine = engine;
    this.#slots = slots;
    this.#ends = ends;
  }

  step(nowMs: number): void {
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    let flooding = 0;
    this.#engine.forEachUnread((slot, forMs) => {
      if (forMs < FLOODING_MS) return;
      const state = this.#slots.stateOf(slot);
      if (isClosing(state)) this.#ends.drop(slot);
      if (state !== STATE.open) return;
      if (forMs < FLOOD_MS) flooding++;
      else this.#ends.giveUp(slot, `it sent without a pause for ${FLOOD_MS} ms, more than there was time to read`);
    });
    this.#ends.flooding(flooding);
  }
}
