import type { Slot } from '../protocols/protocol.ts';
import type { EpollPorts } from './epoll-ports.ts';
import type { EpollSet } from './epoll-set.ts';
import { CONNECTING, WAITING } from './socket-states.ts';

/** So often it is asked whether a backlog that was full has room again: nothing tells. */
export const ASK_EVERY_MS = 1;

/** What of an engine it works on. */
interface Parts {
  readonly ports: EpollPorts;
  readonly set: EpollSet;
  readonly fds: Int32Array;
  readonly states: Uint8Array;
  readonly generations: Uint8Array;
  /** @param why the system's word */
  readonly fail: (slot: Slot, why: string) => void;
}

/**
 * Sockets that are to connect at a Unix socket, first come, first served. A full backlog is no failure but a server that is
 * behind, as a SYN without an answer is over TCP: they wait, for as long as an attempt may take.
 */
export class EpollBacklog {
  readonly #parts: Parts;
  /** Some may be gone, and some may be here twice, since they came back. */
  readonly #slots: Slot[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#slots.length === 0;
  }

  add(slot: Slot): void {
    if (this.#slots.push(slot) === 1) this.enter();
  }

  /** As many as there is room for. */
  enter(): void {
    let entered = 0;
    while (entered < this.#slots.length && this.#enter(this.#slots[entered]!)) entered++;
    this.#slots.splice(0, entered);
  }

  /** @returns false where it has to wait, and all behind it */
  #enter(slot: Slot): boolean {
    const { ports, set, fds, states, generations, fail } = this.#parts;
    if ((states[slot]! & WAITING) === 0) return true;
    const fd = fds[slot]!;
    const entered = ports.enter(slot, fd);
    if (entered === false) return false;
    if (entered !== true) fail(slot, entered);
    else if (set.add(fd, slot, generations[slot]!)) states[slot] = CONNECTING;
    else fail(slot, 'ENOMEM');
    return true;
  }
}
