import type { Rtt } from '../../core/schemas/leg-summary.ts';
import { hasProgress, type MemoryPoint, type Sample } from '../../core/schemas/record.ts';
import type { Received } from '../../core/schemas/talk.ts';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';

/** What came of messages at each level, or of requests. */
export interface Talked {
  readonly messages: number;
  readonly replies: number;
  readonly fromOthers?: number;
  /** All that came in meanwhile; not recorded unless said. */
  readonly received?: Received;
}

/** Round trips of a millisecond, none of them late. */
export const ALL_ANSWERED: Rtt = {
  p50Ms: 1,
  p99Ms: 1,
  p999Ms: 1,
  uncorrectedP99Ms: 1,
  messagesPerSecond: 1,
  lateReplies: 0,
  lostReplies: 0,
  lostPercent: null,
  fromOthers: 0,
  beside: null,
  statuses: null,
};

/** The samples as if at each level this had come of talking; a reply took a millisecond. */
export function talking(samples: readonly Sample[], at: (level: number) => Talked): Sample[] {
  return samples.map((sample) =>
    sample.type === 'memory' && sample.phase === 'hold' ? { ...sample, talk: talkOf(at(sample.level)) } : sample,
  );
}

function talkOf({ messages, replies, fromOthers = 0, received }: Talked): NonNullable<MemoryPoint['talk']> {
  const times: [number, number][] = replies === 0 ? [] : [[lowestOf(bucketOf(1000)), replies]];
  return {
    durationMs: 2000,
    messages,
    replies,
    lateReplies: 0,
    lostReplies: messages - replies,
    fromOthers,
    received: received ?? null,
    statuses: null,
    sendLag: [],
    rttPlanned: times,
    rttActual: times,
  };
}

/** The samples as if each connection had received so much in the two seconds in which it was held, and `all` in the leg. */
export function receiving(samples: readonly Sample[], each: Received, all: Received): Sample[] {
  return samples.map((sample) => {
    if (sample.type === 'tick') return { ...sample, received: all };
    if (!hasProgress(sample)) return sample;
    const progress = { ...sample.progress, received: all };
    if (sample.type !== 'memory' || sample.phase !== 'hold') return { ...sample, progress };
    const [messages, payloadBytes] = [each.messages * sample.level, each.payloadBytes * sample.level];
    return { ...sample, progress, held: { durationMs: 2000, messages, payloadBytes } };
  });
}
