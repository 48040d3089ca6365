import type { Slot } from '../../protocols/protocol.ts';
import { HeldBack } from '../held-back.ts';
import { EPOLLERR, EPOLLHUP, EPOLLRDHUP, MSG_NOSIGNAL } from '../libc.ts';
import { CONNECTING, PAUSED, PEER_FIN } from '../socket-states.ts';
import { Unread } from '../unread.ts';
import { CQE_SOCK_NONEMPTY, FIXED, MSG_DONTWAIT, OP, SQE } from './abi.ts';
import type { Area } from './area.ts';
import { EAGAIN, ECANCELED, EINTR } from './errors.ts';
import type { Polls } from './polls.ts';
import type { SharedParts } from './shared-parts.ts';
import { CLOSING, FIN_CAME, KIND, KIND_BITS, LIVE, POLLS_ERRORS, POLLS_IN, READING } from './states.ts';

/** Read at once of what has just come: more than an answer has, so that many have a place. */
const FIRST_BYTES = 4096;
/** The same of a socket that had more. What a protocol makes of so much takes a few milliseconds at the most, whatever it is. */
const NEXT_BYTES = 16_384;

/** What an engine does with what was found at a socket. */
interface Found {
  came(slot: Slot, bytes: Uint8Array): void;
  ended(slot: Slot): void;
}

/**
 * Reads of sockets that have something, which is polled for; no read waits in the kernel. A socket that has more gets a few more reads
 * in each turn.
 */
export class Reader {
  readonly #parts: SharedParts;
  readonly #area: Area;
  readonly #polls: Polls;
  readonly #found: Found;
  /** Something has come, and is to be read for the first time. Some may be gone, or here twice. */
  #ready: Slot[] = [];
  readonly #unread = new Unread();
  /** Paused ones that may read so much all the same, once. */
  readonly #allowed = new Map<Slot, number>();
  /** Read already when they were paused. */
  readonly #heldBack = new HeldBack();

  constructor(parts: SharedParts, area: Area, polls: Polls, found: Found) {
    this.#parts = parts;
    this.#area = area;
    this.#polls = polls;
    this.#found = found;
  }

  get isDue(): boolean {
    return this.#ready.length > 0 || this.#unread.size > 0 || this.#allowed.size > 0;
  }

  forEachUnread(visit: (slot: Slot, forMs: number) => void): void {
    this.#unread.forEach(visit);
  }

  /** Has the kernel tell what happens next: all of it, or of a paused one errors alone. */
  listen(slot: Slot): void {
    const state = this.#parts.states[slot]!;
    if ((state & (PEER_FIN | READING | POLLS_IN)) !== 0) return;
    if ((state & PAUSED) === 0) this.#polls.forInput(slot);
    else this.#polls.forErrors(slot);
  }

  pause(slot: Slot): void {
    this.#parts.states[slot]! |= PAUSED;
    this.#unread.delete(slot);
    this.#heldBack.hold(slot);
    this.listen(slot);
  }

  resume(slot: Slot): void {
    this.#parts.states[slot]! &= ~PAUSED;
    this.#allowed.delete(slot);
    this.#polls.cancelErrors(slot);
    this.#heldBack.release(slot);
    // What has come meanwhile was told already.
    this.#unread.wait(slot);
  }

  allow(slot: Slot, mostBytes: number): void {
    if ((this.#parts.states[slot]! & PAUSED) === 0) return;
    this.#allowed.set(slot, mostBytes);
    this.#heldBack.release(slot);
  }

  /** The socket is being closed. */
  delete(slot: Slot): void {
    this.#unread.delete(slot);
    this.#allowed.delete(slot);
    this.#heldBack.delete(slot);
  }

  /** What was read of one that is being closed is nobody's. */
  giveBack(): void {
    this.#area.giveBack();
  }

  /** Begins to read what is due, as much as there is room for; from a turn, since it may tell something. */
  begin(): void {
    if (this.#heldBack.isDue) this.#heldBack.tell(this.#tellHeldBack);
    for (const [slot, mostBytes] of this.#allowed) {
      if (!this.#read(slot, Math.min(mostBytes, NEXT_BYTES), 0)) return;
    }
    if (this.#unread.size > 0) {
      for (const slot of this.#unread.slots()) {
        if (!this.#area.isLessThanHalfUsed || !this.#read(slot, NEXT_BYTES, PAUSED)) break;
      }
    }
    if (this.#ready.length > 0) this.#readReady();
  }

  #readReady(): void {
    let begun = 0;
    while (begun < this.#ready.length && this.#read(this.#ready[begun]!, FIRST_BYTES, PAUSED)) begun++;
    this.#ready = begun === this.#ready.length ? [] : this.#ready.slice(begun);
  }

  /** @returns false when there is no room */
  #read(slot: Slot, mostBytes: number, unless: number): boolean {
    const { states, untold, rings } = this.#parts;
    const state = states[slot]!;
    if ((state & (LIVE | CLOSING | CONNECTING | PEER_FIN | READING | unless)) !== LIVE) return true;
    const piece = this.#area.lend(mostBytes);
    if (piece < 0) return false;
    states[slot] = state | READING;
    untold[slot]!++;
    const ring = rings.of(slot);
    const at = ring.add(OP.recv, FIXED, slot - ring.base, slot, KIND.read | (piece << KIND_BITS));
    ring.point(at, SQE.address, this.#area.addressOf(piece));
    ring.words[at + SQE.length] = mostBytes;
    ring.words[at + SQE.opFlags] = MSG_DONTWAIT;
    return true;
  }

  /** Something has come. @param mask what the poll says; below 0: why there is none */
  isReady(slot: Slot, mask: number): void {
    const { states } = this.#parts;
    this.#polls.told(slot, POLLS_IN);
    if (mask < 0) {
      this.#parts.fail(slot, -mask);
      return;
    }
    // An error may lie behind what is there, in place of an end.
    if ((mask & EPOLLERR) !== 0) states[slot]! &= ~FIN_CAME;
    else if ((mask & (EPOLLRDHUP | EPOLLHUP)) !== 0) states[slot]! |= FIN_CAME;
    if ((states[slot]! & PAUSED) === 0) {
      if (!this.#unread.has(slot)) this.#ready.push(slot);
    } else if ((mask & EPOLLERR) !== 0) this.#askForError(slot);
    // Of what both ends have closed a poll would tell at once, again and again.
    else if ((mask & EPOLLHUP) === 0) this.#polls.forErrors(slot);
  }

  /** The other poll of a paused one. @param mask as above */
  isBroken(slot: Slot, mask: number): void {
    this.#polls.told(slot, POLLS_ERRORS);
    if (mask === -ECANCELED) {
      if ((this.#parts.states[slot]! & PAUSED) !== 0) this.listen(slot);
    } else if (mask < 0) this.#parts.fail(slot, -mask);
    else if ((mask & EPOLLERR) !== 0) this.#askForError(slot);
  }

  /** To send nothing fails where the socket is broken, and leaves what is to be read. */
  #askForError(slot: Slot): void {
    const { untold, rings } = this.#parts;
    untold[slot]!++;
    const ring = rings.of(slot);
    const at = ring.add(OP.send, FIXED, slot - ring.base, slot, KIND.error);
    ring.words[at + SQE.opFlags] = MSG_DONTWAIT | MSG_NOSIGNAL;
  }

  complete(slot: Slot, piece: number, result: number, flags: number): void {
    const { states } = this.#parts;
    states[slot]! &= ~READING;
    const wasAllowed = this.#allowed.get(slot);
    // One that was paused while it was read hears of it when it goes on.
    const isHeld = (states[slot]! & PAUSED) !== 0 && wasAllowed === undefined;
    if (result > 0) {
      const isWhole = result < this.#area.lengthOf(piece);
      const bytes = this.#area.read(piece, 0, result);
      if (isHeld) this.#heldBack.push(slot, bytes);
      else this.#found.came(slot, bytes);
      this.#area.giveBack();
      this.#goOn(slot, result, isWhole, flags, wasAllowed);
      return;
    }
    this.#area.giveBack();
    if (result === 0 && isHeld) this.#heldBack.end(slot);
    else if (result === 0) this.#ended(slot);
    else if (result === -EAGAIN) {
      this.#allowed.delete(slot);
      this.#unread.empty(slot);
      this.listen(slot);
    } else if (result === -EINTR) this.#ready.push(slot);
    else this.#parts.fail(slot, -result);
  }

  #ended(slot: Slot): void {
    this.#unread.delete(slot);
    this.#found.ended(slot);
  }

  #goOn(slot: Slot, count: number, isWhole: boolean, flags: number, wasAllowed: number | undefined): void {
    const state = this.#parts.states[slot]!;
    if ((state & (LIVE | CLOSING | PEER_FIN)) !== LIVE) return;
    const hasMore = !isWhole || (flags & CQE_SOCK_NONEMPTY) !== 0;
    if ((state & PAUSED) !== 0) {
      const left = (wasAllowed ?? 0) - count;
      if (hasMore && left > 0) this.#allowed.set(slot, left);
      else this.#allowed.delete(slot);
      if (isWhole && (state & FIN_CAME) !== 0 && wasAllowed !== undefined) this.#ended(slot);
      else this.listen(slot);
    } else if (isWhole && (state & FIN_CAME) !== 0) {
      // It has come upon the end: the read that would say so can be saved.
      this.#ended(slot);
    } else if (hasMore) this.#unread.add(slot);
    else {
      this.#unread.empty(slot);
      this.#polls.forInput(slot);
    }
  }

  readonly #tellHeldBack = (slot: Slot, bytes: Uint8Array | undefined): void => {
    if (bytes === undefined) this.#ended(slot);
    else this.#found.came(slot, bytes);
  };
}
