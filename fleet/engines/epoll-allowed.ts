import { performance } from 'node:perf_hooks';
import type { Slot } from '../protocols/protocol.ts';
import { READ_BUFFER_BYTES, SLICES_MS } from './epoll-pace.ts';
import type { Libc } from './libc.ts';
import { PAUSED, PEER_FIN } from './socket-states.ts';

/** What an engine does with what was found at a socket. */
interface AllowedEnds {
  came(slot: Slot, bytes: Uint8Array): void;
  ended(slot: Slot): void;
  broke(slot: Slot, why: string): void;
}

/** Connections that are paused, and may read so much all the same, once. */
export class AllowedReads {
  readonly #libc: Libc;
  readonly #fds: Int32Array;
  readonly #states: Uint8Array;
  readonly #ends: AllowedEnds;
  readonly #buffer: Uint8Array;
  readonly #most = new Map<Slot, number>();

  /** @param fds, states of the engine's slots */
  constructor(libc: Libc, buffer: Uint8Array, fds: Int32Array, states: Uint8Array, ends: AllowedEnds) {
    this.#libc = libc;
    this.#fds = fds;
    this.#states = states;
    this.#buffer = buffer;
    this.#ends = ends;
  }

  get size(): number {
    return this.#most.size;
  }

  allow(slot: Slot, mostBytes: number): void {
    if (this.#fds[slot]! >= 0 && (this.#states[slot]! & PAUSED) !== 0) this.#most.set(slot, mostBytes);
  }

  delete(slot: Slot): void {
    this.#most.delete(slot);
  }

  /** In turn, for as long as there is time; the others have theirs in turns that follow. */
  read(): void {
    const endsAtMs = performance.now() + SLICES_MS;
    for (const [slot, mostBytes] of this.#most) {
      this.#most.delete(slot);
      this.#readFrom(slot, mostBytes);
      if (performance.now() >= endsAtMs) return;
    }
  }

  #readFrom(slot: Slot, mostBytes: number): void {
    for (let left = mostBytes; left > 0; ) {
      const fd = this.#fds[slot]!;
      if (fd < 0 || (this.#states[slot]! & PEER_FIN) !== 0) return;
      const count: number = this.#libc.recv(fd, this.#buffer, Math.min(left, READ_BUFFER_BYTES), 0);
      if (count > 0) {
        left -= count;
        this.#ends.came(slot, this.#buffer.subarray(0, count));
      } else if (count === 0) {
        this.#ends.ended(slot);
        return;
      } else {
        const why = this.#libc.errorName();
        if (why === 'EINTR') continue;
        if (why !== 'EAGAIN') this.#ends.broke(slot, why);
        return;
      }
    }
  }
}
