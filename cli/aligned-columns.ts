/**
 * Lines with their columns below each other.
 *
 * @param numbers columns that are aligned on the right
 */
export function alignColumns(lines: readonly (readonly string[])[], numbers: readonly number[] = []): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const pad = (cell: string, column: number): string =>
    numbers.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}
