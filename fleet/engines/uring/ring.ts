import type { Slot } from '../../protocols/protocol.ts';
import type { Libc } from '../libc.ts';
import {
  CQE,
  EFD_CLOEXEC_NONBLOCK,
  MAP_SHARED_POPULATE,
  OFFSET_ENTRIES,
  OFFSET_RINGS,
  PARAMS,
  PROT_READ_WRITE,
  REGISTER_EVENTFD,
  REGISTER_FILES2,
  RSRC_SPARSE,
  SETUP_FLAGS,
  SQ_CQ_OVERFLOW,
  SQ_TASKRUN,
  SQE,
} from './abi.ts';
import type { Mapped, UringCalls } from './calls.ts';

/** Entries that may wait to be submitted, and completions that may wait to be taken before the kernel keeps a list of them. */
const SQ_ENTRIES = 1024;
const CQ_ENTRIES = 4096;
/** Beside each entry, for an address that it names: longer than any. */
const ADDRESS_BYTES = 32;
/** The longest row of entries that wait for each other; they have to be submitted together. */
export const LONGEST_CHAIN = 8;

/** @param kind, slot as the entry was given them */
export type OnCompletion = (slot: Slot, kind: number, result: number, flags: number) => void;

/**
 * One ring, whose sockets are direct descriptors: numbers in a table of its own, which are no open files of the process. A table has
 * at most as many places as the limit of open files, but a thread may have many rings.
 */
export class Ring {
  /** The slot whose descriptor is 0. */
  readonly base: Slot;
  readonly fd: number;
  /** Signals completions to an epoll set that looks at many rings; −1: nobody asked. */
  readonly eventFd: number = -1;
  /** Entries, 16 words each: see {@link add}. */
  readonly words: Int32Array;
  readonly #calls: UringCalls;
  readonly #libc: Libc;
  readonly #rings: Int32Array;
  readonly #maps: readonly Mapped[];
  readonly #sqTail: number;
  readonly #sqFlags: number;
  readonly #cqHead: number;
  readonly #cqTail: number;
  readonly #cqes: number;
  readonly #addresses = new Uint8Array(SQ_ENTRIES * ADDRESS_BYTES);
  readonly #addressesAt: number;
  #tail: number;
  #pending = 0;

  /** @throws when the system refuses */
  constructor(calls: UringCalls, libc: Libc, base: Slot, places: number, isSignalled: boolean) {
    this.#calls = calls;
    this.#libc = libc;
    this.base = base;
    const params = new Uint32Array(PARAMS.words);
    params[PARAMS.flags] = SETUP_FLAGS;
    params[PARAMS.cqEntries] = CQ_ENTRIES;
    this.fd = calls.setup(SQ_ENTRIES, params);
    if (this.fd < 0) throw new Error(`io_uring_setup: ${libc.errorName()}`);
    const files = Uint32Array.of(places, RSRC_SPARSE, 0, 0, 0, 0, 0, 0);
    if (calls.register(this.fd, REGISTER_FILES2, files, files.byteLength) < 0) throw this.#refused('its table');
    if (isSignalled) {
      this.eventFd = calls.eventfd(EFD_CLOEXEC_NONBLOCK);
      if (this.eventFd < 0 || calls.register(this.fd, REGISTER_EVENTFD, Int32Array.of(this.eventFd), 1) < 0) {
        throw this.#refused('an eventfd');
      }
    }
    const rings = this.#map(params[PARAMS.cqes]! + CQ_ENTRIES * CQE.words * 4, OFFSET_RINGS);
    const entries = this.#map(SQ_ENTRIES * SQE.words * 4, OFFSET_ENTRIES);
    this.#maps = [rings, entries];
    this.#rings = new Int32Array(rings.buffer);
    this.words = new Int32Array(entries.buffer);
    this.#sqTail = params[PARAMS.sqTail]! >> 2;
    this.#sqFlags = params[PARAMS.sqFlags]! >> 2;
    this.#cqHead = params[PARAMS.cqHead]! >> 2;
    this.#cqTail = params[PARAMS.cqTail]! >> 2;
    this.#cqes = params[PARAMS.cqes]! >> 2;
    this.#tail = this.#rings[this.#sqTail]!;
    this.#addressesAt = calls.addressOf(this.#addresses);
  }

  #map(bytes: number, offset: number): Mapped {
    try {
      return this.#calls.map(bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, this.fd, offset);
    } catch (error) {
      this.#closeFiles();
      throw error;
    }
  }

  #refused(what: string): Error {
    const error = new Error(`io_uring_register, ${what}: ${this.#libc.errorName()}`);
    this.#closeFiles();
    return error;
  }

  /** Whether a turn may bring about something here without waiting. */
  get isDue(): boolean {
    return this.#pending > 0 || (this.#rings[this.#sqFlags]! & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) !== 0;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Before entries that wait for each other are added: there is room for all of them. */
  makeRoom(): void {
    if (this.#pending > SQ_ENTRIES - LONGEST_CHAIN) this.submit();
  }

  /**
   * One more entry, to be submitted with the next ones; what else it says is written into {@link words}.
   *
   * @returns where in them it begins
   */
  add(op: number, flags: number, fd: number, slot: Slot, kind: number): number {
    if (this.#pending >= SQ_ENTRIES) this.#submitAll();
    const at = (this.#tail & (SQ_ENTRIES - 1)) * SQE.words;
    const { words } = this;
    this.#tail = (this.#tail + 1) | 0;
    this.#pending++;
    words[at] = op | (flags << 8);
    words[at + SQE.fd] = fd;
    for (let word = SQE.offset; word < SQE.userData; word++) words[at + word] = 0;
    words[at + SQE.userData] = slot;
    words[at + SQE.kind] = kind;
    for (let word = SQE.kind + 1; word < SQE.words; word++) words[at + word] = 0;
    return at;
  }

  /** Names memory in an entry, by the word where that goes. */
  point(at: number, word: number, address: number): void {
    this.words[at + word] = address | 0;
    this.words[at + word + 1] = Math.floor(address / 2 ** 32);
  }

  /** Has an entry name a copy of an address; the kernel has its own as soon as it is submitted. */
  pointToCopy(at: number, address: Uint8Array): void {
    const offset = (at / SQE.words) * ADDRESS_BYTES;
    this.#addresses.set(address, offset);
    this.point(at, SQE.address, this.#addressesAt + offset);
  }

  /** No entry that waits may be written over. */
  #submitAll(): void {
    this.submit();
    if (this.#pending >= SQ_ENTRIES) throw new Error(`io_uring_enter takes nothing: ${this.#libc.errorName()}`);
  }

  /** Submits what was added. */
  submit(): void {
    this.#publish();
    this.#took(this.#calls.submit(this.fd, this.#pending));
  }

  /** The same, and waits until there are so many completions. */
  submitAndWait(maxWaitMs: number, completions: number): void {
    this.#publish();
    if (maxWaitMs <= 0) this.#took(this.#calls.submit(this.fd, this.#pending));
    else this.#took(this.#calls.submitAndWait(this.fd, this.#pending, maxWaitMs, completions));
  }

  #publish(): void {
    Atomics.store(this.#rings, this.#sqTail, this.#tail);
  }

  /** Where nothing was taken, as when a signal came, it is submitted the next time. */
  #took(count: number): void {
    if (count > 0) this.#pending -= count;
  }

  /** Tells of all completions that are there, also of those that come meanwhile. @returns how many */
  reap(tell: OnCompletion): number {
    const rings = this.#rings;
    let count = 0;
    let head = rings[this.#cqHead]!;
    while (head !== Atomics.load(rings, this.#cqTail)) {
      const at = this.#cqes + (head & (CQ_ENTRIES - 1)) * CQE.words;
      const slot = rings[at]!;
      const kind = rings[at + CQE.kind]!;
      const result = rings[at + CQE.result]!;
      const flags = rings[at + CQE.flags]!;
      head = (head + 1) | 0;
      Atomics.store(rings, this.#cqHead, head);
      count++;
      tell(slot, kind, result, flags);
      if (count >= CQ_ENTRIES) break;
    }
    return count;
  }

  /** The result of an entry whose completion lies there untold; undefined: it doesn't. */
  find(slot: Slot, kind: number): number | undefined {
    const rings = this.#rings;
    const end = Atomics.load(rings, this.#cqTail);
    for (let head = rings[this.#cqHead]!; head !== end; head = (head + 1) | 0) {
      const at = this.#cqes + (head & (CQ_ENTRIES - 1)) * CQE.words;
      if (rings[at] === slot && rings[at + CQE.kind] === kind) return rings[at + CQE.result];
    }
    return undefined;
  }

  /** Nothing of it may be used from then on. */
  close(): void {
    this.#closeFiles();
    for (const map of this.#maps) this.#calls.unmap(map);
  }

  #closeFiles(): void {
    this.#libc.close(this.fd);
    if (this.eventFd >= 0) this.#libc.close(this.eventFd);
  }
}
