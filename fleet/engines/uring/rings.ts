import type { Slot } from '../../protocols/protocol.ts';
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_EVENT, EPOLLET, EPOLLIN, type Libc, PR_SET_TIMERSLACK } from '../libc.ts';
import type { UringCalls } from './calls.ts';
import { type OnCompletion, Ring } from './ring.ts';

/** Places that a table is given where the limit of open files allows it. */
const MOST_PLACES = 1 << 16;
/** Less than any limit of open files under which Node starts. */
const LEAST_PLACES = 64;
/** So many have come: there is enough to do. */
const GATHERED = 128;
/** 0 would mean the default. */
const TIMER_SLACK_NS = 1;

/** As many rings as an engine's slots need, and what waits for all of them. */
export class Rings {
  readonly #libc: Libc;
  readonly #rings: readonly Ring[];
  readonly #placesEach: number;
  /** −1 where there is one ring, which waits by itself. */
  readonly #epoll: number = -1;
  readonly #signals: Int32Array;

  /** @throws when the system refuses */
  constructor(calls: UringCalls, libc: Libc, slots: number) {
    this.#libc = libc;
    const [first, placesEach] = firstRing(calls, libc, slots);
    this.#placesEach = placesEach;
    const rings = [first];
    this.#rings = rings;
    this.#signals = new Int32Array(EPOLL_EVENT.words * Math.ceil(slots / placesEach));
    try {
      for (let base = placesEach; base < slots; base += placesEach) {
        rings.push(new Ring(calls, libc, base, Math.min(placesEach, slots - base), true));
      }
      if (rings.length > 1) this.#epoll = this.#watch();
    } catch (error) {
      for (const ring of rings) ring.close();
      throw error;
    }
    // By default the kernel may wake this thread 50 µs late: as long as a fast server takes to answer.
    libc.prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
  }

  of(slot: Slot): Ring {
    return this.#rings.length === 1 ? this.#rings[0]! : this.#rings[Math.floor(slot / this.#placesEach)]!;
  }

  get count(): number {
    return this.#rings.length;
  }

  /** Something waits to be submitted, or to be told. */
  get isDue(): boolean {
    for (const ring of this.#rings) if (ring.isDue) return true;
    return false;
  }

  /** Lets come what comes, at most so long. */
  gather(gatherMs: number): void {
    if (this.#epoll < 0) {
      this.#rings[0]!.submitAndWait(gatherMs, GATHERED);
      return;
    }
    for (const ring of this.#rings) if (ring.pending > 0) ring.submit();
    this.#libc.usleep(gatherMs * 1000);
  }

  /** Submits what waits, and tells what has happened, once something has or the time is over. @returns completions that were told */
  turn(maxWaitMs: number, tell: OnCompletion): number {
    if (this.#epoll < 0) {
      const ring = this.#rings[0]!;
      ring.submitAndWait(maxWaitMs, 1);
      return ring.reap(tell);
    }
    let told = this.#turnOfDue(tell);
    if (told > 0 || maxWaitMs <= 0) return told;
    const wait = (): number => this.#libc.epollWait(this.#epoll, this.#signals, this.#rings.length, maxWaitMs);
    const first = wait();
    // A ring that this thread closed a moment ago interrupts it, once, without a signal.
    const ready = first < 0 ? wait() : first;
    for (let i = 0; i < ready; i++) {
      const ring = this.#rings[this.#signals[i * EPOLL_EVENT.words + EPOLL_EVENT.data]!]!;
      ring.submit();
      told += ring.reap(tell);
    }
    return told;
  }

  #turnOfDue(tell: OnCompletion): number {
    let told = 0;
    for (const ring of this.#rings) {
      if (ring.isDue) ring.submit();
      told += ring.reap(tell);
    }
    return told;
  }

  close(): void {
    for (const ring of this.#rings) ring.close();
    if (this.#epoll >= 0) this.#libc.close(this.#epoll);
  }

  /** Polled themselves, rings that defer their work miss wake-ups (seen on Linux 6.18); their eventfds don't. */
  #watch(): number {
    const epoll = this.#libc.epollCreate(EPOLL_CLOEXEC);
    if (epoll < 0) throw new Error(`epoll_create1: ${this.#libc.errorName()}`);
    const registration = new Int32Array(EPOLL_EVENT.words);
    registration[0] = EPOLLIN | EPOLLET;
    for (const [index, { eventFd }] of this.#rings.entries()) {
      registration[EPOLL_EVENT.data] = index;
      if (this.#libc.epollCtl(epoll, EPOLL_CTL_ADD, eventFd, registration) < 0) {
        const why = this.#libc.errorName();
        this.#libc.close(epoll);
        throw new Error(`epoll_ctl: ${why}`);
      }
    }
    return epoll;
  }
}

/** A table holds at most as many as the limit of open files: half as many are tried until they fit. */
function firstRing(calls: UringCalls, libc: Libc, slots: number): [ring: Ring, places: number] {
  for (let most = MOST_PLACES; ; most = Math.floor(most / 2)) {
    const places = Math.min(most, slots);
    try {
      return [new Ring(calls, libc, 0, places, places < slots), places];
    } catch (error) {
      const isTooMany = error instanceof Error && error.message.endsWith('EMFILE');
      if (!isTooMany || most <= LEAST_PLACES) throw error;
    }
  }
}
