import { RUN_KEYS } from '../../client/metrics/run-now.ts';
import { METRICS, type MetricKey, type MetricSpec } from '../../core/metrics/catalogue.ts';
import { DOING_METRICS } from '../../core/metrics/doings.ts';
import { FLEET_METRICS } from '../../core/metrics/fleet.ts';
import { HOST_METRICS } from '../../core/metrics/host.ts';
import { PROCESS_METRICS } from '../../core/metrics/process.ts';
import { RUN_METRICS } from '../../core/metrics/run.ts';
import { SERVER_METRICS } from '../../core/metrics/server.ts';
import { TARGET_METRICS } from '../../core/metrics/target.ts';
import { SERVER_KEYS } from '../../server/metrics.ts';
import { METER_KEYS } from '../../telemetry/meter-metrics.ts';
import { SCRAPE_KEYS } from '../../telemetry/registry.ts';

/** Which rows each command exposes. */
const EXPOSED: Readonly<Record<string, ReadonlySet<MetricKey>>> = {
  serve: new Set<MetricKey>([...SERVER_KEYS, ...SCRAPE_KEYS]),
  run: new Set<MetricKey>([...RUN_KEYS, ...SCRAPE_KEYS]),
  meter: new Set<MetricKey>([...METER_KEYS, ...SCRAPE_KEYS]),
};

const SECTIONS: ReadonlyArray<readonly [title: string, intro: string, rows: Readonly<Record<string, MetricSpec>>]> = [
  [
    'The run',
    'Connections as the client sees them, and how far the run is.',
    restOf(RUN_METRICS, { ...DOING_METRICS, ...FLEET_METRICS }),
  ],
  [
    'What connections do',
    'Messages, and what befalls connections: [storms](storms.md), [slow readers](slow-readers.md), [vanished peers](vanished-peers.md), ' +
      '[fan-out](fan-out.md), [turnover and soaks](churn.md). What came of an episode is what the summary says, of the last launch alone.',
    DOING_METRICS,
  ],
  [
    'Workers of a fleet',
    'A run whose connections are held by workers on [other machines](fleet.md) tells of each of them; the workers themselves serve no metrics.',
    FLEET_METRICS,
  ],
  [
    'The target',
    'Between two full readings `connrig run` follows what the kernel counts anyway: anonymous memory, sockets, descriptors, ' +
      'the sizes of page and descriptor tables. The heap is asked for while connections come and go, at most once a second; ' +
      'PSS, unique memory and the cgroup are those of the last full reading.',
    TARGET_METRICS,
  ],
  ['The reference server', 'Connections as `connrig serve` sees them.', SERVER_METRICS],
  ['The machine', 'Told by the process that is asked: its own network namespace and its own memory.', HOST_METRICS],
  ['The process', 'What the process that is asked costs itself.', PROCESS_METRICS],
];

function restOf(rows: Readonly<Record<string, MetricSpec>>, less: object): Readonly<Record<string, MetricSpec>> {
  return Object.fromEntries(Object.entries(rows).filter(([key]) => !Object.hasOwn(less, key)));
}

const nameOf = (key: MetricKey): string => METRICS[key].name;

/** What people come with, and what answers it. */
const QUESTIONS: ReadonlyArray<readonly [question: string, answer: string]> = [
  ['What does one more connection cost?', `\`${nameOf('memoryPerConnection')}{part="total"}\``],
  ["What is the target's memory made of?", `\`${nameOf('targetLedger')}\`, stacked: its parts sum to the whole`],
  ["What can't the ledger explain?", `\`${nameOf('targetUnexplained')}\``],
  [
    'How long do 99 in 100 opens take at most?',
    `\`histogram_quantile(0.99, sum by (leg, le) (rate(${nameOf('openDuration')}_bucket[30s])))\``,
  ],
  ['Are connections lost?', `\`increase(${nameOf('connectionsClosed')}{reason!="by-us"}[1m]) > 0\``],
  [
    'Will descriptors run out?',
    `\`${nameOf('targetFdsRatio')} > 0.9\`, \`${nameOf('generatorOpenFds')} / ${nameOf('processMaxFds')} > 0.9\``,
  ],
  ['Does the server accept too slowly?', `\`increase(${nameOf('hostListenOverflows')}[1m]) > 0\``],
  ['Are all back that were cut?', `\`${nameOf('stormAway')} == 0\``],
  ['Do queues of slow readers grow?', `\`deriv(${nameOf('slowQueued')}[30s]) > 0\``],
  ['Does memory leak?', `\`${nameOf('memoryLeak')} == 1\`, by as much as \`${nameOf('driftPerHour')}\` says`],
  ['Has a fleet lost a share?', `\`sum(${nameOf('fleetShares')}{lease=~"unheard\\|moving"}) > 0\``],
  ['Is it the client that is slow?', `\`${nameOf('generatorSaturated')} == 1\``],
];

const HEAD = `<!-- Made by "npm run generate" from core/metrics/: change it there. -->

# Metrics

Every metric of the rig, in Prometheus's text format. \`connrig serve\` and \`connrig meter\` have them at their admin port,
a run where it is told to:

    connrig run --metrics :9464
    curl http://127.0.0.1:9464/metrics

What is scraped is never reset, so any number of scrapers see the same, and counters and histograms only grow, over all
legs and launches of a run. A scrape takes as long with a million connections as with ten; no process has 300 series. What
isn't known is absent, never 0. At its end a run stays until it was asked twice more, at most as long as \`--linger\` says
(15 s), so that its last values are seen as well. Beyond this machine only who knows \`--admin-token\` is answered.

Histograms are exact at their bounds; their sums are those of finer buckets' middles, within 0.8 %.
`;

export function metricsPage(): string {
  const sections = SECTIONS.map(([title, intro, rows]) => `## ${title}\n\n${intro}\n\n${listOf(rows)}`);
  return `${HEAD}\n${tableOf(['question', 'query'], QUESTIONS)}\n${sections.join('\n')}`;
}

/** Columns aligned, as the formatter wants them. */
function tableOf(head: readonly [string, string], rows: ReadonlyArray<readonly [string, string]>): string {
  const widths = [0, 1].map((column) => Math.max(...[head, ...rows].map((row) => row[column as 0 | 1].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('');
}

const listOf = (rows: Readonly<Record<string, MetricSpec>>): string =>
  Object.entries(rows)
    .map(([key, row]) => `- ${entryOf(key as MetricKey, row)}\n`)
    .join('');

function entryOf(key: MetricKey, row: MetricSpec): string {
  const from = Object.keys(EXPOSED).filter((role) => EXPOSED[role]?.has(key));
  const labels = Object.entries(row.labels).map(([label, values]) => `\`${label}\` (${valuesOf(values)})`);
  const lines = [
    `**\`${row.name}\`** · ${row.kind} · ${from.map((role) => `\`${role}\``).join(', ')}`,
    row.help,
    ...(labels.length > 0 ? [`Labels: ${labels.join('; ')}.`] : []),
    ...(row.kind === 'histogram' ? [`Bounds: ${row.buckets.join(', ')}.`] : []),
  ];
  // Two spaces at the end of a line break it.
  return lines.join('  \n  ');
}

const valuesOf = (values: readonly string[] | 'text' | 'leg' | 'worker'): string => {
  if (values === 'leg') return 'its name, such as ws or ws-2';
  if (values === 'worker') return 'its name';
  return values === 'text' ? 'any text' : values.join(', ');
};

/** Rows that nobody exposes would be lies. */
export const unexposed = (): MetricKey[] =>
  (Object.keys(METRICS) as MetricKey[]).filter((key) => !Object.values(EXPOSED).some((keys) => keys.has(key)));
