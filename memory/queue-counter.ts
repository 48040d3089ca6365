import type { EndQueues } from '../core/readings.ts';
import { type DiagSocket, SOCKET_MEMORY } from './sock-diag.ts';

/** Sums up what waits in the sockets of one end. */
export class QueueCounter {
  readonly #received = { sockets: 0, bytes: 0, truesizeBytes: 0 };
  readonly #written = { sockets: 0, bytes: 0, truesizeBytes: 0 };
  #reservedBytes = 0;
  /** One socket without them spoils the sums. */
  #hasTruesize = true;

  /** Of a list that has lengths only. */
  addLengths(receivedBytes: number, writtenBytes: number): void {
    count(this.#received, receivedBytes, 0);
    count(this.#written, writtenBytes, 0);
    if (receivedBytes + writtenBytes > 0) this.#hasTruesize = false;
  }

  addSocket(socket: DiagSocket): void {
    const receivedBytes = socket.memory(SOCKET_MEMORY.received) + socket.memory(SOCKET_MEMORY.backlog);
    const writtenBytes = socket.memory(SOCKET_MEMORY.written);
    count(this.#received, socket.receiveQueue, receivedBytes);
    count(this.#written, socket.sendQueue, writtenBytes);
    this.#reservedBytes += receivedBytes + writtenBytes + socket.memory(SOCKET_MEMORY.forward);
  }

  result(): EndQueues {
    const reservedBytes = this.#hasTruesize ? this.#reservedBytes : null;
    return { received: this.#shown(this.#received), written: this.#shown(this.#written), reservedBytes };
  }

  #shown({ sockets, bytes, truesizeBytes }: EndQueues['received']): EndQueues['received'] {
    return { sockets, bytes, truesizeBytes: this.#hasTruesize ? truesizeBytes : null };
  }
}

function count(queue: { sockets: number; bytes: number; truesizeBytes: number }, bytes: number, truesizeBytes: number) {
  queue.bytes += bytes;
  queue.truesizeBytes += truesizeBytes;
  if (bytes > 0 || truesizeBytes > 0) queue.sockets++;
}
