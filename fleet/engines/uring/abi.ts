/**
 * io_uring as the kernel has it: linux/io_uring.h. A queue entry is 16 words of 32 bits; where a field of 64 bits stands, its lower
 * word comes first, as on every machine that this engine runs on.
 */

/** System calls, the same on every architecture. */
export const SYS_SETUP = 425;
export const SYS_ENTER = 426;
export const SYS_REGISTER = 427;

/** Flags of a ring. */
const SETUP_CQSIZE = 1 << 3;
const SETUP_SUBMIT_ALL = 1 << 7;
const SETUP_TASKRUN_FLAG = 1 << 9;
const SETUP_SINGLE_ISSUER = 1 << 12;
const SETUP_DEFER_TASKRUN = 1 << 13;
const SETUP_NO_SQARRAY = 1 << 16;
/** What happens at sockets is dealt with when we enter, in this thread, and never in the middle of something else. */
export const SETUP_FLAGS =
  SETUP_CQSIZE | SETUP_SUBMIT_ALL | SETUP_TASKRUN_FLAG | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_NO_SQARRAY;

/** `struct io_uring_params` in words, and where in it the offsets into the mapped rings are. */
export const PARAMS = {
  words: 30,
  cqEntries: 1,
  flags: 2,
  sqTail: 11,
  sqFlags: 14,
  cqHead: 20,
  cqTail: 21,
  cqes: 25,
} as const;
export const OFFSET_RINGS = 0;
export const OFFSET_ENTRIES = 0x10000000;
/** Bits of the word beside the submission queue: something waits that only entering brings about. */
export const SQ_CQ_OVERFLOW = 1 << 1;
export const SQ_TASKRUN = 1 << 2;

export const ENTER_GETEVENTS = 1;
export const ENTER_EXT_ARG = 1 << 3;

export const REGISTER_EVENTFD = 4;
export const REGISTER_PROBE = 8;
export const REGISTER_FILES2 = 13;
/** The table begins empty: a flag in `struct io_uring_rsrc_register`. */
export const RSRC_SPARSE = 1;

export const OP = {
  pollAdd: 6,
  asyncCancel: 14,
  connect: 16,
  close: 19,
  send: 26,
  recv: 27,
  shutdown: 34,
  socket: 45,
  command: 46,
  installFd: 54,
  bind: 56,
} as const;

/** Flags of an entry: its descriptor is one of the ring's table; the next waits for it; nothing is told where it went well. */
export const FIXED = 1;
export const LINK = 1 << 2;
export const SKIP = 1 << 6;

/** Words of an entry. */
export const SQE = {
  words: 16,
  fd: 1,
  /** Also the length of an address, and what a command asks for. */
  offset: 2,
  /** Two words. For a command the level and the name of an option. */
  address: 4,
  length: 6,
  opFlags: 7,
  userData: 8,
  kind: 9,
  /** One more than the descriptor; for an option the length of its value. */
  fileIndex: 11,
  /** Two words: where the value of an option is. */
  value: 12,
} as const;
export const COMMAND_SETSOCKOPT = 3;

/** Words of a completion. */
export const CQE = { words: 4, kind: 1, result: 2, flags: 3 } as const;
/** After a read: there is more, or the end. */
export const CQE_SOCK_NONEMPTY = 1 << 2;

export const MSG_DONTWAIT = 0x40;
export const PROT_READ_WRITE = 3;
export const MAP_SHARED_POPULATE = 0x8001;
export const EFD_CLOEXEC_NONBLOCK = 0o2004000;
