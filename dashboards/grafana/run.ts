import { metric } from '../promql.ts';
import type { Sheet } from './assemble.ts';
import { heatmap, lines, stacked, stat, states } from './panels.ts';
import { GENERATOR, KERNEL, LATENCY, LIFECYCLE, MEMORY, POINTS, RUNTIME, VERDICT } from './queries/run.ts';
import { scatter } from './scatter.ts';

const half = { width: 12, height: 9 } as const;
const third = { width: 8, height: 8 } as const;
const tile = { width: 4, height: 4 } as const;

const verdict = [
  stat(
    { title: 'Run', description: 'What the run is or came to.', ...tile, queries: [VERDICT.status] },
    { names: true },
  ),
  stat(
    {
      title: 'Phase',
      description: 'Of the present leg; none between legs and afterwards.',
      ...tile,
      queries: [VERDICT.phase],
    },
    { names: true },
  ).noValue('–'),
  stat({ title: 'Time left', description: 'Roughly.', unit: 's', ...tile, queries: [VERDICT.timeLeft] }),
  stat({
    ...{ title: 'Open at the most', description: 'Connections open at once, and how many are planned.' },
    ...{ ...tile, queries: [VERDICT.peak, VERDICT.planned] },
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
    ...{ unit: 'bytes', width: 6, height: 4, queries: [VERDICT.cost] },
  }),
  stat({
    ...{ title: '95 % interval', description: 'Of that estimate, by bootstrap over levels.', unit: 'bytes' },
    ...{ width: 6, height: 4, queries: [VERDICT.costBounds] },
  }),
  stat({
    ...{ title: 'In user space, in the kernel', description: 'The parts of that estimate.', unit: 'bytes' },
    ...{ width: 6, height: 4, queries: [VERDICT.costParts] },
  }),
  stat({
    title: 'Least squares',
    description: 'The slope that Prometheus itself draws through the readings at levels: a check on the estimate.',
    ...{ unit: 'bytes', width: 6, height: 4, queries: [VERDICT.leastSquares] },
  }),
  stat({
    title: 'Connections that fit',
    description: 'Where that straight line meets the memory limit, with 20 % of it kept free.',
    ...{ width: 6, height: 4, queries: [VERDICT.withinLimit] },
  }),
  stat({
    ...{ title: 'Memory at the top level', description: 'By that straight line, against the limit.', unit: 'bytes' },
    ...{ width: 6, height: 4, queries: [VERDICT.memoryAtPlan, { ...VERDICT.memoryLimit, legend: 'limit' }] },
  }),
  stat({
    ...{ title: 'Time to open', description: 'From the planned moment, over the whole run, by buckets.', unit: 's' },
    ...{ width: 6, height: 4, queries: [VERDICT.openMedian, VERDICT.openTail] },
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

const memory = [
  scatter(
    {
      title: 'Memory against connections',
      description:
        'Dots: readings at levels, garbage collected where the target can. Line: least squares. User memory is absolute, kernel memory its growth.',
      ...{ unit: 'bytes', width: 24, height: 12 },
    },
    Object.values(POINTS).map(({ open, total, user, kernel, line }) => ({
      x: open,
      dots: [total, user, kernel],
      lines: [line],
    })),
  ),
  stacked({
    title: 'Memory in parts',
    description:
      "The target's memory now, in parts that sum to the whole. Unexplained: growth of the machine that no part explains, beside them.",
    ...{ unit: 'bytes', width: 16, height: 10, queries: [MEMORY.components, MEMORY.unexplained, MEMORY.connections] },
  })
    .overrideByName('unexplained', [
      { id: 'custom.stacking', value: { mode: 'none', group: 'A' } },
      { id: 'custom.fillOpacity', value: 0 },
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } },
    ])
    .overrideByRegexp('/ connections$/', [
      { id: 'custom.stacking', value: { mode: 'none', group: 'A' } },
      { id: 'custom.fillOpacity', value: 0 },
      { id: 'custom.lineWidth', value: 2 },
      { id: 'custom.axisPlacement', value: 'right' },
      { id: 'unit', value: 'short' },
    ]),
  lines({
    title: 'Cost of one more, as levels come in',
    description: 'The estimate with its interval, and the least-squares slope.',
    ...{ unit: 'bytes', width: 8, height: 10, queries: [MEMORY.cost, MEMORY.slope] },
  }),
];

const lifecycle = [
  states({
    ...{
      title: 'Phases',
      description: 'Warm-up, baseline, then ramp, settle and hold at each level, drain, retained, burst.',
    },
    ...{ width: 24, height: 8, queries: [LIFECYCLE.phases] },
  }),
  lines({
    ...{ title: 'Connections', description: 'Wanted, opening and open, as the client sees them.' },
    ...{ ...third, queries: [LIFECYCLE.target, LIFECYCLE.open, LIFECYCLE.opening] },
  }),
  lines({
    ...{ title: 'Attempts', description: 'Begun, and how they ended.', unit: 'cps' },
    ...{ ...third, queries: [LIFECYCLE.attempts, LIFECYCLE.outcomes] },
  }),
  lines({
    ...{ title: 'Closed', description: 'By the first cause. All but by-us were lost.', unit: 'cps' },
    ...{ ...third, queries: [LIFECYCLE.closed] },
  }),
  lines({
    ...{ title: 'Bytes', description: 'With framing and handshakes.', unit: 'binBps' },
    ...{ width: 24, height: 6, queries: [LIFECYCLE.received, LIFECYCLE.sent] },
  }),
];

const latency = [
  heatmap({
    title: 'Time to open',
    description: 'From the moment the plan called for a connection.',
    unit: 's',
    ...half,
    queries: [LATENCY.open],
  }),
  lines({
    ...{
      title: 'Time to open',
      description: 'Quantiles by buckets, which double: up to a factor of 2 above the truth.',
      unit: 's',
    },
    ...{ ...half, queries: [LATENCY.openMedian, LATENCY.openTail] },
  }),
  heatmap({
    title: 'Round trips',
    description: 'From the moment a message was planned. Only with --behaviour echo.',
    unit: 's',
    ...third,
    queries: [LATENCY.roundTrip],
  }),
  lines({
    ...{ title: 'Round trips', description: 'Quantiles by buckets.', unit: 's' },
    ...{ ...third, queries: [LATENCY.roundTripMedian, LATENCY.roundTripTail] },
  }),
  lines({
    ...{ title: 'Messages', description: 'Sent, and what became of them; heartbeats.', unit: 'mps' },
    ...{ ...third, queries: [LATENCY.messages, LATENCY.replies, LATENCY.heartbeats] },
  }),
];

const kernel = [
  lines({
    title: 'TCP sockets',
    description: 'Of this network namespace: both ends on loopback.',
    ...third,
    queries: [KERNEL.sockets],
  }),
  lines({
    ...{ title: 'TCP buffers', description: 'Against the values of net.ipv4.tcp_mem.', unit: 'bytes' },
    ...{ ...third, queries: [KERNEL.buffers, KERNEL.bufferLimits] },
  }),
  lines({
    ...{ title: 'Accept queues', description: 'Connections that found one full, SYNs that were dropped.', unit: 'cps' },
    ...{ ...third, queries: [KERNEL.overflows, KERNEL.drops] },
  }),
  stacked({
    title: "The target's end",
    description: 'What its connections take in the kernel, in parts: growth since the baseline.',
    unit: 'bytes',
    ...third,
    queries: [KERNEL.rows],
  }),
  stacked({
    title: 'Each connection',
    description: 'The same, divided by open connections.',
    unit: 'bytes',
    ...third,
    queries: [KERNEL.rowsEach],
  }),
  lines({ title: 'Host', description: 'Memory of the machine.', unit: 'bytes', ...third, queries: [KERNEL.host] }),
];

const runtime = [
  lines({
    title: 'Memory of the target',
    description: 'Overlapping views of it: not to be summed.',
    unit: 'bytes',
    ...half,
    queries: [MEMORY.process],
  }),
  lines({
    title: 'Memory cgroup of the target',
    description: 'What it is charged for; the limit, if any.',
    unit: 'bytes',
    ...half,
    queries: [MEMORY.cgroup],
  }),
  lines({
    title: 'Processor',
    description: 'Seconds a second, over all processes of the target.',
    unit: 'short',
    ...third,
    queries: [RUNTIME.cpu],
  }),
  lines({
    title: 'Processes',
    description: 'Of the target, descendants included.',
    ...third,
    queries: [RUNTIME.processes],
  }),
  lines({
    ...{
      title: 'Descriptors',
      description: 'Open in all processes, and the share of its limit that the fullest has used.',
    },
    ...{ ...third, queries: [RUNTIME.fds, RUNTIME.fdsRatio] },
  }).overrideByName('of the limit', [
    { id: 'unit', value: 'percentunit' },
    { id: 'custom.axisPlacement', value: 'right' },
    { id: 'max', value: 1 },
  ]),
];

const generator = [
  heatmap({
    title: 'Lateness of attempts',
    description: 'How late attempts were begun, whoever was to blame.',
    unit: 's',
    ...half,
    queries: [GENERATOR.lag],
  }),
  lines({
    ...{
      title: 'Lateness of attempts',
      description: 'By buckets; saturated is 1 once the client limits the run.',
      unit: 's',
    },
    ...{ ...half, queries: [GENERATOR.lagTail, GENERATOR.saturated] },
  }).overrideByName('saturated', [
    { id: 'unit', value: 'short' },
    { id: 'custom.axisPlacement', value: 'right' },
    { id: 'max', value: 1 },
  ]),
  lines({
    ...{
      title: 'Processor and main thread',
      description: 'Seconds a second: all threads, the main one, its collections, scrapes.',
    },
    ...{ ...third, queries: [GENERATOR.cpu, GENERATOR.loop, GENERATOR.gc, GENERATOR.scrapes] },
  }),
  heatmap({
    title: 'Event loop of the main thread',
    description: 'How much later than asked for timers ran.',
    unit: 's',
    ...third,
    queries: [GENERATOR.loopDelay],
  }),
  lines({
    title: 'Time that meters take',
    description: 'The last full reading of all meters.',
    unit: 's',
    ...third,
    queries: [GENERATOR.meters],
  }),
  lines({
    ...{ title: 'Memory of the client', description: 'Without the target.', unit: 'bytes' },
    ...{ ...half, queries: [GENERATOR.rss, GENERATOR.heapTotal, GENERATOR.heapUsed, GENERATOR.external] },
  }),
  lines({
    ...{ title: 'Descriptors of the client', description: 'Its fullest table, of which each worker may have its own.' },
    ...{ ...half, queries: [GENERATOR.fds, GENERATOR.fdsLimit] },
  }),
];

/** One run: what it comes to, and all that is known about it while it goes on. */
export const RUN: Sheet = {
  name: 'run',
  title: 'connrig: run',
  description: 'What one more connection costs in RAM, while a run goes on and afterwards.',
  choices: [{ variable: 'run', label: 'run', of: metric('runInfo') }],
  rows: [
    { title: 'Verdict', panels: verdict },
    { title: 'Memory', panels: memory },
    { title: 'Lifecycle', panels: lifecycle },
    { title: 'Latency', panels: latency },
    { title: 'Kernel', panels: kernel },
    { title: 'Target', panels: runtime },
    { title: 'Generator', panels: generator },
  ],
};
