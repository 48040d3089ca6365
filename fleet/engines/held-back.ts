import type { Slot } from '../protocols/protocol.ts';

interface Kept {
  readonly pieces: Uint8Array[];
  hasEnded: boolean;
}

/**
 * What was opened already of connections that nobody may be told of now. An engine reads a piece at a time, so it is
 * what one piece held at the most; only the few that were paused in the middle of one have an entry.
 */
export class HeldBack {
  readonly #kept = new Map<Slot, Kept>();
  readonly #due = new Set<Slot>();

  /** Whether something is held back of it: then all that follows has to be. */
  has(slot: Slot): boolean {
    return this.#kept.size > 0 && this.#kept.has(slot);
  }

  /** Whether there is something to {@link tell}. */
  get isDue(): boolean {
    return this.#due.size > 0;
  }

  push(slot: Slot, bytes: Uint8Array): void {
    this.#entry(slot).pieces.push(new Uint8Array(bytes));
  }

  /** The peer's end lies behind what is held back. */
  end(slot: Slot): void {
    this.#entry(slot).hasEnded = true;
  }

  /** It was paused (again). */
  hold(slot: Slot): void {
    this.#due.delete(slot);
  }

  /** It may be told from now on. */
  release(slot: Slot): void {
    if (this.has(slot)) this.#due.add(slot);
  }

  /** The connection is gone. */
  delete(slot: Slot): void {
    this.#kept.delete(slot);
    this.#due.delete(slot);
  }

  /** @param visit gets each piece in its order, undefined for the peer's end; it may hold, release or delete the slot */
  tell(visit: (slot: Slot, bytes: Uint8Array | undefined) => void): void {
    for (const slot of [...this.#due]) {
      const kept = this.#kept.get(slot);
      if (kept === undefined) continue;
      const isDue = (): boolean => this.#due.has(slot) && this.#kept.get(slot) === kept;
      while (kept.pieces.length > 0 && isDue()) visit(slot, kept.pieces.shift());
      if (!isDue()) continue;
      this.delete(slot);
      if (kept.hasEnded) visit(slot, undefined);
    }
  }

  #entry(slot: Slot): Kept {
    let kept = this.#kept.get(slot);
    if (kept === undefined) {
      kept = { pieces: [], hasEnded: false };
      this.#kept.set(slot, kept);
    }
    return kept;
  }
}
