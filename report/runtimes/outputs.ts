import type { SchemeName } from '../../core/protocols/schemes.ts';

import type { Claim, RuntimeResult, RuntimesResult, Times } from '../../core/schemas/runtimes.ts';
import { drawnFigure } from '../html/figure.ts';
import { html } from '../html/markup.ts';
import { bulletList, figures, page, section } from '../html/page.ts';
import { table } from '../html/table.ts';
import { bullets, captionedTable, image, markdown } from '../outputs/markdown-kit.ts';
import type { Circumstance } from '../words/circumstances.ts';
import { bytes, count, counted, ms, orUnknown, type Part, say, UNKNOWN } from '../words/phrase.ts';
import type { Table } from '../words/table.ts';
import { estimate } from '../words/verdict-rows.ts';

import type { DrawnChart } from './charts.ts';
import { byCost, KIND_WORDS, schemeOf, schemesIn, TIMED } from './order.ts';

const TITLE = 'Runtimes side by side';

/** What all its runs have in common. */
export type Circumstances = readonly Circumstance[];

/** What page and Markdown have in common. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly tables: readonly Table[];
  readonly charts: readonly DrawnChart[];
}

const MEASURED_ON = 'What it was measured on';

/** The comparison as a page in one file. */
export function runtimesPage(
  result: RuntimesResult,
  circumstances: Circumstances,
  charts: readonly DrawnChart[],
): string {
  const header = html`<h1>${TITLE}</h1>\n${preamble(result).map((sentence) => html`<p>${sentence}</p>\n`)}`;
  const main = [
    ...sectionsOf(result, charts).map(({ id, title, tables, charts }) =>
      section(
        id,
        title,
        figures(charts.map(drawnFigure)),
        tables.map((one) => table(one)),
      ),
    ),
    section('measured-on', MEASURED_ON, bulletList(circumstances.map(({ label, value }) => say`${label}: ${value}`))),
  ];
  return page(`${TITLE} · connrig`, header, main, html`<p>Made by connrig ${result.connrigVersion}.</p>`);
}

/** The same for a pull request or a document; its charts are files beside it. */
export function runtimesMarkdown(
  result: RuntimesResult,
  circumstances: Circumstances,
  charts: readonly DrawnChart[],
): string {
  const sections = [
    `# ${TITLE}`,
    ...preamble(result).map(markdown),
    ...sectionsOf(result, charts).flatMap(({ title, tables, charts }) => [
      `## ${title}`,
      ...charts.map(image),
      ...tables.map(captionedTable),
    ]),
    `## ${MEASURED_ON}`,
    bullets(circumstances.map(({ label, value }) => markdown(say`${label}: ${value}`))),
  ];
  return `${sections.join('\n\n')}\n`;
}

const sectionsOf = (result: RuntimesResult, charts: readonly DrawnChart[]): Section[] => [
  {
    id: 'claims',
    title: 'What is said of them, and what was measured',
    tables: [claimsTable(result.claims)],
    charts: [],
  },
  ...schemesIn(result).map((scheme): Section => {
    const own = result.results.filter((one) => schemeOf(one) === scheme);
    return {
      id: scheme,
      title: scheme,
      tables: tablesOf(scheme, own),
      charts: charts.filter((chart) => chart.scheme === scheme),
    };
  }),
  { id: 'deployed', title: 'The servers, and what is deployed of them', tables: [targetsTable(result)], charts: [] },
];

function preamble({ quick, plan, isWhole }: RuntimesResult): Part[] {
  const { launches, timesPerSecond, talkMs, overloadTalkMs, workPerSecond, overloadPerSecond, workMs } = plan;
  return [
    say`${counted(launches, 'launch', 'launches')} of each server, in random order. Answers were timed at ${count(timesPerSecond)} a second over all open connections. Where each takes ${ms(workMs)} of a processor, it was ${count(workPerSecond)} a second, less than one core can do, and ${count(overloadPerSecond)}, which is more. Each level took ${ms(talkMs)}, or ${ms(overloadTalkMs)} where it was more than a core can do, since a queue grows all the while then.`,
    ...(quick ? ['A quick look: few connections and one launch, so that no interval is one over launches.'] : []),
    ...(isWhole ? [] : ['It was not finished: what is missing is left blank.']),
  ];
}

export const claimsTable = (claims: readonly Claim[]): Table => ({
  caption: 'Each with what was measured, and the rule by which that decides',
  columns: [
    { title: 'claim' },
    { title: 'verdict', words: true },
    { title: 'measured', words: true },
    { title: 'rule', words: true },
  ],
  rows: claims.map(({ claim, verdict, detail, measured, rule }) => ({
    head: claim,
    cells: [detail === '' ? verdict : `${verdict}: ${detail}`, measured || UNKNOWN, rule],
  })),
});

function tablesOf(scheme: SchemeName, results: readonly RuntimeResult[]): Table[] {
  const top = results.find(({ many }) => many !== null)?.many?.open;
  // A quick look leaves it out.
  const hasMany = results.some(({ many, manyRefused }) => many !== null || manyRefused !== null);
  return [
    {
      caption: `${scheme}: memory, with 95 % intervals`,
      columns: [
        { title: '' },
        { title: 'one more connection' },
        { title: 'in user space' },
        { title: 'in the kernel' },
        { title: 'levels up to' },
        { title: 'baseline' },
        ...(hasMany
          ? [
              { title: top === undefined ? 'with the most open' : say`with ${count(top)} open` },
              { title: 'processes then' },
            ]
          : []),
      ],
      rows: byCost(results).map(({ target, memory, many, manyRefused }) => ({
        head: target,
        cells: [
          estimate(memory?.total ?? null),
          estimate(memory?.user ?? null),
          estimate(memory?.kernel ?? null),
          orUnknown(memory?.upTo, count),
          orUnknown(memory?.baselineBytes, bytes),
          ...(hasMany
            ? [
                many ? orUnknown(many.totalBytes ?? many.userBytes, bytes) : (manyRefused ?? UNKNOWN),
                orUnknown(many?.processes, count),
              ]
            : []),
        ],
      })),
    },
    ...timesTables(scheme, results),
  ];
}

function timesTables(scheme: SchemeName, results: readonly RuntimeResult[]): Table[] {
  return TIMED.flatMap((kind): Table[] => {
    const opens = [...new Set(results.flatMap((one) => one[kind].map(({ open }) => open)))].sort((a, b) => a - b);
    if (opens.length === 0) return [];
    const cell = (times: Times | undefined): Part =>
      times === undefined ? UNKNOWN : say`${orUnknown(times.p50Ms, ms)} / ${orUnknown(times.p99Ms, ms)}`;
    return [
      {
        caption: `${scheme}: p50 / p99 of answers by open connections, ${KIND_WORDS[kind]}`,
        columns: [{ title: '' }, ...opens.map((open) => ({ title: count(open) }))],
        rows: results.map((one) => ({
          head: one.target,
          cells: opens.map((open) => cell(one[kind].find((times) => times.open === open))),
        })),
      },
    ];
  });
}

const targetsTable = ({ targets }: RuntimesResult): Table => ({
  caption: 'The runtime that all but C and Go need on the server is not counted',
  columns: [
    { title: '' },
    { title: 'language', words: true },
    { title: 'what', words: true },
    { title: 'made with', words: true },
    { title: 'deployed' },
    { title: 'files' },
    { title: 'state', words: true },
  ],
  rows: targets.map(({ name, language, what, tools, deployed, state, said }) => ({
    head: name,
    cells: [
      ...[language, what, tools],
      orUnknown(deployed?.bytes, bytes),
      orUnknown(deployed?.files, count),
      said === '' ? state : `${state}: ${said}`,
    ],
  })),
});
