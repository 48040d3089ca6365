import type { Slot } from '../../protocols/protocol.ts';
import { EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../libc.ts';
import { FIXED, OP, SKIP, SQE } from './abi.ts';
import type { SharedParts } from './shared-parts.ts';
import { KIND, POLLS_ERRORS, POLLS_IN, POLLS_OUT } from './states.ts';

/** Asks the kernel to tell, once, when something can be done at a socket. It parks less for that than for a read. */
export class Polls {
  readonly #parts: SharedParts;

  constructor(parts: SharedParts) {
    this.#parts = parts;
  }

  /** When something has come, an end included. */
  forInput(slot: Slot): void {
    this.#add(slot, POLLS_IN, KIND.pollIn, EPOLLIN | EPOLLRDHUP);
  }

  /** When there is room to send. */
  forRoom(slot: Slot): void {
    this.#add(slot, POLLS_OUT, KIND.pollOut, EPOLLOUT);
  }

  /** When it breaks: that is told whatever is asked for. */
  forErrors(slot: Slot): void {
    this.#add(slot, POLLS_ERRORS, KIND.pollErrors, 0);
  }

  /** One of them has been told: there is none of its kind any more. */
  told(slot: Slot, bit: number): void {
    this.#parts.states[slot]! &= ~bit;
  }

  cancelErrors(slot: Slot): void {
    if ((this.#parts.states[slot]! & POLLS_ERRORS) !== 0) this.#cancel(slot, KIND.pollErrors);
  }

  /** All that there is; each is told all the same. */
  cancelAll(slot: Slot, isConnecting: boolean): void {
    const state = this.#parts.states[slot]!;
    if (isConnecting) this.#cancel(slot, KIND.connect);
    if ((state & POLLS_IN) !== 0) this.#cancel(slot, KIND.pollIn);
    if ((state & POLLS_OUT) !== 0) this.#cancel(slot, KIND.pollOut);
    if ((state & POLLS_ERRORS) !== 0) this.#cancel(slot, KIND.pollErrors);
  }

  #add(slot: Slot, bit: number, kind: number, events: number): void {
    const { rings, states, untold } = this.#parts;
    if ((states[slot]! & bit) !== 0) return;
    states[slot]! |= bit;
    untold[slot]!++;
    const ring = rings.of(slot);
    const at = ring.add(OP.pollAdd, FIXED, slot - ring.base, slot, kind);
    ring.words[at + SQE.opFlags] = events;
  }

  /** By what it was given to be known by: a slot and a kind. */
  #cancel(slot: Slot, kind: number): void {
    const ring = this.#parts.rings.of(slot);
    const at = ring.add(OP.asyncCancel, SKIP, -1, slot, KIND.untold);
    ring.words[at + SQE.address] = slot;
    ring.words[at + SQE.address + 1] = kind;
  }
}
