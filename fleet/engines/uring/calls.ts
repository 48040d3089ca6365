import koffi from 'koffi';
import { ENTER_EXT_ARG, ENTER_GETEVENTS, SYS_ENTER, SYS_REGISTER, SYS_SETUP } from './abi.ts';

/** The calls of the kernel that rings need. All return −1 on failure, but {@link UringCalls.map}. */
export interface UringCalls {
  setup(entries: number, params: Uint32Array): number;
  register(ring: number, operation: number, what: NodeJS.TypedArray | null, count: number): number;
  /** Submits, and has done what waits to be done. @returns entries taken */
  submit(ring: number, count: number): number;
  /** The same, and waits for so many completions, at most so long. */
  submitAndWait(ring: number, count: number, maxWaitMs: number, completions: number): number;
  /** @throws when there is no memory for it */
  map(bytes: number, protection: number, flags: number, fd: number, offset: number): Mapped;
  unmap(mapped: Mapped): void;
  eventfd(flags: number): number;
  /** Where the memory of an array is; it stays there as long as the array is kept. */
  addressOf(array: NodeJS.TypedArray): number;
}

/** Memory that is the kernel's too. */
export interface Mapped {
  readonly pointer: unknown;
  readonly buffer: ArrayBuffer;
}

/** `struct io_uring_getevents_arg`: no signal mask, and from its third word on where the timeout is. */
const WAIT_BYTES = 24;
const TIMEOUT_AT = 2;

/** @throws when one of them can't be had */
export function loadUringCalls(): UringCalls {
  const lib = koffi.load(null);
  const setup = lib.func('intptr_t syscall(intptr_t, uint32_t, void *)');
  const enter = lib.func('intptr_t syscall(intptr_t, int, uint32_t, uint32_t, uint32_t, void *, size_t)');
  const register = lib.func('intptr_t syscall(intptr_t, int, uint32_t, void *, uint32_t)');
  const map = lib.func('void *mmap(void *, size_t, int, int, int, intptr_t)');
  const unmap = lib.func('int munmap(void *, size_t)');
  const eventfd = lib.func('int eventfd(uint32_t, int)');
  const addressOf = (array: NodeJS.TypedArray): number => Number(koffi.address(array));
  /** Two numbers of 64 bits: seconds and nanoseconds, of which the lower halves are enough. */
  const timeout = new Uint32Array(4);
  const wait = new BigUint64Array(WAIT_BYTES / 8);
  wait[TIMEOUT_AT] = BigInt(addressOf(timeout));
  return {
    setup: (entries, params) => setup(SYS_SETUP, entries, params),
    register: (ring, operation, what, count) => register(SYS_REGISTER, ring, operation, what, count),
    submit: (ring, count) => enter(SYS_ENTER, ring, count, 0, ENTER_GETEVENTS, null, 0),
    submitAndWait(ring, count, maxWaitMs, completions) {
      timeout[0] = maxWaitMs / 1000;
      timeout[2] = (maxWaitMs % 1000) * 1e6;
      return enter(SYS_ENTER, ring, count, completions, ENTER_GETEVENTS | ENTER_EXT_ARG, wait, WAIT_BYTES);
    },
    map(bytes, protection, flags, fd, offset) {
      const pointer = map(null, bytes, protection, flags, fd, offset);
      if (pointer === null || koffi.address(pointer) === MAP_FAILED) throw new Error('mmap: no memory');
      return { pointer, buffer: koffi.view(pointer, bytes) };
    },
    unmap: ({ pointer, buffer }) => void unmap(pointer, buffer.byteLength),
    eventfd: (flags) => eventfd(0, flags),
    addressOf,
  };
}

const MAP_FAILED = 2n ** 64n - 1n;
