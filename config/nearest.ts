/** One slip for so many characters is taken for a slip. */
const CHARACTERS_A_SLIP = 4;

/** The one of `words` that is spelt nearly like `given`; undefined where none is. */
export function findNearest(given: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((word) => ({ word, slips: countSlips(given, word) }))
    .filter(({ word, slips }) => slips <= word.length / CHARACTERS_A_SLIP)
    .sort((a, b) => a.slips - b.slips);
  return ranked[0]?.word;
}

/** How many characters have to be added, left out or replaced to make the one the other (Levenshtein). */
function countSlips(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
