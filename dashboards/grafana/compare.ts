import { SCHEMES } from '../../core/protocols/schemes.ts';
import { metric } from '../promql.ts';
import type { Sheet } from './assemble.ts';
import { bars, lines, stat } from './panels.ts';
import { COMPARE, COMPARE_POINTS } from './queries/compare.ts';
import { scatterBy } from './scatter.ts';

const half = { width: 12, height: 8 } as const;
const third = { width: 8, height: 8 } as const;

const cost = [
  stat(
    { title: 'Runs', description: 'What they are or came to.', width: 24, height: 4, queries: [COMPARE.status] },
    { names: true },
  ),
  bars({
    title: 'One more connection costs',
    description: "The runs' own estimates.",
    unit: 'bytes',
    ...half,
    queries: [COMPARE.cost],
  }),
  bars({
    title: '95 % intervals',
    description: 'The intervals of these estimates: those that overlap are not told apart.',
    unit: 'bytes',
    ...half,
    queries: [COMPARE.costBounds],
  }),
  bars({ title: 'In user space', description: 'Of that cost.', unit: 'bytes', ...third, queries: [COMPARE.user] }),
  bars({ title: 'In the kernel', description: 'Of that cost.', unit: 'bytes', ...third, queries: [COMPARE.kernel] }),
  bars({
    title: 'Least squares',
    description: 'Slopes that Prometheus draws through the readings at levels.',
    unit: 'bytes',
    ...third,
    queries: [COMPARE.leastSquares],
  }),
];

const memory = [
  ...SCHEMES.map((scheme) =>
    scatterBy(
      {
        title: `Memory against connections: ${scheme}`,
        description: 'Readings at levels.',
        unit: 'bytes',
        width: 8,
        height: 10,
      },
      'run',
      { x: COMPARE_POINTS[scheme].open, y: COMPARE_POINTS[scheme].memory },
    ),
  ),
  bars({
    title: 'Without connections',
    description: 'Where these lines begin.',
    unit: 'bytes',
    ...third,
    queries: [COMPARE.without],
  }),
  bars({
    title: 'Connections that fit',
    description: 'At rest: where they meet the memory limit, with 20 % of it kept free.',
    ...third,
    queries: [COMPARE.withinLimit],
  }),
  bars({
    title: 'Memory of the client',
    description: 'At the most, resident.',
    unit: 'bytes',
    ...third,
    queries: [COMPARE.generatorMemory],
  }),
];

const opening = [
  bars({ title: 'Open at the most', description: 'Connections open at once.', ...third, queries: [COMPARE.peak] }),
  bars({
    title: 'Failed attempts',
    description: 'That did not end in an open connection.',
    ...third,
    queries: [COMPARE.failed],
  }),
  bars({ title: 'Lost connections', description: 'That closed without our doing.', ...third, queries: [COMPARE.lost] }),
  bars({
    title: 'Time to open, p50',
    description: 'By buckets, which double.',
    unit: 's',
    ...third,
    queries: [COMPARE.openMedian],
  }),
  bars({
    title: 'Time to open, p99',
    description: 'By buckets, which double.',
    unit: 's',
    ...third,
    queries: [COMPARE.openTail],
  }),
  bars({
    title: 'Round trips, p99',
    description: 'By buckets, which double.',
    unit: 's',
    ...third,
    queries: [COMPARE.roundTripTail],
  }),
  stat(
    {
      title: 'Client saturated',
      description: '1: the client was what limited the run.',
      width: 24,
      height: 4,
      queries: [COMPARE.saturated],
    },
    { alarm: true },
  ),
  lines({
    title: 'Connections',
    description: 'When which run had how many open.',
    width: 24,
    height: 8,
    queries: [COMPARE.connections],
  }),
];

/** Several runs side by side. */
export const COMPARISON: Sheet = {
  name: 'compare',
  title: 'connrig: compare runs',
  description: 'Runs of different targets, versions or settings, side by side.',
  from: 'now-6h',
  choices: [{ variable: 'runs', label: 'run', of: metric('runInfo') }],
  rows: [
    { title: 'What one more costs', panels: cost },
    { title: 'Memory', panels: memory },
    { title: 'Opening', panels: opening },
  ],
};
