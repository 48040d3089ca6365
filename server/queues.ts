import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** What a write that waits takes beside its bytes: a buffer, its memory's own record, a request. Measured on Node.js 20. */
const WRITE_BYTES = 512;
/** Looking at all that waits is worth it for no less than this share of the bound. */
const STEP = 1 / 16;
/** The part of the bound that may stay once it was passed. */
const KEPT = 7 / 8;

/** What waits to be sent, as far as it counts against the bound. */
interface Queue {
  readonly transport: Socket;
  readonly bytes: number;
}

/**
 * A bound for what all connections of a process together have queued towards peers that don't read. Past it the largest
 * queues are ended, until an eighth of the bound is free. The last one stays: a connection's own bound is that we stop
 * reading from it.
 *
 * Only those of whose writes something waits are known here; a peer that reads costs a comparison. Over TLS every write waits
 * for the end of its turn, so all who write are known until the next look.
 */
export class Queues {
  readonly #maxBytes: number;
  readonly #waiting = new Map<Socket, WebSocket | Socket>();
  readonly #ended = new WeakSet<Socket>();
  /** What may still be queued before it is worth looking. */
  #untilLookBytes: number;

  /** @param maxBytes the bytes themselves, and what each write takes beside them */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#untilLookBytes = maxBytes;
  }

  /**
   * Called after a write of which something waits. May end any connection, this one as well.
   *
   * @param by what the bytes were given to: a WebSocket may keep some from its transport
   */
  wrote(transport: Socket, by: WebSocket | Socket, bytes: number): void {
    this.#waiting.set(transport, by);
    this.#untilLookBytes -= bytes + WRITE_BYTES;
    if (this.#untilLookBytes < 0) this.#look();
  }

  /** The connection is gone. */
  forget(transport: Socket): void {
    this.#waiting.delete(transport);
  }

  /** Whether it was ended here, as a slow reader. */
  hasEnded(transport: Socket): boolean {
    return this.#ended.has(transport);
  }

  #look(): void {
    const queues: Queue[] = [];
    let bytes = 0;
    for (const [transport, by] of this.#waiting) {
      const queue = { transport, bytes: queuedBytes(transport, by) };
      if (queue.bytes === 0) this.#waiting.delete(transport);
      else queues.push(queue);
      bytes += queue.bytes;
    }
    if (bytes > this.#maxBytes) bytes -= this.#endLargest(queues, bytes - this.#maxBytes * KEPT);
    this.#untilLookBytes = Math.max(this.#maxBytes - bytes, this.#maxBytes * STEP);
  }

  /** @returns bytes of those that were ended: `excess` at least, or all but one */
  #endLargest(queues: Queue[], excess: number): number {
    queues.sort((a, b) => a.bytes - b.bytes);
    let ended = 0;
    while (ended < excess && queues.length > 1) {
      const { transport, bytes } = queues.pop()!;
      this.#ended.add(transport);
      this.#waiting.delete(transport);
      // In order it would stay with the kernel, whose own queue the peer doesn't take either.
      transport.resetAndDestroy();
      ended += bytes;
    }
    return ended;
  }
}

function queuedBytes(transport: Socket, by: WebSocket | Socket): number {
  const bytes = 'bufferedAmount' in by ? by.bufferedAmount : by.writableLength;
  // There, though not documented; without it only the bytes count.
  const { writableBuffer: writes } = transport as { writableBuffer?: readonly unknown[] };
  return bytes === 0 ? 0 : bytes + (writes?.length ?? 0) * WRITE_BYTES;
}
