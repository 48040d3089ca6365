import { constants } from 'node:os';

/** Completions have them below 0. */
export const { EAGAIN, ECANCELED, EINTR } = constants.errno;
