import { type NetConnectOpts, Socket } from 'node:net';
import type { Slot } from '../protocols/protocol.ts';
import { causeOf, type Destination, type EndCause, type Engine, type EngineEvents } from './engine.ts';
import { createNodeBacklog } from './node-backlog.ts';
import { createTurns } from './node-turns.ts';
import { createNodeUnread } from './node-unread.ts';
import { QUEUE_BOUNDS, type QueueBounds, SendQueues } from './send-queues.ts';

export interface NodeEngineOptions {
  /** What may wait to be sent; 4 MiB for each connection and 32 MiB for all by default. */
  readonly queueBounds?: QueueBounds;
}

interface SlotSocket extends Socket {
  slot: Slot;
  /** It goes to a Unix socket, which has no resets and a backlog that may be full. */
  path: string | undefined;
  /** We dropped it before anything else ended it. */
  dropped: boolean;
  /** `finish` was called; FIN follows what is queued. */
  finishing: boolean;
  /** Nothing is read until somebody says so. */
  paused: boolean;
}

/** Size of the one buffer that all sockets read into: what a protocol makes of so much takes a few ms at the most. */
const READ_BUFFER_BYTES = 16_384;

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
  const queues = new SendQueues(options.queueBounds ?? QUEUE_BOUNDS);
  const backlog = createNodeBacklog({
    open: (slot, path) => open(slot, { path }, undefined),
    onAborted(slot) {
      if (disposed) return;
      turns.stir();
      events.onGone(slot, 'aborted', '');
    },
  });
  const unread = createNodeUnread((slot) => sockets.get(slot)?.resume());
  const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const socketOptions = {
    allowHalfOpen: true,
    noDelay: true,
    // Each write that doesn't go through at once is followed by `drain`: all else waits in our own queue, with its bounds.
    writableHighWaterMark: 1,
    onread: {
      buffer: readBuffer,
      /** @returns false to read no more for now: libuv would go on with the same socket while it has more */
      callback(this: SlotSocket, byteCount: number): boolean {
        turns.stir();
        if (this.dropped) return true;
        events.onBytes(this.slot, readBuffer.subarray(0, byteCount));
        if (this.paused) return false;
        if (byteCount < READ_BUFFER_BYTES || this.dropped) return true;
        unread.add(this.slot);
        return false;
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

  function onDrain(this: SlotSocket): void {
    while (queues.has(this.slot) && this.writable && this.writableLength === 0) {
      const first = queues.first(this.slot)!;
      queues.took(this.slot, first.length);
      this.write(first);
    }
    if (this.finishing && this.writable && !queues.has(this.slot)) this.end();
  }

  function resume(socket: SlotSocket): void {
    if (!socket.paused) return;
    socket.paused = false;
    socket.resume();
  }

  function drop(socket: SlotSocket): void {
    if (socket.destroyed || socket.dropped) return;
    socket.dropped = true;
    forget(socket.slot);
    reset(socket);
  }

  function forget(slot: Slot): void {
    queues.delete(slot);
    unread.delete(slot);
  }

  function onClose(this: SlotSocket): void {
    turns.stir();
    sockets.delete(this.slot);
    forget(this.slot);
    if (disposed) return;
    if (this.path !== undefined && !this.dropped && isBacklogFull(this.errored)) {
      backlog.add(this.slot, this.path);
      return;
    }
    const error: NodeJS.ErrnoException | null = this.errored;
    const cause: EndCause = this.dropped ? 'aborted' : error ? causeOf(error.code) : 'closed';
    events.onGone(this.slot, cause, error && !this.dropped ? error.message : '');
  }

  function open(slot: Slot, destination: Destination, sourceIp: string | undefined): void {
    const socket = new Socket(socketOptions) as SlotSocket;
    socket.slot = slot;
    socket.path = 'path' in destination ? destination.path : undefined;
    socket.dropped = false;
    socket.finishing = false;
    socket.paused = false;
    socket.on('connect', onConnect).on('end', onEnd).on('error', onError).on('close', onClose).on('drain', onDrain);
    sockets.set(slot, socket);
    try {
      socket.connect(connectOptions(destination, sourceIp));
    } catch (error) {
      socket.destroy(error as Error);
    }
  }

  return {
    name: 'node',
    open(slot, destination, sourceIp) {
      // First come, first served.
      if ('path' in destination && !backlog.isEmpty) backlog.add(slot, destination.path);
      else open(slot, destination, sourceIp);
    },
    write(slot, bytes, replaces = false) {
      const socket = sockets.get(slot);
      if (!socket?.writable || socket.dropped || socket.finishing || bytes.length === 0) return true;
      if (socket.writableLength > 0) return queues.push(slot, bytes, replaces);
      // Copied even when the socket takes all at once: node doesn't say beforehand, and reads what is left later.
      socket.write(Buffer.from(bytes));
      return true;
    },
    isQueued(slot) {
      return queues.has(slot) || (sockets.get(slot)?.writableLength ?? 0) > 0;
    },
    finish(slot) {
      const socket = sockets.get(slot);
      if (!socket?.writable || socket.finishing) return;
      socket.finishing = true;
      // Its peer's FIN lies behind what was not read.
      resume(socket);
      if (!queues.has(slot)) socket.end();
    },
    abort(slot) {
      const socket = sockets.get(slot);
      if (socket) drop(socket);
      else backlog.abort(slot);
    },
    leave(slot) {
      const socket = sockets.get(slot);
      if (!socket || socket.destroyed) return;
      socket.dropped = true;
      socket.destroy();
    },
    pauseReading(slot) {
      const socket = sockets.get(slot);
      if (!socket || socket.dropped || socket.finishing) return;
      socket.paused = true;
      unread.delete(slot);
      socket.pause();
    },
    resumeReading(slot) {
      const socket = sockets.get(slot);
      if (socket) resume(socket);
    },
    descriptorOf: (slot) => descriptorOf(sockets.get(slot)),
    turn: turns.turn,
    forEachUnread: unread.forEach,
    async dispose() {
      disposed = true;
      backlog.dispose();
      turns.stir();
      for (const socket of sockets.values()) drop(socket);
      while (sockets.size > 0) await turns.turn(10);
    },
  };
}

/** For Node's sockets. */
export function connectOptions(destination: Destination, sourceIp: string | undefined): NetConnectOpts {
  if ('path' in destination) return destination;
  const { ip: host, port } = destination;
  return sourceIp === undefined ? { host, port } : { host, port, localAddress: sourceIp };
}

/** Node has no name for it, and has kept it in this place since libuv came (net.js). */
export function descriptorOf(socket: Socket | undefined): number {
  const { _handle } = (socket ?? {}) as { readonly _handle?: { readonly fd?: number } | null };
  return _handle?.fd ?? -1;
}

/** libuv doesn't wait either: see `enter` in dial.ts. */
const isBacklogFull = (error: NodeJS.ErrnoException | null): boolean => error?.code === 'EAGAIN';

function reset(socket: SlotSocket): void {
  // libuv refuses to reset while a shutdown is on its way, and node then leaks the descriptor: wait for its end, which
  // comes with the next round of the loop. (With bytes still to be written there is no shutdown yet.)
  const shuttingDown = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (socket.connecting || socket.path !== undefined) socket.destroy();
  else if (shuttingDown) socket.once('finish', socket.resetAndDestroy);
  else socket.resetAndDestroy();
}
