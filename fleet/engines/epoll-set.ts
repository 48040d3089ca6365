import type { Slot } from '../protocols/protocol.ts';
import { BATCH } from './epoll-pace.ts';
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_EVENT,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  type Libc,
  PR_SET_TIMERSLACK,
} from './libc.ts';

/** 0 would mean the default. */
const TIMER_SLACK_NS = 1;

/** The kernel's set of watched sockets, and the last batch of what it told of them. */
export class EpollSet {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #batch = new Int32Array(BATCH * EPOLL_EVENT.words);
  #hadSome = false;
  readonly #registration = new Int32Array(EPOLL_EVENT.words);

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#fd = libc.epollCreate(EPOLL_CLOEXEC);
    if (this.#fd < 0) throw new Error(`epoll_create1: ${libc.errorName()}`);
    // By default the kernel may wake this thread 50 µs late: as long as a fast server takes to answer.
    libc.prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
  }

  /** Once for each socket: an edge is told whatever it is. @returns false when the system refused */
  add(fd: number, slot: Slot, generation: number): boolean {
    this.#registration[0] = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    this.#registration[EPOLL_EVENT.data] = slot;
    this.#registration[EPOLL_EVENT.data + 1] = generation;
    return this.#libc.epollCtl(this.#fd, EPOLL_CTL_ADD, fd, this.#registration) >= 0;
  }

  /**
   * @param gatherMs where there were some the last time, more is let come for so long
   * @returns how many events there are now, of 0 to {@link BATCH}
   */
  wait(maxWaitMs: number, gatherMs: number): number {
    // Woken for each few that come, a thread would spend more on waking than on them.
    if (gatherMs > 0 && this.#hadSome) this.#libc.usleep(gatherMs * 1000);
    const count = this.#libc.epollWait(this.#fd, this.#batch, BATCH, maxWaitMs);
    this.#hadSome = count > 0;
    return count;
  }

  maskAt(index: number): number {
    return this.#batch[index * EPOLL_EVENT.words]!;
  }

  slotAt(index: number): Slot {
    return this.#batch[index * EPOLL_EVENT.words + EPOLL_EVENT.data]!;
  }

  generationAt(index: number): number {
    return this.#batch[index * EPOLL_EVENT.words + EPOLL_EVENT.data + 1]!;
  }

  close(): void {
    this.#libc.close(this.#fd);
  }
}
