/** A character of 2 × 4 dots: U+2800 and one bit for each (Unicode 15, block Braille Patterns). */
const BRAILLE = 0x2800;
/** The bit of each dot, by column and row from the top. */
const BIT = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Points as dots, each character two wide and four high:
 *
 *     ⠀⠀⠀⠀⣀⠤⠒   y up to yMost
 *     ⣀⠤⠒⠉⠀⠀⠀   from 0, x from 0 to xMost
 *
 * @param size in characters
 * @returns as many lines as there are rows, the top first
 */
export function dots(
  points: Iterable<Point>,
  { xMost, yMost }: { xMost: number; yMost: number },
  size: { columns: number; rows: number },
): string[] {
  const cells = Array.from({ length: size.rows }, () => new Uint8Array(size.columns));
  const place = (value: number, most: number, count: number): number =>
    Math.min(count - 1, Math.max(0, Math.round((value / most) * (count - 1))));
  for (const { x, y } of points) {
    const column = place(x, xMost, size.columns * 2);
    const row = size.rows * 4 - 1 - place(y, yMost, size.rows * 4);
    cells[row >> 2]![column >> 1]! |= BIT[column & 1]![row & 3]!;
  }
  return cells.map((line) => String.fromCodePoint(...Array.from(line, (bits) => BRAILLE + bits)));
}
