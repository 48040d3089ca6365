import { performance } from 'node:perf_hooks';
import type { Slot } from '../protocols/protocol.ts';
import { EMPTY, type Found, UNSURE } from './epoll-found.ts';

/** Empty for so long, it has paused. */
const PAUSE_MS = 100;
/** More to read than there was time for, during this share of the time, is no pause. */
const FULL_SHARE = 0.5;

interface Stretch {
  /** When it was first read and had more; not yet: {@link UNREAD}. */
  sinceMs: number;
  /** How long there was more to read since then; up to when that was last known. */
  fullMs: number;
  knownAtMs: number;
}

const UNREAD = Number.POSITIVE_INFINITY;

/**
 * Sockets that have more to read than they were given time for, in the order in which they get more of it. They are few:
 * what most sockets have goes with one read.
 */
export class Unread {
  readonly #waiting = new Map<Slot, Stretch>();
  /** Read empty a moment ago: a peer that sends without a pause is often found so. */
  readonly #emptied = new Map<Slot, Stretch>();

  /** Those that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  has(slot: Slot): boolean {
    return this.#waiting.has(slot);
  }

  /** Those that wait, the one that waits longest first. */
  slots(): Iterable<Slot> {
    return this.#waiting.keys();
  }

  /** @returns the slot that waits longest */
  first(): Slot | undefined {
    for (const slot of this.#waiting.keys()) return slot;
    return undefined;
  }

  /** Something has come, and nobody has had time to read of it: that tells nothing of how much its peer sends. */
  wait(slot: Slot): void {
    if (this.#waiting.has(slot)) return;
    const stretch = this.#emptied.get(slot) ?? { sinceMs: UNREAD, fullMs: 0, knownAtMs: 0 };
    stretch.knownAtMs = performance.now();
    this.#emptied.delete(slot);
    this.#waiting.set(slot, stretch);
  }

  /** It was read, and there is more, or there still is: it waits behind all others. */
  add(slot: Slot): void {
    const nowMs = performance.now();
    const stretch = this.#waiting.get(slot) ??
      this.#emptied.get(slot) ?? { sinceMs: nowMs, fullMs: 0, knownAtMs: nowMs };
    if (this.#waiting.delete(slot) && stretch.sinceMs !== UNREAD) stretch.fullMs += nowMs - stretch.knownAtMs;
    if (stretch.sinceMs === UNREAD) stretch.sinceMs = nowMs;
    stretch.knownAtMs = nowMs;
    this.#emptied.delete(slot);
    this.#waiting.set(slot, stretch);
  }

  /** What a read has found. Only what was read and had more tells of a peer that sends without a pause. */
  remember(slot: Slot, found: Found): void {
    if (found === UNSURE) this.wait(slot);
    else if (found !== EMPTY) this.add(slot);
  }

  /** It has been read empty. */
  empty(slot: Slot): void {
    const stretch = this.#waiting.get(slot);
    if (!stretch) return;
    this.#waiting.delete(slot);
    // What went with the first read was no more than late.
    if (stretch.sinceMs === UNREAD) return;
    const nowMs = performance.now();
    stretch.fullMs += nowMs - stretch.knownAtMs;
    stretch.knownAtMs = nowMs;
    this.#emptied.set(slot, stretch);
  }

  /** It is gone. */
  delete(slot: Slot): void {
    this.#waiting.delete(slot);
    this.#emptied.delete(slot);
  }

  /** Visits those whose peers don't pause. @param visit is told for how long they haven't */
  forEach(visit: (slot: Slot, forMs: number) => void): void {
    const nowMs = performance.now();
    for (const [slot, { sinceMs, fullMs, knownAtMs }] of this.#waiting) {
      if (sinceMs === UNREAD) continue;
      if (fullMs + nowMs - knownAtMs >= (nowMs - sinceMs) * FULL_SHARE) visit(slot, nowMs - sinceMs);
    }
    for (const [slot, { sinceMs, fullMs, knownAtMs }] of this.#emptied) {
      if (nowMs - knownAtMs >= PAUSE_MS) this.#emptied.delete(slot);
      else if (fullMs >= (nowMs - sinceMs) * FULL_SHARE) visit(slot, nowMs - sinceMs);
    }
  }
}
