import { performance } from 'node:perf_hooks';
import type { Slot } from '../protocols/protocol.ts';
import { Departures } from './departures.ts';
import { resetWhenClosed } from './dial.ts';
import { causeOf, type Destination, type EndCause, type Engine, type EngineEvents } from './engine.ts';
import type { EngineOptions } from './engine-options.ts';
import { AllowedReads } from './epoll-allowed.ts';
import { ASK_EVERY_MS, EpollBacklog } from './epoll-backlog.ts';
import { EMPTY, type Found, MORE, REFILLED, UNSURE } from './epoll-found.ts';
import { ARRIVALS_MS, READ_BUFFER_BYTES, SLICE_MS, SLICES_MS, YIELD_EVERY_MS } from './epoll-pace.ts';
import { EpollPorts } from './epoll-ports.ts';
import { EpollSet } from './epoll-set.ts';
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP, type Libc, SHUT_WR } from './libc.ts';
import { type LocalEnd, localEndOf } from './local-end.ts';
import { sendMost } from './send-most.ts';
import { QUEUE_BOUNDS, SendQueues } from './send-queues.ts';
import { readSocketError } from './socket-error.ts';
import { CONNECTING, FIN_SENT, FIN_WANTED, PAUSED, PEER_FIN, WAITING } from './socket-states.ts';
import { Unread } from './unread.ts';

/**
 * Sockets through Linux's own calls: no object, closure or timer for a connection, only a few numbers per slot (14
 * bytes) in arrays made once. Edge-triggered: each socket is registered once and never again.
 *
 * A turn blocks its thread, so it belongs into a worker.
 */
export class EpollEngine implements Engine {
  readonly name = 'epoll';
  readonly #libc: Libc;
  readonly #events: EngineEvents;
  readonly #ports: EpollPorts;
  readonly #set: EpollSet;
  readonly #fds: Int32Array;
  readonly #states: Uint8Array;
  /** Told apart from the slot's earlier sockets, whose events may still lie in the batch at hand. */
  readonly #generations: Uint8Array;
  readonly #queues: SendQueues;
  readonly #unread = new Unread();
  readonly #allowed: AllowedReads;
  readonly #gone: Departures;
  readonly #backlog: EpollBacklog;
  readonly #readBuffer = new Uint8Array(READ_BUFFER_BYTES);
  /** Read since the turn last looked at the clock. */
  #bytesSinceLook = 0;
  #yieldedAtMs = performance.now();
  #disposed = false;

  constructor(libc: Libc, options: EngineOptions, events: EngineEvents) {
    this.#libc = libc;
    this.#events = events;
    this.#gone = new Departures(events);
    this.#ports = new EpollPorts(libc, options);
    this.#queues = new SendQueues(options.queueBounds ?? QUEUE_BOUNDS);
    this.#fds = new Int32Array(options.slots).fill(-1);
    this.#states = new Uint8Array(options.slots);
    this.#generations = new Uint8Array(options.slots);
    this.#set = new EpollSet(libc);
    const [ports, set, fds] = [this.#ports, this.#set, this.#fds];
    const fail = (slot: Slot, why: string): void => this.#close(slot, causeOf(why), why);
    this.#allowed = new AllowedReads(libc, this.#readBuffer, fds, this.#states, {
      came: (slot, bytes) => events.onBytes(slot, bytes),
      ended: (slot) => this.#peerFin(slot),
      broke: fail,
    });
    this.#backlog = new EpollBacklog({ ports, set, fds, states: this.#states, generations: this.#generations, fail });
  }

  open(slot: Slot, destination: Destination, sourceIp: string | undefined): void {
    this.#generations[slot] = (this.#generations[slot]! + 1) & 0xff;
    const failure = this.#ports.open(slot, destination, sourceIp, this.#register);
    if (failure !== undefined) this.#report(slot, causeOf(failure), failure);
    else if (this.#states[slot] === WAITING) this.#backlog.add(slot);
  }

  /** One for all connections: made once, since a closure each would be garbage. */
  readonly #register = (slot: Slot, fd: number): boolean => {
    const waits = this.#ports.isAtSocket(slot);
    if (!waits && !this.#set.add(fd, slot, this.#generations[slot]!)) return false;
    this.#fds[slot] = fd;
    this.#states[slot] = waits ? WAITING : CONNECTING;
    return true;
  };

  write(slot: Slot, bytes: Uint8Array, replaces = false): boolean {
    const fd = this.#fds[slot]!;
    if (fd < 0 || (this.#states[slot]! & FIN_WANTED) !== 0 || bytes.length === 0) return true;
    if (this.#queues.has(slot)) return this.#queues.push(slot, bytes, replaces);
    const sent = this.#send(slot, fd, bytes);
    // What is sent in part has to be sent whole.
    const mayReplace = replaces && sent === 0;
    return sent < 0 || sent === bytes.length || this.#queues.push(slot, bytes.subarray(sent), mayReplace);
  }

  readonly isQueued = (slot: Slot): boolean => this.#queues.has(slot);

  /** @returns bytes the socket took, −1 when it broke (which is dealt with) */
  #send(slot: Slot, fd: number, bytes: Uint8Array): number {
    const sent = sendMost(this.#libc, fd, bytes);
    if (typeof sent === 'number') return sent;
    this.#close(slot, causeOf(sent), sent);
    return -1;
  }

  finish(slot: Slot): void {
    const fd = this.#fds[slot]!;
    if (fd < 0 || (this.#states[slot]! & FIN_WANTED) !== 0) return;
    this.#states[slot] = this.#states[slot]! | FIN_WANTED;
    // Its peer's FIN lies behind what was not read.
    this.resumeReading(slot);
    if (!this.#queues.has(slot)) this.#sendFin(slot, fd);
  }

  #sendFin(slot: Slot, fd: number): void {
    const state = this.#states[slot]!;
    if ((state & PEER_FIN) !== 0) {
      this.#close(slot, 'closed', '');
      return;
    }
    this.#states[slot] = state | FIN_SENT;
    this.#libc.shutdown(fd, SHUT_WR);
  }

  abort(slot: Slot): void {
    const fd = this.#fds[slot]!;
    if (fd < 0) return;
    resetWhenClosed(this.#libc, fd);
    this.#close(slot, 'aborted', '');
  }

  leave(slot: Slot): void {
    this.#close(slot, 'aborted', '');
  }

  pauseReading(slot: Slot): void {
    if (this.#fds[slot]! < 0 || (this.#states[slot]! & FIN_WANTED) !== 0) return;
    this.#states[slot] = this.#states[slot]! | PAUSED;
    this.#unread.delete(slot);
  }

  resumeReading(slot: Slot): void {
    if (this.#fds[slot]! < 0 || (this.#states[slot]! & PAUSED) === 0) return;
    this.#states[slot] = this.#states[slot]! & ~PAUSED;
    this.#allowed.delete(slot);
    // What has come meanwhile was told already: an edge is told once.
    this.#unread.wait(slot);
  }

  readonly readSome = (slot: Slot, mostBytes: number): void => this.#allowed.allow(slot, mostBytes);
  readonly localEnd = (slot: Slot): LocalEnd | undefined => localEndOf(this.#libc, this.#fds[slot]!);
  descriptorOf(slot: Slot): number {
    return this.#fds[slot]!;
  }

  turn(maxWaitMs: number, gatherMs = 0): Promise<void> | undefined {
    const isDue = !this.#gone.isEmpty || this.#unread.size > 0 || this.#allowed.size > 0;
    const mostMs = isDue ? 0 : this.#backlog.isEmpty ? maxWaitMs : Math.min(maxWaitMs, ASK_EVERY_MS);
    this.#gone.report();
    const count = this.#set.wait(mostMs, gatherMs);
    if (!this.#backlog.isEmpty) this.#backlog.enter();
    const endsAtMs = performance.now() + ARRIVALS_MS;
    let isLate = false;
    for (let i = 0; i < count && !this.#disposed; i++) {
      this.#dispatch(this.#set.maskAt(i), this.#set.slotAt(i), this.#set.generationAt(i), isLate);
      if (this.#bytesSinceLook < READ_BUFFER_BYTES) continue;
      this.#bytesSinceLook = 0;
      isLate = performance.now() >= endsAtMs;
    }
    if (this.#unread.size > 0) this.#readOn();
    if (this.#allowed.size > 0) this.#allowed.read();
    this.#gone.report();
    const nowMs = performance.now();
    if (nowMs - this.#yieldedAtMs < YIELD_EVERY_MS) return undefined;
    this.#yieldedAtMs = nowMs;
    return new Promise((resolve) => setImmediate(resolve));
  }

  forEachUnread(visit: (slot: Slot, forMs: number) => void): void {
    this.#unread.forEach(visit);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#gone.silence();
    for (let slot = 0; slot < this.#fds.length; slot++) this.abort(slot);
    this.#set.close();
  }

  /** @param isLate the turn has taken long enough: what arrived is read in one that follows */
  #dispatch(mask: number, slot: Slot, generation: number, isLate: boolean): void {
    const fd = this.#fds[slot]!;
    if (fd < 0 || this.#generations[slot] !== generation) return;
    if ((this.#states[slot]! & CONNECTING) !== 0) {
      if ((mask & (EPOLLERR | EPOLLHUP)) !== 0 && this.#isBroken(slot, fd)) return;
      if ((mask & (EPOLLOUT | EPOLLIN)) === 0) return;
      this.#states[slot] = this.#states[slot]! & ~CONNECTING;
      this.#events.onConnected(slot);
    } else if ((mask & EPOLLOUT) !== 0) {
      this.#flush(slot, fd);
    }
    if ((mask & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) === 0) return;
    if ((this.#states[slot]! & PAUSED) !== 0) {
      if ((mask & EPOLLERR) !== 0) this.#isBroken(slot, fd);
      return;
    }
    // Its turn comes, with all that arrived by then.
    if (this.#unread.size > 0 && this.#unread.has(slot)) return;
    this.#unread.remember(slot, isLate ? UNSURE : this.#read(slot, mask, 0));
  }

  /** Whether the socket has an error, which is dealt with. */
  #isBroken(slot: Slot, fd: number): boolean {
    const why = readSocketError(this.#libc, fd);
    if (why !== undefined) this.#close(slot, causeOf(why), why);
    return why !== undefined;
  }

  /** A slice for each socket that had more, in turn. A socket that still has more then goes to the end. */
  #readOn(): void {
    let nowMs = performance.now();
    const endsAtMs = nowMs + SLICES_MS;
    for (let left = this.#unread.size; left > 0 && nowMs < endsAtMs && !this.#disposed; left--) {
      const slot = this.#unread.first();
      if (slot === undefined) return;
      // Whatever the end of what it sends looks like, it is found by reading on.
      const found = this.#read(slot, EPOLLIN | EPOLLERR, nowMs + SLICE_MS);
      if (found !== MORE) this.#unread.empty(slot);
      this.#unread.remember(slot, found);
      nowMs = performance.now();
    }
  }

  /**
   * Reads until there is nothing more, since an edge is told once, or until `untilMs`, after one read at the earliest.
   *
   * @returns whether there may be more, and whether it came after the socket had been empty
   */
  #read(slot: Slot, mask: number, untilMs: number): Found {
    const buffer = this.#readBuffer;
    const end = mask & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    let hasMore: Found = MORE;
    let reads = 0;
    let atFin = false;
    for (;;) {
      const fd = this.#fds[slot]!;
      // What was told of the last bytes may have ended the connection, or paused it.
      if (fd < 0 || (this.#states[slot]! & (PEER_FIN | PAUSED)) !== 0) return EMPTY;
      const count: number = atFin ? 0 : this.#libc.recv(fd, buffer, READ_BUFFER_BYTES, 0);
      if (count > 0) {
        this.#bytesSinceLook += count;
        this.#events.onBytes(slot, buffer.subarray(0, count));
        const isShort = count < READ_BUFFER_BYTES;
        // A short read has emptied the socket; only an end can lie behind it.
        if (isShort && end === 0) return EMPTY;
        if (isShort) hasMore = reads++ > 0 ? REFILLED : UNSURE;
        // With nothing but a FIN there it has come upon it: the call that would say so can be saved.
        atFin = isShort && end === EPOLLRDHUP;
        if (!atFin && this.#fds[slot]! >= 0 && performance.now() >= untilMs) return hasMore;
      } else if (count === 0) {
        this.#peerFin(slot);
        return EMPTY;
      } else {
        const why = this.#libc.errorName();
        if (why === 'EAGAIN') return EMPTY;
        if (why === 'EINTR') continue;
        this.#close(slot, causeOf(why), why);
        return EMPTY;
      }
    }
  }

  #peerFin(slot: Slot): void {
    this.#states[slot] = this.#states[slot]! | PEER_FIN;
    this.#events.onEnd(slot);
    if ((this.#states[slot]! & FIN_SENT) !== 0) this.#close(slot, 'closed', '');
  }

  #flush(slot: Slot, fd: number): void {
    const isEmpty = this.#queues.sendAll(slot, (bytes) => this.#send(slot, fd, bytes));
    if (isEmpty && (this.#states[slot]! & FIN_WANTED) !== 0) this.#sendFin(slot, fd);
  }

  #close(slot: Slot, cause: EndCause, detail: string): void {
    const fd = this.#fds[slot]!;
    if (fd < 0) return;
    this.#libc.close(fd);
    this.#fds[slot] = -1;
    this.#queues.delete(slot);
    this.#unread.delete(slot);
    this.#allowed.delete(slot);
    this.#ports.closed(slot);
    this.#report(slot, cause, detail);
  }

  #report(slot: Slot, cause: EndCause, detail: string): void {
    this.#states[slot] = 0;
    this.#gone.add(slot, cause, detail);
  }
}
