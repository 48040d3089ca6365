import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { caveatsOf } from '../words/caveats.ts';
import { measuredOn } from '../words/circumstances.ts';
import { pastes } from '../words/paste-settings.ts';
import { gateTables, reportTables, verdictTable } from '../words/report-tables.ts';
import { TOPICS, type Topic } from '../words/table.ts';
import { verdictOf } from '../words/verdict.ts';
import { bullets, captionedTable, code, codeBlock, image, markdown } from './markdown-kit.ts';
import type { RunOutput } from './output.ts';
import type { ReportChart } from './report-charts.ts';

/** `report.md`: what a run came to, for a pull request or a job summary. Charts are files beside it. */
export const REPORT_MARKDOWN: RunOutput = {
  file: 'report.md',
  make: ({ run, summary, charts }) => markdownReport(run, summary, charts()),
};

function markdownReport(run: RunFile, summary: Summary, charts: readonly ReportChart[]): string {
  const tables = reportTables(summary);
  const sections = [
    `# ${markdown(summary.name)}: ${summary.status}`,
    ...verdictParts(summary),
    ...warningParts(summary),
    ...(Object.keys(TOPICS) as Topic[]).flatMap((topic) => {
      const content = [
        ...charts.filter((chart) => chart.topic === topic).map(image),
        ...tables.filter((table) => table.topic === topic).map(captionedTable),
        ...(topic === 'capacity' ? pasted(summary) : []),
      ];
      return content.length === 0 ? [] : [`## ${TOPICS[topic]}`, ...content];
    }),
    '## Measured on',
    bullets(measuredOn(run).map(({ label, value }) => `${label}: ${markdown(value)}`)),
    '## Method and caveats',
    bullets(caveatsOf(run, summary).map(markdown)),
  ];
  return `${sections.join('\n\n')}\n`;
}

/**
 * For the summary of a CI job: the verdict, what its gates and one more connection came to, and what speaks against
 * believing it. It stands alone, among what others write: nothing refers to a file, and the heading is a second-level one.
 */
export function shortSummary(summary: Summary): string {
  const sections = [
    `## ${markdown(summary.name)}: ${summary.status}`,
    ...verdictParts(summary),
    ...gateTables(summary).map(captionedTable),
    ...(summary.legs.length > 0 ? [captionedTable(verdictTable(summary))] : []),
    ...warningParts(summary),
  ];
  return `${sections.join('\n\n')}\n`;
}

const verdictParts = (summary: Summary): string[] => [
  ...verdictOf(summary).map((sentence) => `**${markdown(sentence)}**`),
  ...(summary.error ? [errorLine(summary.error)] : []),
];

const warningParts = ({ warnings }: Summary): string[] =>
  warnings.length > 0 ? [`Before you believe it:`, bullets(warnings.map(markdown))] : [];

const errorLine = ({ code: which, message, hint }: NonNullable<Summary['error']>): string =>
  `${code(which)}: ${markdown(message)} — ${code(hint)}`;

const pasted = (summary: Summary): string[] =>
  pastes(summary).flatMap(({ title, parts }) => [
    `### ${markdown(title)}`,
    ...parts.flatMap(({ what, language, text }) => [markdown(what), codeBlock(language, text)]),
  ]);
