import type { Summary } from '../../core/schemas/summary.ts';
import { growthLines } from '../words/growth-phrases.ts';
import { cellOf, headlinesOf } from '../words/headline.ts';
import { plain } from '../words/phrase.ts';
import { planSentences } from '../words/plan-phrases.ts';
import { measuredOf, wordOf } from '../words/threshold-phrases.ts';
import { verdictOf } from '../words/verdict.ts';
import { plainRows } from '../words/verdict-rows.ts';

/**
 * The verdict as a sentence and a table for a terminal, ending in a newline. Nothing but text: it goes to files and logs
 * as well, and what a target has said doesn't steer a terminal.
 */
export function terminalTable(summary: Summary): string {
  const rows = [{ label: '', cells: summary.legs.map(({ name }) => name) }, ...plainRows(summary)];
  const lines = aligned(rows.map(({ label, cells }) => [label, ...cells]));
  const gates = summary.thresholds.map(
    (one) => `threshold: ${one.expression}: ${plain(measuredOf(one))}, ${wordOf(one)}`,
  );
  const growth = growthLines(summary).map(plain);
  const warnings = summary.warnings.map((warning) => `warning: ${warning}`);
  const verdict = verdictOf(summary).map(plain);
  const plans = planSentences(summary).map(plain);
  const first = headlineLines(summary);
  const all = [...first, ...verdict, ...plans, ...(summary.legs.length > 0 ? ['', ...lines] : [])];
  return [...all, ...gates, ...growth, ...warnings].map((line) => `${line.replace(UNPRINTABLE, ' ')}\n`).join('');
}

/** The few figures first, a line for each leg where there are several: they may be as long as sentences. */
function headlineLines(summary: Summary): string[] {
  const rows = headlinesOf(summary).flatMap(({ label, answers }) =>
    answers.map((answer, i) => [
      i === 0 ? label : '',
      ...(answers.length > 1 ? [answer.leg] : []),
      plain(cellOf(answer)),
    ]),
  );
  return rows.length === 0 ? [] : [...aligned(rows), ''];
}

/** Columns side by side, as wide as they need to be; whatever somebody called things, a line is a line. */
export function aligned(rows: ReadonlyArray<readonly string[]>): string[] {
  const printable = rows.map((cells) => cells.map((cell) => cell.replace(UNPRINTABLE, ' ')));
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...printable.map((cells) => cells[i]?.length ?? 0)));
  return printable.map((cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are meant.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f]+/g;
