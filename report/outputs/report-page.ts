import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { drawnFigure } from '../html/figure.ts';
import { type Child, html, type Markup } from '../html/markup.ts';
import { bulletList, figures, note, page, paste, section, tables } from '../html/page.ts';
import { table } from '../html/table.ts';
import { caveatsOf } from '../words/caveats.ts';
import { measuredOn } from '../words/circumstances.ts';
import { pastes } from '../words/paste-settings.ts';
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

function reportPage(run: RunFile, summary: Summary, charts: readonly ReportChart[]): string {
  const main = [
    warnings(summary),
    ...(Object.keys(TOPICS) as Topic[]).map((topic) => topicSection(topic, summary, charts)),
    section('measured-on', 'Measured on', circumstances(run)),
    section('method', 'Method and caveats', bulletList(caveatsOf(run, summary))),
  ];
  return page(`${summary.name}: ${summary.status} · connrig`, header(run, summary), main, footer(run));
}

const header = (run: RunFile, summary: Summary): Markup => html`<h1>${summary.name}: ${summary.status}</h1>
<p>${run.target.name}, ${run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</p>
${verdictOf(summary).map((sentence) => html`<p class="verdict">${sentence}</p>\n`)}`;

function warnings({ error, warnings }: Summary): Markup | null {
  if (error === null && warnings.length === 0) return null;
  return section(
    'warnings',
    'Before you believe it',
    error &&
      note(
        'bad',
        html`<p><strong>${error.code}</strong>: ${error.message}</p><p>What to do: <code>${error.hint}</code></p>`,
      ),
    warnings.length > 0 && note('warning', bulletList(warnings)),
  );
}

function topicSection(topic: Topic, summary: Summary, charts: readonly ReportChart[]): Markup | null {
  const drawn = charts.filter((one) => one.topic === topic).map(drawnFigure);
  const told = reportTables(summary)
    .filter((one) => one.topic === topic)
    .map(table);
  const settings = topic === 'capacity' ? settingsOf(summary) : [];
  const content: Child[] = [figures(drawn), tables(told), settings];
  return drawn.length + told.length === 0 ? null : section(topic, TOPICS[topic], content);
}

const settingsOf = (summary: Summary): Markup[] =>
  pastes(summary).map(
    ({ title, parts }) => html`<h3>${title}</h3>
${parts.map(({ what, text }) => html`<p>${what}</p>\n${paste(text)}`)}`,
  );

const circumstances = (run: RunFile): Markup => html`<dl class="facts">
${measuredOn(run).map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`)}</dl>
`;

const footer = ({ environment }: RunFile): Markup =>
  html`<p>Made by connrig ${environment.connrigVersion} from the record of the run: run.json, samples.jsonl and events.jsonl
beside this file. All numbers are in summary.json, exactly; levels.csv is for spreadsheets.</p>`;
