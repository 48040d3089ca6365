import { stat } from '../panels.ts';
import { VERDICT } from '../queries/run.ts';

const tile = { width: 4, height: 4 } as const;

/** What the run comes to, so far. */
export const verdict = [
  stat(
    { title: 'Run', description: 'What the run is or came to.', ...tile, queries: [VERDICT.status] },
    { names: true },
  ),
  stat(
    {
      title: 'Phase',
      description: 'Phase of the present leg; none between legs and afterwards.',
      ...tile,
      queries: [VERDICT.phase],
    },
    { names: true },
  ).noValue('–'),
  stat({ title: 'Time left', description: 'Roughly.', unit: 's', ...tile, queries: [VERDICT.timeLeft] }),
  stat({
    title: 'Open at the most',
    description: 'Connections open at once, and how many are planned.',
    ...tile,
    queries: [VERDICT.peak, VERDICT.planned],
  }),
  stat(
    {
      title: 'Failed attempts',
      description: 'Attempts to open that did not end in an open connection.',
      ...tile,
      queries: [VERDICT.failed],
    },
    { alarm: true },
  ),
  stat(
    {
      title: 'Lost connections',
      description: 'Open connections that closed without our doing.',
      ...tile,
      queries: [VERDICT.lost],
    },
    { alarm: true },
  ),
  stat({
    title: 'One more connection costs',
    description: "User and kernel memory of the target's end: the run's own estimate (Theil–Sen over levels).",
    unit: 'bytes',
    width: 6,
    height: 4,
    queries: [VERDICT.cost],
  }),
  stat({
    title: '95 % interval',
    description: 'The interval of that estimate, by bootstrap over levels.',
    unit: 'bytes',
    width: 6,
    height: 4,
    queries: [VERDICT.costBounds],
  }),
  stat({
    title: 'In user space, in the kernel',
    description: 'The parts of that estimate.',
    unit: 'bytes',
    width: 6,
    height: 4,
    queries: [VERDICT.costParts],
  }),
  stat({
    title: 'Least squares',
    description: 'The slope that Prometheus itself draws through the readings at levels: a check on the estimate.',
    unit: 'bytes',
    width: 6,
    height: 4,
    queries: [VERDICT.leastSquares],
  }),
  stat({
    title: 'Connections that fit',
    description:
      'At rest: where that straight line meets the memory limit, with 20 % of it kept free. While everybody reconnects it may be fewer, see the report.',
    width: 6,
    height: 4,
    queries: [VERDICT.withinLimit],
  }),
  stat({
    title: 'Memory at the top level',
    description: 'By that straight line, against the limit.',
    unit: 'bytes',
    width: 6,
    height: 4,
    queries: [VERDICT.memoryAtPlan, { ...VERDICT.memoryLimit, legend: 'limit' }],
  }),
  stat({
    title: 'Time to open',
    description: 'From the planned moment, over the whole run, by buckets.',
    unit: 's',
    width: 6,
    height: 4,
    queries: [VERDICT.openMedian, VERDICT.openTail],
  }),
  stat(
    {
      title: 'Client saturated',
      description: '1: the client was what limited the run, which makes it invalid.',
      width: 3,
      height: 4,
      queries: [VERDICT.saturated],
    },
    { alarm: true },
  ),
  stat({
    title: 'Warnings',
    description: 'Their words are in events.jsonl.',
    width: 3,
    height: 4,
    queries: [VERDICT.warnings],
  }),
];
