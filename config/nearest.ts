/** One slip for so many characters is taken for a slip. */
const CHARACTERS_A_SLIP = 4;
/** A beginning that is shorter may be that of anything. */
const LEAST_BEGINNING = 3;

/** The one of `words` that is spelt nearly like `given`, or the only one that begins like it; undefined where none is. */
export function findNearest(given: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((word) => ({ word, slips: countSlips(given, word) }))
    .filter(({ word, slips }) => slips <= word.length / CHARACTERS_A_SLIP)
    .sort((a, b) => a.slips - b.slips);
  return ranked[0]?.word ?? findByBeginning(given, words);
}

/** `--conn` for `--connections`, `--output` for `--out`. */
function findByBeginning(given: string, words: readonly string[]): string | undefined {
  const isLong = (text: string): boolean => text.replace(/^-+/, '').length >= LEAST_BEGINNING;
  const found = words.filter(
    (word) => (word.startsWith(given) && isLong(given)) || (given.startsWith(word) && isLong(word)),
  );
  return found.length === 1 ? found[0] : undefined;
}

/** How many characters have to be added, left out, replaced or swapped with the next to make the one the other. */
function countSlips(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, swapped, row[j]! + 1, next[j - 1]! + 1));
    }
    before = row;
    row = next;
  }
  return row.at(-1)!;
}
