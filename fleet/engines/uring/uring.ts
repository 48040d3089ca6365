import { performance } from 'node:perf_hooks';
import type { Slot } from '../../protocols/protocol.ts';
import { Departures } from '../departures.ts';
import { causeOf, type Destination, END_CAUSES, type EndCause, type Engine, type EngineEvents } from '../engine.ts';
import type { EngineOptions } from '../engine-options.ts';
import { YIELD_EVERY_MS } from '../epoll-pace.ts';
import { type Libc, SHUT_WR } from '../libc.ts';
import { type LocalEnd, localEndOf } from '../local-end.ts';
import { QUEUE_BOUNDS } from '../send-queues.ts';
import { CONNECTING, FIN_SENT, FIN_WANTED, PAUSED, PEER_FIN } from '../socket-states.ts';
import { FIXED, OP, SKIP, SQE } from './abi.ts';
import { Area } from './area.ts';
import { Borrowed } from './borrowed.ts';
import type { UringCalls } from './calls.ts';
import { Dialer } from './dialer.ts';
import { Polls } from './polls.ts';
import { Reader } from './reader.ts';
import { Rings } from './rings.ts';
import { Sender } from './sender.ts';
import { SocketOptions } from './socket-options.ts';
import { CLOSING, KIND, KIND_BITS, KIND_MASK, LIVE, NO_DELAY } from './states.ts';

/** Times that a turn goes to the kernel: what was found is read, and what came of that is sent. */
const ROUNDS = 3;
/** So long a disposal waits for sockets to be closed. */
const DISPOSE_MS = 2000;
/** A wait that is part of it. */
const DISPOSE_TURN_MS = 20;

/**
 * Sockets through io_uring: opened, connected, read, written and closed in batches, a few calls for all that is due. Sockets are
 * direct descriptors, so a thread may have any number of them. An idle one is a parked poll and 8 bytes in arrays made once.
 *
 * A turn blocks its thread, so it belongs into a worker.
 */
export class UringEngine implements Engine {
  readonly name = 'uring';
  readonly #events: EngineEvents;
  readonly #libc: Libc;
  readonly #rings: Rings;
  readonly #options: SocketOptions;
  readonly #dialer: Dialer;
  readonly #polls: Polls;
  readonly #reader: Reader;
  readonly #sender: Sender;
  readonly #borrowed: Borrowed;
  readonly #gone: Departures;
  readonly #states: Uint16Array;
  /** What the kernel has yet to tell of a slot; it is gone only then, so that nothing of it meets the next one. */
  readonly #untold: Uint8Array;
  readonly #causes: Uint8Array;
  readonly #details = new Map<Slot, string>();
  #yieldedAtMs = performance.now();
  #hadSome = false;
  #disposed = false;

  /** @throws when the system refuses; see probe.ts */
  constructor(calls: UringCalls, libc: Libc, options: EngineOptions, events: EngineEvents) {
    this.#events = events;
    this.#libc = libc;
    this.#rings = new Rings(calls, libc, options.slots);
    this.#options = new SocketOptions(calls);
    this.#gone = new Departures(events);
    this.#states = new Uint16Array(options.slots);
    this.#untold = new Uint8Array(options.slots);
    this.#causes = new Uint8Array(options.slots);
    const shared = {
      rings: this.#rings,
      states: this.#states,
      untold: this.#untold,
      fail: (slot: Slot, errno: number): void => this.#fail(slot, errno),
    };
    this.#dialer = new Dialer(calls, libc, shared, this.#options, options);
    this.#polls = new Polls(shared);
    this.#reader = new Reader(shared, new Area(calls), this.#polls, {
      came: (slot, bytes) => events.onBytes(slot, bytes),
      ended: (slot) => this.#peerFin(slot),
    });
    const bounds = options.queueBounds ?? QUEUE_BOUNDS;
    const sendFin = (slot: Slot): void => this.#sendFin(slot);
    this.#sender = new Sender(shared, new Area(calls), this.#polls, this.#options, bounds, sendFin);
    this.#borrowed = new Borrowed(libc, this.#rings);
  }

  open(slot: Slot, destination: Destination, sourceIp: string | undefined): void {
    this.#states[slot] = 'path' in destination ? LIVE | CONNECTING | NO_DELAY : LIVE | CONNECTING;
    this.#dialer.open(slot, destination, sourceIp);
  }

  write(slot: Slot, bytes: Uint8Array, replaces = false): boolean {
    if (!this.#isLive(slot) || (this.#states[slot]! & FIN_WANTED) !== 0 || bytes.length === 0) return true;
    return this.#sender.write(slot, bytes, replaces);
  }

  readonly isQueued = (slot: Slot): boolean => this.#sender.isQueued(slot);

  finish(slot: Slot): void {
    if (!this.#isLive(slot) || (this.#states[slot]! & FIN_WANTED) !== 0) return;
    this.#states[slot]! |= FIN_WANTED;
    // Its peer's FIN lies behind what was not read.
    this.resumeReading(slot);
    if ((this.#states[slot]! & CONNECTING) === 0 && !this.#sender.isQueued(slot)) this.#sendFin(slot);
  }

  #sendFin(slot: Slot): void {
    if ((this.#states[slot]! & PEER_FIN) !== 0) {
      this.#close(slot, 'closed', '');
      return;
    }
    this.#states[slot]! |= FIN_SENT;
    const ring = this.#rings.of(slot);
    const at = ring.add(OP.shutdown, FIXED | SKIP, slot - ring.base, slot, KIND.untold);
    ring.words[at + SQE.length] = SHUT_WR;
  }

  abort(slot: Slot): void {
    if (!this.#isLive(slot)) return;
    this.#options.resetWhenClosed(this.#rings.of(slot), slot);
    this.#close(slot, 'aborted', '');
  }

  leave(slot: Slot): void {
    this.#close(slot, 'aborted', '');
  }

  pauseReading(slot: Slot): void {
    if (this.#isLive(slot) && (this.#states[slot]! & FIN_WANTED) === 0) this.#reader.pause(slot);
  }

  resumeReading(slot: Slot): void {
    if (this.#isLive(slot) && (this.#states[slot]! & PAUSED) !== 0) this.#reader.resume(slot);
  }

  readonly readSome = (slot: Slot, mostBytes: number): void => {
    if (this.#isLive(slot)) this.#reader.allow(slot, mostBytes);
  };

  descriptorOf(slot: Slot): number {
    return this.#isLive(slot) ? this.#borrowed.borrow(slot) : -1;
  }

  readonly localEnd = (slot: Slot): LocalEnd | undefined => localEndOf(this.#libc, this.descriptorOf(slot));

  turn(maxWaitMs: number, gatherMs = 0): Promise<void> | undefined {
    const isDue = !this.#gone.isEmpty || this.#reader.isDue || this.#sender.isDue || this.#dialer.isDue;
    this.#gone.report();
    this.#borrowed.giveBack();
    // Woken for each few that come, a thread would spend more on waking than on them.
    if (gatherMs > 0 && this.#hadSome && !this.#disposed) {
      this.#reader.begin();
      this.#rings.gather(gatherMs);
    }
    this.#hadSome = this.#round(isDue ? 0 : Math.min(maxWaitMs, this.#dialer.patienceMs)) > 0;
    for (let round = 1; round < ROUNDS && this.#isAnyDue; round++) this.#round(0);
    this.#gone.report();
    const nowMs = performance.now();
    if (nowMs - this.#yieldedAtMs < YIELD_EVERY_MS) return undefined;
    this.#yieldedAtMs = nowMs;
    return new Promise((resolve) => setImmediate(resolve));
  }

  get #isAnyDue(): boolean {
    return !this.#disposed && (this.#rings.isDue || this.#reader.isDue);
  }

  /** @returns completions that were told */
  #round(maxWaitMs: number): number {
    if (this.#disposed) return 0;
    this.#dialer.step();
    this.#sender.flush();
    this.#reader.begin();
    return this.#rings.turn(maxWaitMs, this.#complete);
  }

  forEachUnread(visit: (slot: Slot, forMs: number) => void): void {
    this.#reader.forEachUnread(visit);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#gone.silence();
    for (let slot = 0; slot < this.#states.length; slot++) this.abort(slot);
    const endsAtMs = performance.now() + DISPOSE_MS;
    while (this.#untold.some((count) => count > 0) && performance.now() < endsAtMs) {
      this.#rings.turn(DISPOSE_TURN_MS, this.#complete);
    }
    this.#disposed = true;
    this.#borrowed.giveBack();
    this.#rings.close();
  }

  readonly #complete = (slot: Slot, word: number, result: number, flags: number): void => {
    const kind = word & KIND_MASK;
    if (kind === KIND.untold || kind === KIND.install) return;
    const piece = word >>> KIND_BITS;
    this.#untold[slot]!--;
    if ((this.#states[slot]! & CLOSING) !== 0) {
      if (kind === KIND.connect) this.#dialer.waits(slot, result, true);
      if (kind === KIND.read) this.#reader.giveBack();
      if (kind === KIND.send) this.#sender.giveBack();
      if (this.#untold[slot] === 0) this.#left(slot);
      return;
    }
    switch (kind) {
      case KIND.pollIn:
        this.#reader.isReady(slot, result);
        break;
      case KIND.read:
        this.#reader.complete(slot, piece, result, flags);
        break;
      case KIND.send:
        this.#sender.complete(slot, piece, result);
        break;
      case KIND.connect:
        this.#connected(slot, result);
        break;
      case KIND.pollOut:
        this.#sender.isReady(slot);
        break;
      case KIND.pollErrors:
        this.#reader.isBroken(slot, result);
        break;
      case KIND.error:
        if (result < 0) this.#fail(slot, -result);
        break;
    }
  };

  #connected(slot: Slot, result: number): void {
    if (this.#dialer.waits(slot, result, false)) return;
    if (result < 0) {
      const why = this.#libc.nameOf(-result);
      if (!this.#dialer.tryAgain(slot, why)) this.#close(slot, causeOf(why), why);
      return;
    }
    this.#dialer.connected(slot);
    this.#states[slot]! &= ~CONNECTING;
    this.#events.onConnected(slot);
    if (!this.#isLive(slot)) return;
    this.#sender.begin(slot);
    this.#reader.listen(slot);
    if ((this.#states[slot]! & (FIN_WANTED | FIN_SENT)) === FIN_WANTED && !this.#sender.isQueued(slot)) {
      this.#sendFin(slot);
    }
  }

  #peerFin(slot: Slot): void {
    this.#states[slot]! |= PEER_FIN;
    this.#events.onEnd(slot);
    if ((this.#states[slot]! & FIN_SENT) !== 0) this.#close(slot, 'closed', '');
  }

  #isLive(slot: Slot): boolean {
    return (this.#states[slot]! & (LIVE | CLOSING)) === LIVE;
  }

  #fail(slot: Slot, errno: number): void {
    const why = this.#libc.nameOf(errno);
    this.#close(slot, causeOf(why), why);
  }

  /** Gives its descriptor back; what the kernel has of it is told first. */
  #close(slot: Slot, cause: EndCause, detail: string): void {
    if (!this.#isLive(slot)) return;
    const isConnecting = (this.#states[slot]! & CONNECTING) !== 0;
    this.#polls.cancelAll(slot, isConnecting);
    const ring = this.#rings.of(slot);
    const at = ring.add(OP.close, 0, 0, slot, KIND.close);
    ring.words[at + SQE.fileIndex] = slot - ring.base + 1;
    this.#untold[slot]!++;
    this.#states[slot]! |= CLOSING;
    this.#causes[slot] = END_CAUSES.indexOf(cause);
    if (detail !== '') this.#details.set(slot, detail);
    this.#sender.delete(slot);
    this.#reader.delete(slot);
  }

  /** Its descriptor is back, and nothing of it is in the kernel any more. */
  #left(slot: Slot): void {
    this.#states[slot] = 0;
    this.#dialer.closed(slot);
    const detail = this.#details.size > 0 ? (this.#details.get(slot) ?? '') : '';
    this.#details.delete(slot);
    this.#gone.add(slot, END_CAUSES[this.#causes[slot]!]!, detail);
  }
}
