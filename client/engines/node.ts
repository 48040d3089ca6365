import { Socket } from 'node:net';
import type { Slot } from '../protocols/protocol.ts';
import { causeOf, type EndCause, type Endpoint, type Engine, type EngineEvents } from './engine.ts';
import { createTurns } from './node-turns.ts';

export interface NodeEngineOptions {
  /** Size of the one buffer that all sockets read into, in bytes; 64 KiB by default. */
  readonly readBufferBytes?: number;
}

interface SlotSocket extends Socket {
  slot: Slot;
  /** We dropped it before anything else ended it. */
  dropped: boolean;
}

const DEFAULT_READ_BUFFER_BYTES = 65_536;

/**
 * Sockets through `node:net`: runs wherever Node does. All sockets share one read buffer and one set of listeners,
 * which find their slot on the socket (`this`), so a connection costs a socket and nothing of ours.
 *
 * Node runs its loop whenever its caller awaits anything: events also come between turns.
 */
export function createNodeEngine(options: NodeEngineOptions, events: EngineEvents): Engine {
  const sockets = new Map<Slot, SlotSocket>();
  const turns = createTurns();
  let disposed = false;
  const readBuffer = Buffer.allocUnsafeSlow(options.readBufferBytes ?? DEFAULT_READ_BUFFER_BYTES);
  const socketOptions = {
    allowHalfOpen: true,
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback(this: SlotSocket, byteCount: number): boolean {
        turns.stir();
        if (!this.dropped) events.onBytes(this.slot, readBuffer.subarray(0, byteCount));
        return true;
      },
    },
  };

  function onConnect(this: SlotSocket): void {
    turns.stir();
    // An abort may have come while this event was on its way.
    if (!this.dropped) events.onConnected(this.slot);
  }

  function onEnd(this: SlotSocket): void {
    turns.stir();
    if (!this.dropped && !this.destroyed) events.onEnd(this.slot);
  }

  /** Errors are read from the socket when it has closed; without a listener they would be thrown. */
  function onError(): void {}

  function onClose(this: SlotSocket): void {
    turns.stir();
    sockets.delete(this.slot);
    if (disposed) return;
    const error: NodeJS.ErrnoException | null = this.errored;
    const cause: EndCause = this.dropped ? 'aborted' : error ? causeOf(error.code) : 'closed';
    events.onGone(this.slot, cause, error && !this.dropped ? error.message : '');
  }

  return {
    name: 'node',
    open(slot: Slot, destination: Endpoint, sourceIp: string | undefined) {
      const socket = new Socket(socketOptions) as SlotSocket;
      socket.slot = slot;
      socket.dropped = false;
      socket.on('connect', onConnect).on('end', onEnd).on('error', onError).on('close', onClose);
      sockets.set(slot, socket);
      const { ip: host, port } = destination;
      try {
        socket.connect(sourceIp === undefined ? { host, port } : { host, port, localAddress: sourceIp });
      } catch (error) {
        socket.destroy(error as Error);
      }
    },
    write(slot, bytes) {
      const socket = sockets.get(slot);
      // Copied even when the socket takes all at once: node doesn't say beforehand, and reads what is left later.
      if (socket?.writable && !socket.dropped) socket.write(Buffer.from(bytes));
    },
    finish(slot) {
      const socket = sockets.get(slot);
      if (socket?.writable) socket.end();
    },
    abort(slot) {
      const socket = sockets.get(slot);
      if (socket) drop(socket);
    },
    leave(slot) {
      const socket = sockets.get(slot);
      if (!socket || socket.destroyed) return;
      socket.dropped = true;
      socket.destroy();
    },
    turn: turns.turn,
    async dispose() {
      disposed = true;
      turns.stir();
      for (const socket of sockets.values()) drop(socket);
      while (sockets.size > 0) await turns.turn(10);
    },
  };
}

function drop(socket: SlotSocket): void {
  if (socket.destroyed || socket.dropped) return;
  socket.dropped = true;
  // libuv refuses to reset while a shutdown is on its way, and node then leaks the descriptor: wait for its end, which
  // comes with the next round of the loop. (With bytes still to be written there is no shutdown yet.)
  const shuttingDown = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (socket.connecting) socket.destroy();
  else if (shuttingDown) socket.once('finish', socket.resetAndDestroy);
  else socket.resetAndDestroy();
}
