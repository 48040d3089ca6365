/** What a read left behind in a socket. */
export const EMPTY = 0;
export const MORE = 1;
/** It was read empty, and more had come by then. */
export const REFILLED = 2;
/** It was read once, if at all, and there was no time to see whether more had come. */
export const UNSURE = 3;
export type Found = typeof EMPTY | typeof MORE | typeof REFILLED | typeof UNSURE;
