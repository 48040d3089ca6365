import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { drawnFigure } from '../html/figure.ts';
import { headlineTiles } from '../html/headlines.ts';
import { type Child, html, type Markup } from '../html/markup.ts';
import { bulletList, figures, note, page, paste, section, tables } from '../html/page.ts';
import { foldedTable, table } from '../html/table.ts';
import { caveatsOf } from '../words/caveats.ts';
import { againCommand, labelsOf, measuredOn } from '../words/circumstances.ts';
import { glossaryOf } from '../words/glossary.ts';
import { headlinesOf } from '../words/headline.ts';
import { pastes } from '../words/paste-settings.ts';
import { counted, joined, type Part } from '../words/phrase.ts';
import { planSentences, planTables } from '../words/plan-phrases.ts';
import { reportTables } from '../words/report-tables.ts';
import { TOPICS, type Topic } from '../words/table.ts';
import { verdictOf } from '../words/verdict.ts';
import type { RunOutput } from './output.ts';
import type { ReportChart } from './report-charts.ts';

/** `report.html`: a run as one file that needs nothing else, to be read, printed and handed on. */
export const REPORT_PAGE: RunOutput = {
  file: 'report.html',
  make: ({ run, summary, charts }) => reportPage(run, summary, charts()),
};

/** Below the first screen: where its table of contents leads. */
interface Below {
  readonly id: string;
  readonly title: string;
  readonly content: readonly Child[];
}

function reportPage(run: RunFile, summary: Summary, charts: readonly ReportChart[]): string {
  const below = sectionsOf(run, summary, charts);
  const main = [
    answer(summary, charts),
    contents(below),
    ...below.map(({ id, title, content }) => section(id, title, ...content)),
  ];
  return page(`${summary.name}: ${summary.status} · connrig`, header(run, summary), main, footer(run));
}

const header = (run: RunFile, summary: Summary): Markup => html`<h1>${summary.name}: ${summary.status}</h1>
<p>${joined([run.target.name, run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'), ...labelsOf(run)], ', ')}</p>`;

/** The first screen: the figures, a sentence, the chart and the plan. */
function answer(summary: Summary, charts: readonly ReportChart[]): Markup {
  const { error, warnings } = summary;
  const doubts = html`<p><a href="#warnings">${counted(warnings.length, 'warning')} to read before you believe it</a></p>\n`;
  const plans = planSentences(summary).map((sentence) => html`<p class="plan">${sentence}</p>\n`);
  return section(
    'answer',
    'In short',
    headlineTiles(headlinesOf(summary)),
    verdictOf(summary).map((sentence) => html`<p class="verdict">${sentence}</p>\n`),
    error &&
      note(
        'bad',
        html`<p><strong>${error.code}</strong>: ${error.message}</p><p>What to do: <code>${error.hint}</code></p>`,
      ),
    warnings.length > 0 && doubts,
    figures(charts.filter(({ topic }) => topic === 'answer').map(drawnFigure)),
    plans.length > 0 && html`<h3>The plan</h3>\n${plans}`,
    tables(planTables(summary).map((one) => table(one, 'stacked'))),
  );
}

const contents = (below: readonly Below[]): Markup => html`<nav aria-label="Contents"><ul>
${below.map(({ id, title }) => html`<li><a href="${`#${id}`}">${title}</a></li>\n`)}</ul></nav>
`;

function sectionsOf(run: RunFile, summary: Summary, charts: readonly ReportChart[]): Below[] {
  const { warnings } = summary;
  return [
    ...(warnings.length > 0
      ? [{ id: 'warnings', title: 'Before you believe it', content: [note('warning', bulletList(warnings))] }]
      : []),
    ...(Object.keys(TOPICS) as Topic[]).flatMap((topic) => topicSection(topic, summary, charts)),
    { id: 'measured-on', title: 'Measured on', content: [circumstances(run), again(run)] },
    { id: 'method', title: 'Method and caveats', content: [bulletList(caveatsOf(run, summary))] },
    {
      id: 'glossary',
      title: 'Words',
      content: [factList(glossaryOf(summary.legs).map(([label, value]) => ({ label, value })))],
    },
  ];
}

function topicSection(topic: Topic, summary: Summary, charts: readonly ReportChart[]): Below[] {
  const drawn = charts.filter((one) => one.topic === topic).map(drawnFigure);
  const told = reportTables(summary).filter((one) => one.topic === topic);
  if (drawn.length + told.length === 0) return [];
  const [open, folded] = [told.filter(({ isMain }) => isMain), told.filter(({ isMain }) => !isMain)];
  const settings = topic === 'capacity' ? settingsOf(summary) : [];
  const content = [
    tables(open.map((one) => table(one, 'stacked'))),
    figures(drawn),
    folded.map((one) => foldedTable(one)),
    settings,
  ];
  return [{ id: topic, title: TOPICS[topic], content }];
}

const settingsOf = (summary: Summary): Markup[] =>
  pastes(summary).map(
    ({ title, parts }) => html`<h3>${title}</h3>
${parts.map(({ what, text }) => html`<p>${what}</p>\n${paste(text)}`)}`,
  );

const factList = (facts: ReadonlyArray<{ readonly label: string; readonly value: Part }>): Markup =>
  html`<dl class="facts">
${facts.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`)}</dl>
`;

const circumstances = (run: RunFile): Markup => factList(measuredOn(run));

/** How to make this run again; runs of earlier versions don't say. */
function again(run: RunFile): Markup | null {
  const command = againCommand(run);
  return command === null ? null : html`<h3>To make this run again</h3>\n${paste(command)}`;
}

const footer = ({ environment }: RunFile): Markup =>
  html`<p>Made by connrig ${environment.connrigVersion} from the record of the run: run.json, samples.jsonl and events.jsonl
beside this file. All numbers are in summary.json, exactly; levels.csv is for spreadsheets.</p>`;
