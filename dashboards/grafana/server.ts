import { metric } from '../promql.ts';
import type { Sheet } from './assemble.ts';
import { heatmap, lines, stacked, stat } from './panels.ts';
import { SERVER_QUERIES as ASKED, METER } from './queries/server.ts';
import { scatter } from './scatter.ts';

const half = { width: 12, height: 9 } as const;
const third = { width: 8, height: 8 } as const;
const tile = { width: 4, height: 4 } as const;

const now = [
  stat({ title: 'Version', description: 'Of connrig.', ...tile, queries: [ASKED.info] }, { names: true }),
  stat({ title: 'Open', description: 'Connections usable now.', width: 8, height: 4, queries: [ASKED.openNow] }),
  stat({
    title: 'Per connection',
    description: 'Resident memory above the idle one, divided by open connections.',
    unit: 'bytes',
    ...tile,
    queries: [ASKED.perConnection],
  }),
  stat({ title: 'Limit', description: 'Connections above which it refuses.', ...tile, queries: [ASKED.limit] }),
  stat({ title: 'Processes', description: 'That hold connections.', ...tile, queries: [ASKED.processes] }),
];

const connections = [
  lines({
    title: 'Connections',
    description: 'Usable, and on the way there.',
    ...half,
    queries: [ASKED.open, ASKED.handshaking],
  }),
  lines({ title: 'Accepted', description: 'A second.', unit: 'cps', ...half, queries: [ASKED.accepted] }),
  lines({ title: 'Closed', description: 'By the first cause.', unit: 'cps', ...half, queries: [ASKED.closed] }),
  lines({
    title: 'Payload',
    description: 'In messages, without framing and handshakes.',
    unit: 'binBps',
    ...half,
    queries: [ASKED.received, ASKED.sent],
  }),
];

const memory = [
  scatter(
    {
      title: 'Memory against connections',
      description: 'Resident memory above the idle one, at each moment: garbage that was not collected yet is in it.',
      unit: 'bytes',
      ...half,
    },
    [{ x: ASKED.allOpen, dots: [ASKED.aboveIdle], lines: [] }],
  ),
  lines({
    title: 'Memory',
    description: 'Sums over its processes.',
    unit: 'bytes',
    ...half,
    queries: [ASKED.rss, ASKED.idle, ASKED.heapTotal, ASKED.heapUsed, ASKED.external],
  }),
  lines({
    title: 'Per connection',
    description: 'Resident memory above the idle one, divided by open connections.',
    unit: 'bytes',
    ...half,
    queries: [ASKED.perConnectionOverTime],
  }),
  lines({
    title: 'Descriptors',
    description: 'Against what its processes may have.',
    ...half,
    queries: [ASKED.fds, ASKED.fdsLimit],
  }),
];

const runtime = [
  lines({
    title: 'Processor and main threads',
    description: 'Seconds a second, over all processes.',
    ...third,
    queries: [ASKED.cpu, ASKED.loop, ASKED.gc, ASKED.scrapes],
  }),
  lines({
    title: 'Collections',
    description: 'Collections of garbage, a second. Major: forced ones too.',
    unit: 'ops',
    ...third,
    queries: [ASKED.gcRuns],
  }),
  heatmap({
    title: 'Event loop',
    description: 'How much later than asked for timers ran.',
    unit: 's',
    ...third,
    queries: [ASKED.loopDelay],
  }),
];

const kernel = [
  lines({ title: 'TCP sockets', description: 'In its network namespace.', ...third, queries: [ASKED.sockets] }),
  lines({
    title: 'TCP buffers',
    description: 'What is reserved for them, against the values of net.ipv4.tcp_mem.',
    unit: 'bytes',
    ...third,
    queries: [ASKED.buffers, ASKED.bufferLimits],
  }),
  lines({
    title: 'Accept queues',
    description: 'Connections that found one full, SYNs that were dropped.',
    unit: 'cps',
    ...third,
    queries: [ASKED.overflows, ASKED.drops],
  }),
];

const meter = [
  lines({
    title: 'Memory',
    description: 'Those of the measured processes. Overlapping views: not to be summed.',
    unit: 'bytes',
    ...half,
    queries: [METER.memory],
  }),
  lines({
    title: 'Memory cgroup',
    description: 'What it is charged for; the limit, if any.',
    unit: 'bytes',
    ...half,
    queries: [METER.cgroup],
  }),
  lines({ title: 'Kernel objects', description: 'Those of the whole host.', ...third, queries: [METER.objects] }),
  stacked({
    title: 'Kernel objects',
    description: 'Their number times their size.',
    unit: 'bytes',
    ...third,
    queries: [METER.objectBytes],
  }),
  lines({ title: 'Host', description: 'Memory of the machine.', unit: 'bytes', ...third, queries: [METER.host] }),
  lines({ title: 'Processor', description: 'Seconds a second.', ...third, queries: [METER.cpu] }),
  lines({
    title: 'Processes and open files',
    description: 'Those of what is measured.',
    ...third,
    queries: [METER.processes, METER.fds],
  }),
  lines({
    title: 'Time that meters take',
    description: 'To answer, or to find that they have none.',
    unit: 's',
    ...third,
    queries: [METER.readSeconds, METER.answers],
  }),
  stat(
    {
      title: 'Meters without an answer',
      description: '/readings beside /metrics says why.',
      width: 12,
      height: 4,
      queries: [METER.missing],
    },
    { names: true },
  ).noValue('none'),
  stat({
    title: 'Alone in its cgroup',
    description: '1: nobody but the measured processes is in it.',
    width: 12,
    height: 4,
    queries: [METER.exclusive],
  }),
];

/** A reference server, whoever connects to it; and the meter beside it, if there is one. */
export const SERVER: Sheet = {
  name: 'server',
  title: 'connrig: server',
  description: 'The reference server (connrig serve), and what connrig meter sees of it or of any other.',
  from: 'now-15m',
  choices: [
    { variable: 'server', label: 'instance', of: metric('info', { role: 'serve' }) },
    { variable: 'meter', label: 'instance', of: metric('info', { role: 'meter' }) },
  ],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Connections', panels: connections },
    { title: 'Memory', panels: memory },
    { title: 'Runtime', panels: runtime },
    { title: 'Kernel', panels: kernel },
    { title: 'By the meter', panels: meter },
  ],
};
