import { KERNEL_COMPONENTS } from '../core/ledger/kernel-rows.ts';
import { USER_COMPONENTS } from '../core/ledger/ledger.ts';
import type { LegSummary } from '../core/schemas/leg-summary.ts';
import { knownCost } from '../core/values/known-cost.ts';
import { humanBytes } from '../core/values/units.ts';
import { baseOption, bytesAxis, categoryAxis, quiet, tooltip } from './axes.ts';
import { type Chart, formatOrUnknown } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { type Decal, DOTS, STRIPES } from './patterns.ts';
import { colour, type Role } from './theme.ts';

type Component = (typeof USER_COMPONENTS)[number] | (typeof KERNEL_COMPONENTS)[number];
type Pattern = 'none' | 'stripes' | 'dots';

/** In words, and how each is told from its neighbours: by colour and by pattern. */
const LOOKS: Readonly<Record<Component, readonly [label: string, role: Role, pattern: Pattern]>> = {
  heapUsed: ['heap in use', 'user1', 'none'],
  external: ['external to the heap', 'user2', 'dots'],
  userOther: ['other user memory', 'user3', 'stripes'],
  tcpSock: ['TCP socket', 'kernel1', 'none'],
  unixSock: ['Unix socket', 'kernel1', 'dots'],
  socketInode: ['socket inode', 'kernel2', 'stripes'],
  dentry: ['directory entry', 'kernel3', 'none'],
  file: ['open file', 'kernel4', 'dots'],
  security: ['security module', 'kernel5', 'none'],
  epoll: ['epoll', 'kernel1', 'stripes'],
  ioUring: ['io_uring', 'kernel5', 'dots'],
  localPorts: ['local ports', 'kernel2', 'none'],
  socketBuffers: ['socket buffers', 'kernel3', 'dots'],
  descriptorTable: ['descriptor table', 'kernel4', 'none'],
  pageTables: ['page tables', 'kernel5', 'stripes'],
};
const COMPONENTS: readonly Component[] = [...USER_COMPONENTS, ...KERNEL_COMPONENTS];
const UNEXPLAINED = 'unexplained growth of the host';

/** What a part of the ledger is called. */
export const componentLabel = (name: Component | 'unexplained'): string =>
  name === 'unexplained' ? UNEXPLAINED : LOOKS[name][0];

/** What one more connection costs, part by part: the parts of a bar sum to the cost. One bar a leg. */
export function ledgerChart(legs: readonly LegSummary[]): Chart | undefined {
  const known = legs.filter(({ perConnection }) => perConnection !== null);
  if (known.length === 0) return undefined;
  const bytesOf = ({ perConnection }: LegSummary, name: Component): number | null =>
    perConnection?.components[name] ?? null;
  const shown = COMPONENTS.filter((name) => known.some((leg) => Math.abs(bytesOf(leg, name) ?? 0) >= 1));
  const sums = known.map((leg) => sumOf(shown.map((name) => Math.max(0, bytesOf(leg, name) ?? 0))));
  const negative = known.map((leg) => sumOf(shown.map((name) => Math.min(0, bytesOf(leg, name) ?? 0))));
  const series = shown.map((name): SeriesOption => {
    const [label, role, pattern] = LOOKS[name];
    return {
      ...quiet,
      type: 'bar',
      name: label,
      stack: 'cost',
      barMaxWidth: 44,
      barCategoryGap: '30%',
      data: known.map((leg) => bytesOf(leg, name)),
      itemStyle: { color: colour(role), borderColor: colour('surface'), borderWidth: 1, ...decalOf(pattern) },
    };
  });
  const textAt = (index: number): string => (known[index] ? partsText(known[index], shown) : '');
  return {
    title: 'What one more connection costs, part by part',
    description: known.map(ledgerSentence).join(' '),
    hover: { along: 'y', places: known.map((_, i) => i), textAt },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip(textAt),
      xAxis: bytesAxis(Math.max(1, ...sums), Math.min(0, ...negative)),
      yAxis: { ...categoryAxis(known.map(({ name }) => name)), inverse: true },
      series,
    }),
    table: {
      head: ['part', ...known.map(({ name }) => name)],
      rows: [
        ...shown.map((name) => [
          LOOKS[name][0],
          ...known.map((leg) => formatOrUnknown(bytesOf(leg, name), formatSize)),
        ]),
        ['all of it', ...known.map((leg) => formatOrUnknown(costOf(leg), humanBytes))],
        [UNEXPLAINED, ...known.map((leg) => formatOrUnknown(leg.perConnection?.components.unexplained, formatSize))],
      ],
    },
  };
}

/** What scatter puts below nothing is nothing. */
const formatSize = (bytes: number): string => humanBytes(Math.max(0, bytes));

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const costOf = (leg: LegSummary): number | undefined => knownCost(leg)?.bytes;

function ledgerSentence(leg: LegSummary): string {
  const largest = COMPONENTS.map((name) => ({ name, bytes: leg.perConnection?.components[name] ?? 0 }))
    .filter(({ bytes }) => bytes >= 1)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3);
  const parts = largest.map(({ name, bytes }) => `${LOOKS[name][0]} ${humanBytes(bytes)}`).join(', ');
  return `${leg.name}: ${formatOrUnknown(costOf(leg), humanBytes)}, most of it ${parts}.`;
}

/** Every part with its name, for a pointer. */
function partsText(leg: LegSummary, shown: readonly Component[]): string {
  const parts = shown.map(
    (name) => `${LOOKS[name][0]}: ${formatOrUnknown(leg.perConnection?.components[name], humanBytes)}`,
  );
  return [`${leg.name}: ${formatOrUnknown(costOf(leg), humanBytes)}`, ...parts].join('\n');
}

const decalOf = (pattern: Pattern): Decal => (pattern === 'none' ? {} : pattern === 'stripes' ? STRIPES : DOTS);
