import { performance } from 'node:perf_hooks';
import type { Slot } from '../../protocols/protocol.ts';
import { ASK_EVERY_MS } from '../epoll-backlog.ts';
import { CONNECTING } from '../socket-states.ts';

/** That are asked for at once, at the most. */
const ASKED_MOST = 64;

/**
 * Sockets that are to connect at a Unix socket, first come, first served. A full backlog is no failure but a server that is
 * behind, as a SYN without an answer is over TCP: they wait, for as long as an attempt may take.
 */
export class SocketBacklog {
  readonly #states: Uint16Array;
  readonly #ask: (slot: Slot) => void;
  /** Some may be gone, and some may be here twice, since they came back. */
  #waiting: Slot[] = [];
  /** Asked for, and not yet answered. */
  #asked = 0;
  /** Those of the asked ones that have to go on waiting, in order. */
  #refused: Slot[] = [];
  /** One where there was no room the last time, and twice as many each time that there was. */
  #atOnce = ASKED_MOST;
  #fullUntilMs = Number.NEGATIVE_INFINITY;

  /** @param ask has the kernel try once to connect it; {@link answered} follows */
  constructor(states: Uint16Array, ask: (slot: Slot) => void) {
    this.#states = states;
    this.#ask = ask;
  }

  get isEmpty(): boolean {
    return this.#waiting.length + this.#asked === 0;
  }

  /** The first ones may be asked for at once. */
  get isDue(): boolean {
    return this.#asked === 0 && this.#waiting.length > 0 && performance.now() >= this.#fullUntilMs;
  }

  /** Comes behind those that wait. */
  add(slot: Slot): void {
    this.#waiting.push(slot);
  }

  /** The first ones are asked for, once all of the last ones are answered. */
  step(): void {
    while (this.isDue) {
      const first = this.#waiting.splice(0, this.#atOnce).filter((slot) => (this.#states[slot]! & CONNECTING) !== 0);
      this.#asked = first.length;
      for (const slot of first) this.#ask(slot);
    }
  }

  /** @param isRefused there was no room for it, and it goes on waiting */
  answered(slot: Slot, isRefused: boolean): void {
    if (isRefused) this.#refused.push(slot);
    this.#asked--;
    if (this.#asked > 0) return;
    this.#atOnce = this.#refused.length > 0 ? 1 : Math.min(ASKED_MOST, this.#atOnce * 2);
    if (this.#refused.length === 0) return;
    this.#waiting = [...this.#refused, ...this.#waiting];
    this.#refused = [];
    this.#fullUntilMs = performance.now() + ASK_EVERY_MS;
  }
}
