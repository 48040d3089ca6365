import type { Slot } from '../protocols/protocol.ts';

/** How much may wait to be sent. */
export interface QueueBounds {
  /** For one connection: far more than an answer or a message, and on top of what the kernel holds for it. */
  readonly eachBytes: number;
  /** For all connections of an engine. */
  readonly allBytes: number;
}

export const QUEUE_BOUNDS: QueueBounds = { eachBytes: 4 * 2 ** 20, allBytes: 32 * 2 ** 20 };

interface Queue {
  readonly pieces: Uint8Array[];
  /** Index of the first piece that isn't sent. */
  next: number;
  bytes: number;
  /** The last one that a later one of its kind makes needless. */
  replaceable: Uint8Array | undefined;
}

/** A piece takes this besides its bytes: thousands of small ones count for what they are. */
const PIECE_BYTES = 128;
/** Pieces that were sent go from the array when there are so many, and they are half of it. */
const SENT_MOST = 1024;

/** What sockets didn't take yet, in order and bounded. Only the few that are full have an entry. */
export class SendQueues {
  readonly #bounds: QueueBounds;
  readonly #queues = new Map<Slot, Queue>();
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  has(slot: Slot): boolean {
    return this.#queues.has(slot);
  }

  /**
   * Keeps a copy.
   *
   * @param replaces it goes in place of the last one that was kept with this, where that is the last of all
   * @returns false when it would be more than the bounds allow: it isn't kept
   */
  push(slot: Slot, bytes: Uint8Array, replaces: boolean): boolean {
    const queue = this.#queues.get(slot);
    const last = queue?.pieces.at(-1);
    const isReplaced = replaces && last !== undefined && last === queue?.replaceable;
    const more = costOf(bytes) - (isReplaced ? costOf(last) : 0);
    if ((queue?.bytes ?? 0) + more > this.#bounds.eachBytes || this.#bytes + more > this.#bounds.allBytes) return false;
    const kept = new Uint8Array(bytes);
    this.#bytes += more;
    if (queue === undefined) {
      this.#queues.set(slot, { pieces: [kept], next: 0, bytes: more, replaceable: replaces ? kept : undefined });
      return true;
    }
    if (isReplaced) queue.pieces.pop();
    queue.pieces.push(kept);
    queue.bytes += more;
    if (replaces) queue.replaceable = kept;
    return true;
  }

  /** Keeps a copy of what was on its way and was not taken, before all that waits. There is room for it: it was kept before. */
  putBack(slot: Slot, bytes: Uint8Array): void {
    const kept = new Uint8Array(bytes);
    const cost = costOf(kept);
    const queue = this.#queues.get(slot);
    this.#bytes += cost;
    if (queue === undefined) {
      this.#queues.set(slot, { pieces: [kept], next: 0, bytes: cost, replaceable: undefined });
      return;
    }
    queue.bytes += cost;
    if (queue.next > 0) queue.pieces[--queue.next] = kept;
    else queue.pieces.unshift(kept);
  }

  /** What is to be sent next. */
  first(slot: Slot): Uint8Array | undefined {
    const queue = this.#queues.get(slot);
    return queue?.pieces[queue.next];
  }

  /**
   * Sends what waits, in order, as long as the socket takes all of a piece.
   *
   * @param send returns how many bytes the socket took; −1: it broke, and the slot has no queue any more
   * @returns whether something waited, and nothing does any more
   */
  sendAll(slot: Slot, send: (bytes: Uint8Array) => number): boolean {
    if (!this.has(slot)) return false;
    for (let first = this.first(slot); first; first = this.first(slot)) {
      const sent = send(first);
      if (sent < 0) return false;
      this.took(slot, sent);
      if (sent < first.length) return false;
    }
    return true;
  }

  /** The socket took so many bytes of the first. */
  took(slot: Slot, count: number): void {
    const queue = this.#queues.get(slot)!;
    const first = queue.pieces[queue.next]!;
    const rest = first.subarray(count);
    const less = rest.length === 0 ? costOf(first) : count;
    this.#bytes -= less;
    queue.bytes -= less;
    if (rest.length > 0) {
      queue.pieces[queue.next] = rest;
      return;
    }
    queue.next++;
    if (queue.next === queue.pieces.length) {
      this.#queues.delete(slot);
    } else if (queue.next >= SENT_MOST && queue.next * 2 >= queue.pieces.length) {
      queue.pieces.splice(0, queue.next);
      queue.next = 0;
    }
  }

  /** The socket is gone. */
  delete(slot: Slot): void {
    const queue = this.#queues.get(slot);
    if (!queue) return;
    this.#bytes -= queue.bytes;
    this.#queues.delete(slot);
  }
}

const costOf = (piece: Uint8Array): number => piece.length + PIECE_BYTES;
