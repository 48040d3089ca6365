import type { EndQueues } from '../core/schemas/readings.ts';
import { type DiagSocket, type ListedSocket, SOCKET_MEMORY } from './sock-diag.ts';

type Queue = EndQueues['received'];

/** Sums up what waits in the sockets of one end. */
export class QueueCounter {
  readonly #received = { sockets: 0, bytes: 0, truesizeBytes: 0 };
  readonly #written = { sockets: 0, bytes: 0, truesizeBytes: 0 };
  #reservedBytes = 0;
  /** A list as text has lengths alone. */
  #hasTruesize = true;

  add(socket: ListedSocket | DiagSocket): void {
    // Most have nothing, and there may be a million of them.
    if (socket.receiveQueue === 0 && socket.sendQueue === 0) return;
    if ('memory' in socket) {
      const received = socket.memory(SOCKET_MEMORY.received) + socket.memory(SOCKET_MEMORY.backlog);
      const written = socket.memory(SOCKET_MEMORY.written);
      count(this.#received, socket.receiveQueue, received);
      count(this.#written, socket.sendQueue, written);
      this.#reservedBytes += received + written + socket.memory(SOCKET_MEMORY.forward);
    } else {
      this.#hasTruesize = false;
      count(this.#received, socket.receiveQueue, 0);
      count(this.#written, socket.sendQueue, 0);
    }
  }

  result(): EndQueues {
    return {
      received: this.#shown(this.#received),
      written: this.#shown(this.#written),
      reservedBytes: this.#hasTruesize ? this.#reservedBytes : null,
    };
  }

  #shown({ sockets, bytes, truesizeBytes }: Queue): Queue {
    return { sockets, bytes, truesizeBytes: this.#hasTruesize ? truesizeBytes : null };
  }
}

function count(queue: { sockets: number; bytes: number; truesizeBytes: number }, bytes: number, charged: number): void {
  queue.bytes += bytes;
  queue.truesizeBytes += charged;
  if (bytes > 0) queue.sockets++;
}
