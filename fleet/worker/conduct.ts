import type { CloseReason } from '../../core/values/outcomes.ts';
import type { Behaviour } from '../behaviours/behaviour.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { Order } from '../wire.ts';

/** With so many on their way, they wait for the target far longer than for us: what comes of them may wait for more. */
const MANY_IN_FLIGHT = 64;
const GATHER_MS = 0.5;

/** What a worker's open connections do, and when they do it, by its orders. */
export class Conduct {
  readonly behaviour: Behaviour;
  #talking = false;
  #episodes = 0;

  constructor(behaviour: Behaviour) {
    this.behaviour = behaviour;
  }

  /** Open connections do what their behaviour says, or keep still; and an episode begins where there is one more. */
  follow({ talking, episodes }: Pick<Order, 'talking' | 'episodes'>, nowMs: number): void {
    // Also where they keep still already: then they look again at what was told meanwhile.
    if (talking === 0) this.behaviour.rest();
    this.#talking = talking === 1;
    if (episodes > this.#episodes) this.behaviour.begin?.(nowMs);
    this.#episodes = episodes;
  }

  /** One is no longer open. @returns see {@link Behaviour.onLost} */
  left(slot: Slot, reason: CloseReason): CloseReason | undefined {
    this.behaviour.onClosed(slot);
    return reason === 'by-us' ? undefined : this.behaviour.onLost?.(slot, reason);
  }

  /** @param flying connections that are opening or closing. Messages are timed, and wait for nothing that their behaviour doesn't say. */
  gatherMs(flying: number): number {
    if (!this.#talking) return flying > MANY_IN_FLIGHT ? GATHER_MS : 0;
    return this.behaviour.gatherMs?.() ?? 0;
  }

  /** @returns ms until something is due again */
  step(nowMs: number): number {
    return this.#talking ? this.behaviour.step(nowMs) : Number.POSITIVE_INFINITY;
  }
}
