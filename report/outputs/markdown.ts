import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { caveatsOf } from '../words/caveats.ts';
import { againCommand, measuredOn } from '../words/circumstances.ts';
import { glossaryOf } from '../words/glossary.ts';
import { cellOf, headlinesOf } from '../words/headline.ts';
import { pastes } from '../words/paste-settings.ts';
import { planSentences, planTables } from '../words/plan-phrases.ts';
import { gateTables, reportTables, verdictTable } from '../words/report-tables.ts';
import { type Table, TOPICS, type Topic } from '../words/table.ts';
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
  const command = againCommand(run);
  const sections = [
    `# ${markdown(summary.name)}: ${summary.status}`,
    ...answerParts(summary, charts),
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
    ...(command === null ? [] : ['To make this run again:', codeBlock('sh', command)]),
    '## Method and caveats',
    bullets(caveatsOf(run, summary).map(markdown)),
    '## Words',
    bullets(glossaryOf(summary.legs).map(([word, meaning]) => `**${markdown(word)}**: ${markdown(meaning)}`)),
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
    ...answerParts(summary),
    ...gateTables(summary).map(captionedTable),
    ...(summary.legs.length > 0 ? [captionedTable(verdictTable(summary))] : []),
    ...warningParts(summary),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** What the first screen of a page has: the figures, a sentence, the chart and the plan. */
const answerParts = (summary: Summary, charts: readonly ReportChart[] = []): string[] => [
  ...(summary.legs.length > 0 ? [captionedTable(headlineTable(summary))] : []),
  ...verdictParts(summary),
  ...charts.filter(({ topic }) => topic === 'answer').map(image),
  ...planSentences(summary).map((sentence) => `**${markdown(sentence)}**`),
  ...planTables(summary).map(captionedTable),
];

const headlineTable = (summary: Summary): Table => ({
  caption: 'In short',
  columns: [{ title: '' }, ...summary.legs.map(({ name }) => ({ title: name, words: true }))],
  rows: headlinesOf(summary).map(({ label, answers }) => ({ head: label, cells: answers.map(cellOf) })),
});

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
