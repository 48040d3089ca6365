import type { Slot } from '../../protocols/protocol.ts';
import { MSG_NOSIGNAL } from '../libc.ts';
import { type QueueBounds, SendQueues } from '../send-queues.ts';
import { CONNECTING, FIN_SENT, FIN_WANTED } from '../socket-states.ts';
import { FIXED, MSG_DONTWAIT, OP, SQE } from './abi.ts';
import type { Area } from './area.ts';
import { EAGAIN, EINTR } from './errors.ts';
import type { Polls } from './polls.ts';
import type { SharedParts } from './shared-parts.ts';
import type { SocketOptions } from './socket-options.ts';
import { HAS_WRITTEN, KIND, KIND_BITS, NO_DELAY, POLLS_OUT, SENDING } from './states.ts';

/** Sent at once of one connection. */
const MOST_BYTES = 65_536;

/** Sends in order: one piece of a connection at a time, and what comes meanwhile is queued. No send waits in the kernel. */
export class Sender {
  readonly #parts: SharedParts;
  readonly #area: Area;
  readonly #polls: Polls;
  readonly #options: SocketOptions;
  readonly #queues: SendQueues;
  readonly #isEmpty: (slot: Slot) => void;
  /** There was no room for them. Some may be gone, or here twice. */
  #waiting: Slot[] = [];

  /** @param isEmpty all was sent, and FIN is due */
  constructor(
    parts: SharedParts,
    area: Area,
    polls: Polls,
    options: SocketOptions,
    bounds: QueueBounds,
    isEmpty: (slot: Slot) => void,
  ) {
    this.#parts = parts;
    this.#area = area;
    this.#polls = polls;
    this.#options = options;
    this.#queues = new SendQueues(bounds);
    this.#isEmpty = isEmpty;
  }

  get isDue(): boolean {
    return this.#waiting.length > 0;
  }

  isQueued(slot: Slot): boolean {
    return (this.#parts.states[slot]! & SENDING) !== 0 || this.#queues.has(slot);
  }

  /** @returns as an engine's `write` */
  write(slot: Slot, bytes: Uint8Array, replaces: boolean): boolean {
    if (this.isQueued(slot) || (this.#parts.states[slot]! & CONNECTING) !== 0) {
      return this.#queues.push(slot, bytes, replaces);
    }
    const sent = this.#send(slot, bytes);
    if (sent === bytes.length) return true;
    if (sent === 0) this.#waiting.push(slot);
    return this.#queues.push(slot, bytes.subarray(sent), replaces && sent === 0);
  }

  /** What was written before it was connected. */
  begin(slot: Slot): void {
    if (this.#queues.has(slot)) this.#next(slot);
  }

  /** Those for which there was no room. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const slot of waiting) {
      const isReady = (this.#parts.states[slot]! & (SENDING | POLLS_OUT | CONNECTING)) === 0;
      if (isReady && this.#queues.has(slot)) this.#next(slot);
    }
  }

  /** The socket is being closed. */
  delete(slot: Slot): void {
    this.#queues.delete(slot);
  }

  /** What was sent of one that is being closed is nobody's. */
  giveBack(): void {
    this.#area.giveBack();
  }

  complete(slot: Slot, piece: number, result: number): void {
    this.#parts.states[slot]! &= ~SENDING;
    const length = this.#area.lengthOf(piece);
    const wasTaken = Math.max(0, result);
    const isFull = wasTaken < length && (result >= 0 || result === -EAGAIN);
    if (isFull || result === -EINTR) this.#queues.putBack(slot, this.#area.read(piece, wasTaken, length));
    this.#area.giveBack();
    if (isFull) this.#polls.forRoom(slot);
    else if (result >= 0 || result === -EINTR) this.#next(slot);
    else this.#parts.fail(slot, -result);
  }

  /** There is room, or what is sent next will say why there is none. */
  isReady(slot: Slot): void {
    this.#polls.told(slot, POLLS_OUT);
    this.#next(slot);
  }

  #next(slot: Slot): void {
    const first = this.#queues.first(slot);
    if (first === undefined) {
      if ((this.#parts.states[slot]! & (FIN_WANTED | FIN_SENT)) === FIN_WANTED) this.#isEmpty(slot);
      return;
    }
    const sent = this.#send(slot, first);
    if (sent > 0) this.#queues.took(slot, sent);
    else this.#waiting.push(slot);
  }

  /** @returns how many bytes are on their way; 0 when there was no room */
  #send(slot: Slot, bytes: Uint8Array): number {
    const { states, untold, rings } = this.#parts;
    const length = Math.min(bytes.length, MOST_BYTES);
    const piece = this.#area.lend(length);
    if (piece < 0) return 0;
    this.#area.write(piece, length === bytes.length ? bytes : bytes.subarray(0, length));
    const ring = rings.of(slot);
    // What is written first has nothing to wait for.
    const isLater = (states[slot]! & (HAS_WRITTEN | NO_DELAY)) === HAS_WRITTEN;
    if (isLater) this.#options.noDelay(ring, slot);
    states[slot]! |= SENDING | HAS_WRITTEN | (isLater ? NO_DELAY : 0);
    untold[slot]!++;
    const at = ring.add(OP.send, FIXED, slot - ring.base, slot, KIND.send | (piece << KIND_BITS));
    ring.point(at, SQE.address, this.#area.addressOf(piece));
    ring.words[at + SQE.length] = length;
    ring.words[at + SQE.opFlags] = MSG_DONTWAIT | MSG_NOSIGNAL;
    return length;
  }
}
