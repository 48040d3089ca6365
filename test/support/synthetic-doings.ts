/** Samples of what befalls connections, as the client would have recorded them: of leg 0, by launch. */
import type { BroadcastSample } from '../../core/schemas/broadcast.ts';
import type { ChurnSpan, DriftPoint } from '../../core/schemas/churn.ts';
import type { EndQueues } from '../../core/schemas/readings.ts';
import type { Sample, SlowSample, VanishEpisode } from '../../core/schemas/record.ts';
import type { SlowQueues } from '../../core/schemas/slow.ts';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { progressOf } from './synthetic-run.ts';

const at = (elapsedMs: number) => ({ elapsedMs, launch: 0, leg: 0, protocol: 'ws' }) as const;
const times = (ms: number, count: number): Array<[number, number]> => [[lowestOf(bucketOf(ms * 1000)), count]];

const none = { bytes: 0, truesizeBytes: 0 };
const endQueues = (more: Partial<EndQueues>): EndQueues =>
  ({ received: none, written: none, reservedBytes: null, ...more }) as EndQueues;

/** 1 MB was written at the target's end, and 3 MB have arrived at ours. */
export const slowQueues: SlowQueues = {
  target: endQueues({ written: { bytes: 1e6, truesizeBytes: 2e6 } as EndQueues['written'] }),
  client: endQueues({ received: { bytes: 3e6, truesizeBytes: 4e6 } as EndQueues['received'] }),
  held: 100,
};

/** 100 of 1,000 read slowly, and cost the target 5,000 bytes each. */
export const slowSample = (more: Partial<SlowSample> = {}): SlowSample => ({
  type: 'slow',
  ...at(20_000),
  progress: progressOf(1000),
  level: 1000,
  slow: 100,
  durationMs: 5000,
  moments: [
    { atMs: 0, userBytes: 40e6, queuedBytes: { target: 0, client: 0 }, held: 100, closed: 0 },
    { atMs: 4000, userBytes: 41e6, queuedBytes: { target: 1e6, client: 3e6 }, held: 100, closed: 0 },
  ],
  userBytes: 40.5e6,
  userBytesAtRest: 40e6,
  queues: slowQueues,
  talk: null,
  heldBack: 7,
  readOn: null,
  closed: 0,
  stoppedBy: null,
  ...more,
});

type StormEpisode = Extract<Sample, { type: 'storm' }>;

/** 500 were cut and all of them came back within two seconds. */
export const stormSample = (more: Partial<StormEpisode> = {}): StormEpisode =>
  ({
    type: 'storm',
    ...at(20_000),
    progress: progressOf(1000),
    level: 1000,
    how: 'fin',
    cut: 500,
    back: 500,
    retries: 20,
    heldBack: 30,
    failedMeanwhile: 20,
    tookMs: 2000,
    beforeBytes: 40e6,
    peakBytes: 46e6,
    peakAtMs: 700,
    afterBytes: 42e6,
    backAfter: times(500, 500),
    admission: times(5, 500),
    ownLag: times(1, 500),
    looks: 40,
    ...more,
  }) as StormEpisode;

/** 4 vanished, of which the server let go of 3 after 1, 2 and 3 s. */
export const vanishSample = (more: Partial<VanishEpisode> = {}): VanishEpisode => ({
  type: 'vanish',
  ...at(20_000),
  progress: progressOf(6, 10),
  level: 10,
  vanished: 4,
  noticed: 3,
  waitedMs: 9000,
  precisionMs: 60,
  seenBy: 'sockets',
  looks: 9,
  lookMs: 1,
  notices: { ping: 2, silence: 1, 'keep-alive': 0, retransmission: 0 },
  retransmitted: 2,
  probed: 0,
  orphans: 0,
  before: { userBytes: 40e6, unackedBytes: 0, unackedMemoryBytes: 0 },
  most: { userBytes: 41e6, unackedBytes: 600, unackedMemoryBytes: 2400 },
  after: { userBytes: 40e6, unackedBytes: 0, unackedMemoryBytes: 0 },
  vanishedAtMs: [0, 0],
  noticeMs: [1000, 2000, 3000],
  ...more,
});

/** 1,000 messages to 10 connections, at a peak of twice what they were sent; 3 deliveries are missing. */
export const broadcastSample = (more: Partial<BroadcastSample> = {}): BroadcastSample => ({
  type: 'broadcast',
  ...at(10_000),
  level: 10,
  cycle: 0,
  durationMs: 1000,
  messages: 1000,
  expected: 10_000,
  reached: 9997,
  missing: 3,
  duplicates: 1,
  disordered: 0,
  late: 0,
  unasked: 0,
  returned: 0,
  untold: 0,
  refused: 0,
  delivery: times(4, 9997),
  sendLag: times(1, 1000),
  firsts: [1, 2],
  lasts: [5, 6],
  each: [],
  fairness: null,
  memory: { restBytes: 40e6, peakBytes: 40e6 + 2 * 10 * 256 },
  messageBytes: 256,
  ...more,
});

export const churnSample = (more: Partial<ChurnSpan> = {}): ChurnSpan => ({
  type: 'churn',
  ...at(20_000),
  phase: 'churn',
  level: 1000,
  turnoverPerSecond: 50,
  end: 'fin',
  durationMs: 10_000,
  due: 500,
  replaced: 498,
  failed: 0,
  lost: 0,
  leastOpen: 996,
  openPlanned: times(5, 498),
  ownLag: times(1, 498),
  ...more,
});

/** Ten readings of a level of which 50 are replaced in a second, each of which leaves so many bytes. */
export const driftSamples = (leftBytes: number): DriftPoint[] =>
  Array.from({ length: 10 }, (_, i) => ({
    type: 'drift',
    ...at(20_000 + 1000 * i),
    phase: 'churn',
    level: 1000,
    heldMs: 1000 * i,
    open: 1000,
    opening: 0,
    failed: 0,
    closed: 50 * i,
    replaced: 50 * i,
    userBytes: 40e6 + 50 * i * leftBytes,
    openFiles: 1010,
    timeWait: 0,
    isCollected: true,
  }));
