/** Bits of a slot's state besides those of socket-states.ts. */
/** It has a socket, or is getting one. */
export const LIVE = 1 << 6;
/** The peer has sent its FIN, which may lie behind bytes. */
export const FIN_CAME = 1 << 7;
/** What the kernel has of it. */
export const POLLS_IN = 1 << 8;
export const POLLS_OUT = 1 << 9;
/** Asks for errors alone, while it is paused. */
export const POLLS_ERRORS = 1 << 10;
export const READING = 1 << 11;
export const SENDING = 1 << 12;
/** Something was written once. */
export const HAS_WRITTEN = 1 << 13;
/** Small segments don't wait for acknowledgements. */
export const NO_DELAY = 1 << 14;
/** Its descriptor is being given back. */
export const CLOSING = 1 << 15;

/** Kinds of entries: what a completion is of. */
export const KIND = {
  /** A connection that is being made, or a step before it. */
  connect: 1,
  pollIn: 2,
  pollOut: 3,
  pollErrors: 4,
  read: 5,
  send: 6,
  close: 7,
  /** A descriptor of the process for it. */
  install: 8,
  /** Whether it has an error. */
  error: 9,
  /** Told only where it failed, and then nothing follows. */
  untold: 10,
} as const;
/** The rest of that word is the number of a piece. */
export const KIND_BITS = 8;
export const KIND_MASK = (1 << KIND_BITS) - 1;
