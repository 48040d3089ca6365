import { humanMs } from '../../core/values/units.ts';
import type { Engine } from '../engines/engine.ts';
import type { Protocol, Slot } from '../protocols/protocol.ts';
import type { Account } from './account.ts';
import type { Farewells } from './farewells.ts';
import type { HolderOptions } from './holder-options.ts';
import { isBegun, isClosing, type Slots, STATE, type State } from './slots.ts';

interface DeadlineParts {
  readonly engine: Pick<Engine, 'tls'>;
  readonly protocol: Pick<Protocol, 'cameSoFar'>;
  readonly account: Account;
  readonly farewells: Farewells;
}

/** Ends what takes too long: attempts, closes, partings. */
export class Deadlines {
  readonly #openTimeoutMs: number;
  /** What an attempt waits for that isn't connected. */
  readonly #unconnected: string;
  readonly #slots: Slots;
  readonly #parts: DeadlineParts;
  /** None that is in flight began before. */
  #earliestMs = Number.NEGATIVE_INFINITY;

  constructor(
    { openTimeoutMs, destinations }: Pick<HolderOptions, 'openTimeoutMs' | 'destinations'>,
    slots: Slots,
    parts: DeadlineParts,
  ) {
    this.#openTimeoutMs = openTimeoutMs;
    const isAtSocket = destinations.some((destination) => 'path' in destination);
    this.#unconnected = isAtSocket ? 'no room in its backlog' : 'no answer to SYN';
    this.#slots = slots;
    this.#parts = parts;
  }

  expire(nowMs: number): void {
    const { account, farewells } = this.#parts;
    const { partTimeoutMs, closeTimeoutMs } = farewells;
    const leastMs = Math.min(this.#openTimeoutMs, partTimeoutMs, closeTimeoutMs);
    if (nowMs < this.#earliestMs + leastMs) return;
    const earliestMs = this.#slots.forEachInFlight(nowMs - leastMs, (slot, startedAtMs) => {
      const ageMs = nowMs - startedAtMs;
      const state = this.#slots.stateOf(slot);
      if (isClosing(state)) {
        if (ageMs >= closeTimeoutMs) farewells.cutShort(slot);
      } else if (state === STATE.parting) {
        if (ageMs >= partTimeoutMs) farewells.leave(slot);
      } else if (ageMs >= this.#openTimeoutMs) {
        account.failed(slot, 'timed-out', `${this.#cameSoFar(slot, state)} within ${humanMs(this.#openTimeoutMs)}`);
        farewells.drop(slot);
      }
    });
    this.#earliestMs = Math.min(nowMs, earliestMs);
  }

  #cameSoFar(slot: Slot, state: State): string {
    const { engine, protocol } = this.#parts;
    if (!isBegun(state)) return this.#unconnected;
    const came = state === STATE.securing ? engine.tls?.cameSoFar(slot) : protocol.cameSoFar(slot);
    return `connected, but ${came}`;
  }

  /** Gives up all attempts, since the run stops. */
  cancelAll(nowMs: number): void {
    const { account, farewells } = this.#parts;
    this.#slots.forEachInFlight(Number.POSITIVE_INFINITY, (slot) => {
      const state = this.#slots.stateOf(slot);
      if (state !== STATE.connecting && !isBegun(state)) return;
      account.failed(slot, 'cancelled', 'the run stopped');
      // The peer may be about to answer.
      if (isBegun(state)) farewells.part(slot, nowMs);
      else farewells.drop(slot);
    });
  }
}
