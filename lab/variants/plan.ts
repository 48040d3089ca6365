import { seededRandom } from '../../core/stats/random.ts';
import { shuffled } from '../../core/stats/shuffled.ts';
import type { Cell } from '../run-cell.ts';

/** A variant as far as it matters here. */
export interface VariedRun {
  readonly name: string;
  /** Begins the names of its run folders. */
  readonly folder: string;
  /** What a config file of its runs has. Secret. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The command that asks for the same, as anybody may read it. */
  readonly again: string;
}

/** One run of one variant. */
export interface VariantCell extends Cell {
  readonly variant: string;
  /** From 1. */
  readonly repeat: number;
}

/**
 * How often the base is measured, which all others are held against: √others times as often as each of these. So the intervals of the
 * differences are as narrow as so many runs can make them (Dunnett 1955, A Multiple Comparison Procedure, section 4). Once, where
 * each is measured once: how far runs scatter is assumed then, and two would be too few to tell it.
 */
export const repeatsOfBase = (repeats: number, others: number): number =>
  repeats === 1 ? 1 : Math.ceil(repeats * Math.sqrt(Math.max(1, others)));

/**
 * All runs in the order in which they are made: in rounds, of which each has every variant once and its part of the base's runs,
 * in random order. So neither a warm machine nor a busy minute is one variant's alone.
 *
 * @param variants the base first
 * @param seed the same one gives the same order, so that what was interrupted can be gone on with
 */
export function variantCells(variants: readonly VariedRun[], repeats: number, seed: number): VariantCell[] {
  const random = seededRandom(seed);
  const [base, ...others] = variants;
  if (base === undefined) return [];
  const ofBase = repeatsOfBase(repeats, others.length);
  const shareEnd = (round: number): number => Math.round((ofBase * round) / repeats);
  return Array.from({ length: repeats }, (_, round) => round).flatMap((round) => {
    const [from, to] = [shareEnd(round), shareEnd(round + 1)];
    const bases = Array.from({ length: to - from }, (_, i) => cellOf(base, from + i + 1));
    return shuffled([...bases, ...others.map((one) => cellOf(one, round + 1))], random);
  });
}

const cellOf = ({ name, folder, settings, again }: VariedRun, repeat: number): VariantCell => ({
  name: `${folder}-${repeat}`,
  variant: name,
  repeat,
  args: ['--config', '-'],
  input: JSON.stringify(settings),
  told: again,
});
