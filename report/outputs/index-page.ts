import { type TrendPoint, trendChart } from '../../charts/trend-chart.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { IndexedRun, RunIndex } from '../fold/run-index.ts';
import { figure } from '../html/figure.ts';
import { html, type Markup } from '../html/markup.ts';
import { bulletList, figures, note, page, section } from '../html/page.ts';
import { table } from '../html/table.ts';
import { limitOf } from '../words/capacity-phrases.ts';
import { bytes, count, counted, orUnknown, type Part, plain, UNKNOWN } from '../words/phrase.ts';
import type { TableColumn } from '../words/table.ts';
import { estimate } from '../words/verdict-rows.ts';
import { aligned } from './terminal.ts';

/** A line of the index: a leg of a run. */
export interface IndexRow {
  readonly entry: IndexedRun;
  readonly leg: LegSummary | null;
  readonly cells: readonly Part[];
}

export const INDEX_COLUMNS: readonly TableColumn[] = [
  { title: 'run', words: true },
  { title: 'began (UTC)' },
  { title: 'target', words: true },
  { title: 'ended', words: true },
  { title: 'leg', words: true },
  { title: 'most open' },
  { title: 'one more costs' },
  { title: 'in user space' },
  { title: 'in the kernel' },
  { title: 'first limit' },
];

/** A row for each leg, newest run first. The first column, the run itself, is left out. */
export function indexRows({ runs }: RunIndex): IndexRow[] {
  return runs.toReversed().flatMap((entry): IndexRow[] => {
    const { run, summary } = entry;
    const common: Part[] = [whenOf(entry), run.target.name, summary.status];
    if (summary.legs.length === 0)
      return [{ entry, leg: null, cells: [...common, ...INDEX_COLUMNS.slice(4).map(() => UNKNOWN)] }];
    return summary.legs.map((leg) => {
      const { name, peakOpen, perConnection } = leg;
      const first = summary.limiters.find((limiter) => limiter.leg === name);
      const costs = [
        estimate(perConnection?.total ?? null),
        ...(['user', 'kernel'] as const).map((part) => orUnknown(perConnection?.[part]?.bytes, bytes)),
      ];
      const limit = first ? limitOf(first, leg) : UNKNOWN;
      return { entry, leg, cells: [...common, name, count(peakOpen), ...costs, limit] };
    });
  });
}

/** `index.html`: all runs of a folder, and how the cost of a connection went from run to run. */
export function indexPage(index: RunIndex, connrigVersion: string): string {
  const { runs, unreadable } = index;
  const trends = trendsOf(runs);
  const main = [
    unreadable.length > 0 &&
      section('unreadable', 'What could not be read', note('warning', bulletList(unreadable.map(({ why }) => why)))),
    trends.length > 0 && section('trends', 'From run to run', figures(trends)),
    section('runs', 'Runs', runsTable(index)),
  ];
  const header = html`<h1>Runs</h1>\n<p>${counted(runs.length, 'run')}, the latest first.</p>`;
  return page(
    'Runs · connrig',
    header,
    main,
    html`<p>Made by connrig ${connrigVersion} from what is in each run's folder.</p>`,
  );
}

/** The same for a terminal. */
export function terminalIndex(index: RunIndex): string {
  const rows = indexRows(index).map(({ entry, cells }) => [entry.folder, ...cells.map(plain)]);
  return aligned([INDEX_COLUMNS.map(({ title }) => plain(title)), ...rows])
    .map((line) => `${line}\n`)
    .join('');
}

function runsTable(index: RunIndex): Markup {
  const rows = indexRows(index).map(({ entry, cells }) => ({ head: linkTo(entry), cells }));
  return table({ caption: 'Each leg of each run', columns: INDEX_COLUMNS, rows });
}

const linkTo = ({ folder, hasPage, summary }: IndexedRun): Markup =>
  hasPage ? html`<a href="./${encodeURIComponent(folder)}/report.html">${summary.name}</a>` : html`${summary.name}`;

const whenOf = ({ run }: IndexedRun): string => run.startedAt.slice(0, 16).replace('T', ' ');

/** A chart for each target and leg that more than one run has a cost of. */
function trendsOf(runs: readonly IndexedRun[]): Markup[] {
  const groups = new Map<string, TrendPoint[]>();
  for (const entry of runs) {
    for (const { name, perConnection } of entry.summary.legs) {
      const cost = perConnection?.total ?? perConnection?.user;
      if (!cost) continue;
      const title = `${entry.run.target.name}, ${name}`;
      const points = groups.get(title) ?? [];
      points.push({ ...cost, label: whenOf(entry) });
      groups.set(title, points);
    }
  }
  return [...groups]
    .filter(([, points]) => points.length > 1)
    .map(([title, points], i) => figure(trendChart(title, points), `trend-${i + 1}`));
}
