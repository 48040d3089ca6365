/** What one repeat of a step came to: `client` where it was the client that could do no more, which says nothing about the target. */
export const REPEAT_STATES = ['held', 'broke', 'client'] as const;
export type RepeatState = (typeof REPEAT_STATES)[number];

/** A repeat, as far as its step depends on it. */
interface Outcome {
  readonly state: RepeatState;
  /** It would go like this again, or do harm: the target has died, or memory has run out. */
  readonly isFinal: boolean;
}

/** One that doesn't hold is looked at once more, since a busy machine spoils one now and then: with as many, a step is decided. */
const DECISIVE = 2;

/**
 * What a step came to. It has held when so many repeats have; one more may have broken, which is told. It broke when two did, or when
 * the one did that there was to be.
 *
 * @param repeats that were asked for, ≥ 1
 * @returns undefined while another repeat is needed
 */
export function stepVerdict(made: readonly Outcome[], repeats: number): RepeatState | undefined {
  const final = made.find(({ isFinal }) => isFinal);
  if (final) return final.state;
  const times = (wanted: RepeatState): number => made.filter(({ state }) => state === wanted).length;
  if (times('held') >= repeats) return 'held';
  if (times('broke') >= Math.min(DECISIVE, repeats)) return 'broke';
  if (times('client') >= DECISIVE) return 'client';
  return undefined;
}
