import { heatmap, lines, stacked } from '../panels.ts';
import { GENERATOR, KERNEL, MEMORY, RUNTIME } from '../queries/run.ts';

const half = { width: 12, height: 9 } as const;
const third = { width: 8, height: 8 } as const;

/** What connections take in the kernel, and where its limits are. */
export const kernel = [
  lines({
    title: 'TCP sockets',
    description: 'In this network namespace: both ends on loopback.',
    ...third,
    queries: [KERNEL.sockets],
  }),
  lines({
    title: 'TCP buffers',
    description: 'What is reserved for them, against the values of net.ipv4.tcp_mem.',
    unit: 'bytes',
    ...third,
    queries: [KERNEL.buffers, KERNEL.bufferLimits],
  }),
  lines({
    title: 'Accept queues',
    description: 'Connections that found one full, SYNs that were dropped.',
    unit: 'cps',
    ...third,
    queries: [KERNEL.overflows, KERNEL.drops],
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

/** The processes of the target. */
export const target = [
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
    description: 'Those of the target, descendants included.',
    ...third,
    queries: [RUNTIME.processes],
  }),
  lines({
    title: 'Descriptors',
    description: 'Open in all processes, and the share of its limit that the fullest has used.',
    ...third,
    queries: [RUNTIME.fds, RUNTIME.fdsRatio],
  }).overrideByName('of the limit', [
    { id: 'unit', value: 'percentunit' },
    { id: 'custom.axisPlacement', value: 'right' },
    { id: 'max', value: 1 },
  ]),
];

/** Whether the client itself keeps up. */
export const generator = [
  heatmap({
    title: 'Lateness of attempts',
    description: 'How late attempts were begun, whoever was to blame.',
    unit: 's',
    ...half,
    queries: [GENERATOR.lag],
  }),
  lines({
    title: 'Lateness of attempts',
    description: 'By buckets; saturated is 1 once the client limits the run.',
    unit: 's',
    ...half,
    queries: [GENERATOR.lagTail, GENERATOR.saturated],
  }).overrideByName('saturated', [
    { id: 'unit', value: 'short' },
    { id: 'custom.axisPlacement', value: 'right' },
    { id: 'max', value: 1 },
  ]),
  lines({
    title: 'Processor and main thread',
    description: 'Seconds a second: all threads, the main one, its collections, scrapes.',
    ...third,
    queries: [GENERATOR.cpu, GENERATOR.loop, GENERATOR.gc, GENERATOR.scrapes],
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
    title: 'Memory of the client',
    description: 'Without the target.',
    unit: 'bytes',
    ...third,
    queries: [GENERATOR.rss, GENERATOR.heapTotal, GENERATOR.heapUsed, GENERATOR.external],
  }),
  lines({
    title: 'Descriptors of the client',
    description: 'Its fullest table, of which each worker may have its own.',
    ...third,
    queries: [GENERATOR.fds, GENERATOR.fdsLimit],
  }),
  lines({
    title: 'TLS objects of the client',
    description: "For handshakes under way, and kept for open connections that can't do without: 30 to 43 KB each.",
    ...third,
    queries: [GENERATOR.tlsObjects],
  }),
];
