/**
 * What a connection has received, in 32 bits:
 *
 *     bits      what
 *     0 to 15   the highest number that has come, without its upper bits
 *     16 to 30  which of the 15 numbers below it have come
 *     31        nothing has come that was published since it opened
 *
 * So a number up to 15 below the highest one is told to be new or to be there twice. One that lies further below can't be
 * told from others. What was published before a connection opened counts as come, and is told apart until something newer has come.
 */
const LAST = 0xffff;
const WINDOW_AT = 16;
/** Numbers below the highest that are told apart. */
export const SEEN_WINDOW = 15;
const ALL = 2 ** SEEN_WINDOW - 1;
const FRESH = 0x80000000;

/** What a delivery is, for a connection. In order: it is the highest so far. */
export const SEEN = { inOrder: 0, late: 1, duplicate: 2, unasked: 3, untold: 4 } as const;
export type Seen = (typeof SEEN)[keyof typeof SEEN];

/** That of a connection that has just opened. @param latest the highest number that was published before */
export const freshWindow = (latest: number): number => (FRESH | (ALL << WINDOW_AT) | (latest & LAST)) >>> 0;

/** How far a number lies above the highest that has come; below it that is negative. Both are within 32,767 of each other. */
const aheadOf = (state: number, number: number): number => ((number - (state & LAST)) << 16) >> 16;

export function seenAs(state: number, number: number): Seen {
  const ahead = aheadOf(state, number);
  if (ahead > 0) return SEEN.inOrder;
  const isFresh = (state & FRESH) !== 0;
  if (ahead < -SEEN_WINDOW) return isFresh ? SEEN.unasked : SEEN.untold;
  if (ahead < 0 && ((state >>> (WINDOW_AT - 1 - ahead)) & 1) === 0) return SEEN.late;
  return isFresh ? SEEN.unasked : SEEN.duplicate;
}

/** After a delivery that was in order, or late. */
export function withSeen(state: number, number: number): number {
  const ahead = aheadOf(state, number);
  if (ahead <= 0) return (state | (1 << (WINDOW_AT - 1 - ahead))) >>> 0;
  const window = (state >>> WINDOW_AT) & ALL;
  // The highest one until now is among those below.
  const shifted = ahead > SEEN_WINDOW ? 0 : (((window << 1) | 1) << (ahead - 1)) & ALL;
  return ((shifted << WINDOW_AT) | (number & LAST)) >>> 0;
}

/** Whether it has come, as far as is known; what lies too far below counts as come. */
export const hasSeen = (state: number, number: number): boolean => {
  const seen = seenAs(state, number);
  return seen !== SEEN.inOrder && seen !== SEEN.late;
};
