import { type TrendPoint, trendChart } from '../../charts/trend-chart.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { humanCount } from '../../core/values/units.ts';
import type { IndexedRun, RunIndex } from '../fold/run-index.ts';
import { figure } from '../html/figure.ts';
import { html, type Markup } from '../html/markup.ts';
import { bulletList, figures, note, page, section } from '../html/page.ts';
import { SORTING } from '../html/sorting.ts';
import { table } from '../html/table.ts';
import { limitOf } from '../words/capacity-phrases.ts';
import { labelsOf, measuredOn } from '../words/circumstances.ts';
import { bytes, count, counted, ms, orUnknown, type Part, plain, UNKNOWN } from '../words/phrase.ts';
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
  { title: 'ended', words: true },
  { title: 'target', words: true },
  { title: 'leg', words: true },
  { title: 'one more costs' },
  { title: 'in user space' },
  { title: 'in the kernel' },
  { title: 'most open' },
  { title: 'first limit' },
  { title: 'took' },
  { title: 'warnings' },
  { title: 'labels', words: true },
];

/** A row for each leg, newest run first. The first column, the run itself, is left out. */
export function indexRows({ runs }: RunIndex): IndexRow[] {
  return runs.toReversed().flatMap((entry): IndexRow[] => {
    const { run, summary, tookMs } = entry;
    const common: Part[] = [whenOf(entry), summary.status, run.target.name];
    const rest: Part[] = [orUnknown(tookMs, ms), count(summary.warnings.length), labelsOf(run).join(', ')];
    if (summary.legs.length === 0) {
      const unknown = INDEX_COLUMNS.slice(common.length + 1, -rest.length).map(() => UNKNOWN);
      return [{ entry, leg: null, cells: [...common, ...unknown, ...rest] }];
    }
    return summary.legs.map((leg) => {
      const { name, peakOpen, perConnection, inconclusive } = leg;
      const first = summary.limiters.find((limiter) => limiter.leg === name);
      const costs = [
        inconclusive ? 'inconclusive' : estimate(perConnection?.total ?? null),
        ...(['user', 'kernel'] as const).map((part) => orUnknown(perConnection?.[part]?.bytes, bytes)),
      ];
      const limit = first ? limitOf(first, leg) : UNKNOWN;
      return { entry, leg, cells: [...common, name, ...costs, count(peakOpen), limit, ...rest] };
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
    SORTING,
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
  const rows = indexRows(index).map(({ entry, leg, cells }) => ({
    head: linkTo(entry),
    cells,
    of: { target: entry.run.target.name, protocol: leg?.protocol ?? '', ended: entry.summary.status },
  }));
  return table({ caption: 'Each leg of each run', columns: INDEX_COLUMNS, rows }, 'stacked');
}

const linkTo = ({ folder, hasPage, summary }: IndexedRun): Markup =>
  hasPage ? html`<a href="./${encodeURIComponent(folder)}/report.html">${summary.name}</a>` : html`${summary.name}`;

const whenOf = ({ run }: IndexedRun): string => run.startedAt.slice(0, 16).replace('T', ' ');

/** Runs that came to what they were made for; what others measured is no point of a trend. */
const WHOLE: ReadonlySet<Summary['status']> = new Set(['measured', 'passed']);

/** A chart for each target, leg and way of measuring it that more than one run has a cost of. */
function trendsOf(runs: readonly IndexedRun[]): Markup[] {
  const groups = new Map<string, { readonly title: string; readonly points: TrendPoint[] }>();
  for (const entry of runs) {
    const { run, summary } = entry;
    if (!WHOLE.has(summary.status)) continue;
    for (const { name, perConnection } of summary.legs) {
      const cost = perConnection?.total ?? perConnection?.user;
      if (!cost) continue;
      const key = JSON.stringify([run.target.name, name, perConnection?.total ? 'total' : 'user', ...likenessOf(run)]);
      const top = run.plan.legs.find((leg) => leg.name === name)?.levels.at(-1) ?? 0;
      const title = `${run.target.name}, ${name}, up to ${humanCount(top)}`;
      const group = groups.get(key) ?? { title, points: [] };
      group.points.push({ ...cost, label: [whenOf(entry), ...labelsOf(run)].join(' ') });
      groups.set(key, group);
    }
  }
  return [...groups.values()]
    .filter(({ points }) => points.length > 1)
    .map(({ title, points }, i) => figure(trendChart(title, points), `trend-${i + 1}`));
}

/** What two runs have to have in common to be on one line: another plan measures another thing. */
const likenessOf = (run: RunFile): string[] =>
  measuredOn(run)
    .filter(({ key }) => ['plan', 'behaviour', 'talk', 'deflate', 'rest', 'machine'].includes(key))
    .map(({ key, value }) => `${key} ${plain(value)}`);
