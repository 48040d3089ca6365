import type { Engine } from '../engines/engine.ts';
import type { Protocol, Slot } from '../protocols/protocol.ts';
import type { Account } from './account.ts';
import { isClosing, type Slots, STATE } from './slots.ts';

/** So long a failed attempt waits for the peer's FIN, and reads so much of it. */
const PART_TIMEOUT_MS = 2000;
const PART_BYTES = 1_048_576;
/** When so many closes in a row had all their time and no answer, the next ones have less: a peer that answers none makes nobody wait. */
const UNANSWERED = 2;
const UNANSWERED_TIMEOUT_MS = 1000;

export interface FarewellOptions {
  /** An orderly close that takes longer is cut short; sooner while the peer answers none. */
  readonly closeTimeoutMs: number;
  /** Everything is reset: nobody is given time to part. */
  readonly resets: boolean;
}

/** How connections go that the peer should see the end of, and how long they may take. */
export class Farewells {
  readonly #options: FarewellOptions;
  readonly #slots: Slots;
  readonly #account: Account;
  readonly #engine: Engine;
  readonly #protocol: Pick<Protocol, 'goodbye'>;
  /** Failed attempts that are closed in order, with how many bytes of the peer are still read. */
  readonly #parting = new Map<Slot, number>();
  /** Closes in a row that were cut short. */
  #unanswered = 0;

  constructor(
    options: FarewellOptions,
    slots: Slots,
    account: Account,
    { engine, protocol }: { readonly engine: Engine; readonly protocol: Pick<Protocol, 'goodbye'> },
  ) {
    this.#options = options;
    this.#slots = slots;
    this.#account = account;
    this.#engine = engine;
    this.#protocol = protocol;
  }

  /** Whether attempts are still being closed in order. */
  get isEmpty(): boolean {
    return this.#parting.size === 0;
  }

  get partTimeoutMs(): number {
    return Math.min(this.#options.closeTimeoutMs, PART_TIMEOUT_MS);
  }

  get closeTimeoutMs(): number {
    const { closeTimeoutMs } = this.#options;
    return this.#unanswered < UNANSWERED ? closeTimeoutMs : Math.min(closeTimeoutMs, UNANSWERED_TIMEOUT_MS);
  }

  /** An open connection that is counted as closed by us; there is a place for it among those that are closing. @param resets by RST */
  begin(slot: Slot, nowMs: number, resets = this.#options.resets): void {
    this.#slots.launch(slot, nowMs, nowMs);
    const goodbye = this.#protocol.goodbye(slot);
    if (resets) this.#engine.abort(slot);
    else if (goodbye) this.#engine.write(slot, goodbye);
    else this.#engine.finish(slot);
  }

  /** An open connection ends at once, without a goodbye; its peer sees a reset, or the FIN that a process leaves that ends. */
  cut(slot: Slot, resets: boolean): void {
    this.#account.cut(slot);
    if (resets) this.#engine.abort(slot);
    else this.#engine.leave(slot);
  }

  /** A close has had all its time. */
  cutShort(slot: Slot): void {
    this.#unanswered += 1;
    this.#account.cutShort();
    this.drop(slot);
  }

  /** A close that the peer began: it gets a deadline, or, when thousands come at once and no place is left, is cut short. */
  awaitGone(slot: Slot, nowMs: number): void {
    if (!isClosing(this.#slots.stateOf(slot))) return;
    if (!this.#slots.launch(slot, nowMs, nowMs)) this.drop(slot);
  }

  /**
   * The end of a failed attempt that was answered: FIN, then the peer's words are read to their end. A reset would hit a server
   * in the middle of its answer, and there are some that it kills.
   */
  part(slot: Slot, nowMs: number): void {
    if (this.#options.resets || !this.#slots.launch(slot, nowMs, nowMs)) {
      this.drop(slot);
      return;
    }
    this.#slots.setState(slot, STATE.parting);
    this.#parting.set(slot, PART_BYTES);
    this.#engine.finish(slot);
  }

  /** What comes of one that is parting. */
  onBytes(slot: Slot, byteCount: number): void {
    const left = this.#parting.get(slot)! - byteCount;
    if (left < 0) this.leave(slot);
    else this.#parting.set(slot, left);
  }

  /** It has had its time to close. What waits unread makes a reset of it all the same. */
  leave(slot: Slot): void {
    this.#slots.setState(slot, STATE.dying);
    this.#slots.land(slot);
    this.#engine.leave(slot);
  }

  drop(slot: Slot): void {
    if (this.#account.closed(slot)) {
      this.#slots.setState(slot, STATE.dying);
      this.#slots.land(slot);
    }
    this.#engine.abort(slot);
  }

  /** The engine says that it is gone. */
  onGone(slot: Slot): void {
    if (this.#account.closed(slot)) this.#unanswered = 0;
    this.#parting.delete(slot);
  }
}
