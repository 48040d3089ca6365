import { heatmap, lines, states } from '../panels.ts';
import { FAN_OUT, SLOW_READERS, STORMS, TURNOVER, VANISHED } from '../queries/doings.ts';

const third = { width: 8, height: 8 } as const;
const quarter = { width: 6, height: 8 } as const;

/** Connections that are cut, and come back. */
export const storms = [
  lines({
    title: 'Away',
    description: 'Connections that were cut and are not open again. Only with --behaviour storm.',
    ...third,
    queries: [STORMS.away, STORMS.notBack],
  }),
  lines({
    title: 'Coming back',
    description: 'Cut, open again, attempts beyond the first of each, and attempts that found no room in the window.',
    unit: 'cps',
    ...third,
    queries: [STORMS.cut, STORMS.back, STORMS.retries, STORMS.heldBack],
  }),
  heatmap({
    title: 'Time until back',
    description: 'From the cut until a connection is open again.',
    unit: 's',
    ...third,
    queries: [STORMS.times],
  }),
  lines({
    title: 'Time until back, and to be admitted',
    description:
      'From the cut, and from the start of the attempt that succeeded: quantiles by buckets; when all were back.',
    unit: 's',
    width: 16,
    height: 8,
    queries: [STORMS.backMedian, STORMS.backTail, STORMS.admissionMedian, STORMS.admissionTail, STORMS.allBack],
  }),
  lines({
    title: 'Memory beyond that before the cut',
    description: "The target's user memory at its peak, while old and new overlap, and once all were back.",
    unit: 'bytes',
    ...third,
    queries: [STORMS.peak, STORMS.after],
  }),
];

/** Connections that read slowly, or nothing. */
export const slowReaders = [
  lines({
    title: 'Slow readers',
    description: 'Open connections that read slowly, and those that the target has ended. Only with --behaviour slow.',
    ...third,
    queries: [SLOW_READERS.connections, SLOW_READERS.closed],
  }),
  lines({
    title: 'Waiting for slow readers',
    description: 'Bytes in exactly their sockets at both ends, and what the kernel has allocated for them.',
    unit: 'bytes',
    ...third,
    queries: [SLOW_READERS.queued, SLOW_READERS.allocated],
  }),
  lines({
    title: 'Waiting for each',
    description: 'The same for each connection that reads slowly now.',
    unit: 'bytes',
    ...third,
    queries: [SLOW_READERS.queuedEach, SLOW_READERS.allocatedEach],
  }),
  lines({
    title: 'What each one cost',
    description: "At the end of the episode: growth of the target's user memory, what waited, what that had allocated.",
    unit: 'bytes',
    ...third,
    queries: [SLOW_READERS.cost],
  }),
  lines({
    title: 'Messages held back',
    description: 'They were to be sent on slow connections, whose target took no more.',
    unit: 'mps',
    ...third,
    queries: [SLOW_READERS.heldBack],
  }),
  lines({
    title: 'Memory beyond that at rest',
    description: "The most that the target's user memory grew by.",
    unit: 'bytes',
    ...third,
    queries: [SLOW_READERS.peak],
  }),
];

/** Levels that go on: connections that are replaced, and hours. */
export const turnover = [
  lines({
    title: 'Replaced',
    description: 'Connections that were closed and replaced. Only with --behaviour churn.',
    unit: 'cps',
    ...quarter,
    queries: [TURNOVER.replaced],
  }),
  lines({
    title: 'Behind',
    description: 'Replacements that were due and are not done.',
    ...quarter,
    queries: [TURNOVER.behind],
  }),
  lines({
    title: 'Growth in an hour',
    description:
      "How much the target's user memory grows, with a 95 % interval. Only with --behaviour churn or --soak.",
    unit: 'bytes',
    ...quarter,
    queries: [TURNOVER.perHour],
  }),
  lines({
    title: 'Growth for each that is replaced',
    description: 'With a 95 % interval.',
    unit: 'bytes',
    ...quarter,
    queries: [TURNOVER.perReplacement],
  }),
  states({
    title: 'Leak',
    description: 'When growth is shown, does not level off, and has no garbage in it.',
    width: 24,
    height: 3,
    queries: [TURNOVER.leak],
  }),
];

/** Peers that are gone without a word, while it is seen whether the target notices. */
export const vanished = [
  lines({
    title: 'Vanished peers',
    description: 'Connections whose clients are gone without FIN or RST. Only with --behaviour vanish.',
    ...third,
    queries: [VANISHED.connections],
  }),
  lines({
    title: 'Until the target let go',
    description: 'Half, 99 % and all of them; what it still had at the end has no time.',
    unit: 's',
    ...third,
    queries: [VANISHED.notice],
  }),
  lines({
    title: 'Still held',
    description: 'Vanished peers that the target had after --vanish-for.',
    ...third,
    queries: [VANISHED.stillHeld],
  }),
  lines({
    title: 'What made it notice',
    description: 'A ping, silence, keep-alive probes of its kernel, or sending again.',
    ...third,
    queries: [VANISHED.notices],
  }),
  lines({
    title: 'What they cost',
    description: "The most that was sent to them and nobody acknowledged, and the growth of the target's user memory.",
    unit: 'bytes',
    width: 16,
    height: 8,
    queries: [VANISHED.unacked, VANISHED.peak],
  }),
];

/** Messages that one publishes to all others. */
export const fanOut = [
  lines({
    title: 'Deliveries',
    description: 'From when a message that one publishes was due until a connection has it: quantiles by buckets.',
    unit: 's',
    ...third,
    queries: [FAN_OUT.median, FAN_OUT.tail],
  }),
  lines({
    title: 'Deliveries a second',
    description: 'In time, late, a second time, behind a later message. Only with --behaviour broadcast.',
    unit: 'mps',
    ...third,
    queries: [FAN_OUT.deliveries],
  }),
  lines({
    title: 'Deliveries awaited',
    description: 'Due, and not there: those that are missing stay.',
    ...third,
    queries: [FAN_OUT.awaited],
  }),
  lines({
    title: 'Amplification',
    description: "Growth of the target's user memory for each byte of a message and subscriber: 1 is a copy for each.",
    width: 12,
    height: 8,
    queries: [FAN_OUT.amplification],
  }),
  lines({
    title: 'Memory beyond that at rest',
    description: "The most that the target's user memory grew by while messages were published.",
    unit: 'bytes',
    width: 12,
    height: 8,
    queries: [FAN_OUT.peak],
  }),
];
