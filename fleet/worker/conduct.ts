import type { CloseReason } from '../../core/values/outcomes.ts';
import type { Behaviour } from '../behaviours/behaviour.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { Order } from '../wire.ts';

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

  /** Messages are timed, and wait for nothing. */
  get isTalking(): boolean {
    return this.#talking;
  }

  get gatherMs(): number {
    return this.#talking ? (this.behaviour.gatherMs?.() ?? 0) : 0;
  }

  /** @returns ms until something is due again */
  step(nowMs: number): number {
    return this.#talking ? this.behaviour.step(nowMs) : Number.POSITIVE_INFINITY;
  }
}
