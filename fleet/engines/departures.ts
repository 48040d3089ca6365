import type { Slot } from '../protocols/protocol.ts';
import type { EndCause, EngineEvents } from './engine.ts';

/** Sockets that are closed and not yet reported: reports come from turns, never from within a call. */
export class Departures {
  readonly #events: Pick<EngineEvents, 'onGone'>;
  readonly #gone: Array<{ readonly slot: Slot; readonly cause: EndCause; readonly detail: string }> = [];
  #isOver = false;

  constructor(events: Pick<EngineEvents, 'onGone'>) {
    this.#events = events;
  }

  get isEmpty(): boolean {
    return this.#gone.length === 0;
  }

  add(slot: Slot, cause: EndCause, detail: string): void {
    this.#gone.push({ slot, cause, detail });
  }

  report(): void {
    if (this.#gone.length === 0) return;
    // What is reported may open anew and fail at once: those wait for the next turn.
    for (const { slot, cause, detail } of this.#gone.splice(0)) {
      if (!this.#isOver) this.#events.onGone(slot, cause, detail);
    }
  }

  /** Nobody wants to hear any more. */
  silence(): void {
    this.#isOver = true;
  }
}
