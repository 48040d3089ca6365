import type { Slot } from '../../protocols/protocol.ts';
import type { Libc } from '../libc.ts';
import { FIXED, OP } from './abi.ts';
import type { Rings } from './rings.ts';
import { KIND } from './states.ts';

/** Descriptors of the process for sockets that have none, for calls that take nothing else; until the next turn. */
export class Borrowed {
  readonly #libc: Libc;
  readonly #rings: Rings;
  readonly #fds = new Map<Slot, number>();

  constructor(libc: Libc, rings: Rings) {
    this.#libc = libc;
    this.#rings = rings;
  }

  /** @returns −1 when there is none to be had */
  borrow(slot: Slot): number {
    const had = this.#fds.get(slot);
    if (had !== undefined) return had;
    const ring = this.#rings.of(slot);
    ring.add(OP.installFd, FIXED, slot - ring.base, slot, KIND.install);
    ring.submit();
    const fd = ring.find(slot, KIND.install) ?? -1;
    if (fd < 0) return -1;
    this.#fds.set(slot, fd);
    return fd;
  }

  giveBack(): void {
    if (this.#fds.size === 0) return;
    for (const fd of this.#fds.values()) this.#libc.close(fd);
    this.#fds.clear();
  }
}
