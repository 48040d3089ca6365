import type { Summary } from '../core/summary.ts';
import { verdictRows } from './rows.ts';

/** The verdict as a table for a terminal, ending in a newline. Nothing but text: it goes to files and logs as well. */
export function terminalTable(summary: Summary): string {
  const rows = [{ label: '', cells: summary.legs.map(({ protocol }) => protocol) }, ...verdictRows(summary)];
  const widths = [
    Math.max(...rows.map(({ label }) => label.length)),
    ...summary.legs.map((_, i) => Math.max(...rows.map(({ cells }) => cells[i]!.length))),
  ];
  const lines = rows.map(({ label, cells }) =>
    [label, ...cells]
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  const warnings = summary.warnings.map((warning) => `warning: ${warning}`);
  return [...(summary.legs.length > 0 ? lines : []), ...warnings].map((line) => `${line}\n`).join('');
}
