import type { Readings } from '../schemas/readings.ts';
import type { Estimate } from '../stats/slope.ts';

/**
 * How far the guess at security modules' notes on a connection's inode and file may be off, in bytes. It is 56, as seen with the
 * built-in modules of 6.18. There may be none, or those of several modules: for them more than twice as much again is assumed, which
 * nobody has measured.
 */
const SECURITY_NOTES = { tooHigh: 56, tooLow: 136 } as const;

/** Whether the kernel's part comes from estimated sizes of its objects at any of these moments. */
export const isKernelEstimatedIn = (readings: readonly Readings[]): boolean =>
  readings.some(({ remote, slab, slabBasis }) => (remote ? remote.slabBasis : slab && slabBasis) === 'types');

/** The cost of one more connection, with what isn't known of its kernel objects in its interval. */
export const widenByNotes = ({ bytes, low, high }: Estimate): Estimate => ({
  bytes,
  low: low - SECURITY_NOTES.tooHigh,
  high: high + SECURITY_NOTES.tooLow,
});
