import type { RunFile } from '../core/record.ts';
import type { Summary } from '../core/summary.ts';
import { bullets, code, codeBlock, markdown, markdownTable } from './markdown-kit.ts';
import { measuredOn } from './measured-on.ts';
import { caveatsOf } from './method.ts';
import type { Part } from './phrase.ts';
import type { ReportChart } from './report-charts.ts';
import { pastes } from './settings.ts';
import { type TableData, TOPICS, type Topic } from './table-data.ts';
import { reportTables } from './tables.ts';
import { verdictOf } from './verdict.ts';

/** `report.md`: what a run came to, for a pull request or a job summary. Charts are files beside it. */
export function markdownReport(run: RunFile, summary: Summary, charts: readonly ReportChart[]): string {
  const tables = reportTables(summary);
  const sections = [
    `# ${markdown(summary.name)}: ${summary.status}`,
    ...verdictOf(summary).map((sentence) => `**${markdown(sentence)}**`),
    ...(summary.error ? [errorLine(summary.error)] : []),
    ...(summary.warnings.length > 0 ? [`Before you believe it:`, bullets(summary.warnings.map(markdown))] : []),
    ...(Object.keys(TOPICS) as Topic[]).flatMap((topic) => {
      const content = [
        ...charts.filter((chart) => chart.topic === topic).map(image),
        ...tables.filter((table) => table.topic === topic).map(tableOf),
        ...(topic === 'capacity' ? pasted(summary) : []),
      ];
      return content.length === 0 ? [] : [`## ${TOPICS[topic]}`, ...content];
    }),
    '## Measured on',
    bullets(measuredOn(run).map(([label, what]) => `${label}: ${markdown(what)}`)),
    '## Method and caveats',
    bullets(caveatsOf(run, summary).map(markdown)),
  ];
  return `${sections.join('\n\n')}\n`;
}

const errorLine = ({ code: which, message, hint }: NonNullable<Summary['error']>): string =>
  `${code(which)}: ${markdown(message)} — ${code(hint)}`;

const image = ({ file, title, caption }: ReportChart): string =>
  `![${markdown(title)}](${file})\n\n${markdown(caption)}`;

function tableOf({ caption, columns, rows }: TableData): string {
  const head = columns.map(({ title, unit }) => markdown(unit === undefined ? title : `${title} (${unit})`));
  const lines = rows.map((row) => [row.head, ...row.cells].map((cell: Part) => markdown(cell).trim()));
  return `${markdown(caption)}\n\n${markdownTable(head, lines)}`;
}

const pasted = (summary: Summary): string[] =>
  pastes(summary).flatMap(({ title, parts }) => [
    `### ${markdown(title)}`,
    ...parts.flatMap(({ what, language, text }) => [markdown(what), codeBlock(language, text)]),
  ]);
