import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { LegSummary, ReceivedRate } from '../../core/schemas/leg-summary.ts';
import type { LegProgress, MemoryPoint } from '../../core/schemas/record.ts';
import type { Received, Talk } from '../../core/schemas/talk.ts';

type Held = NonNullable<MemoryPoint['held']>;
type LegReceived = NonNullable<LegSummary['received']>;

/** What came in on the open connections of a leg in one launch: in all, and for each of them while levels were held. */
export function receivedOf(
  leg: RecordedLeg,
  points: readonly MemoryPoint[],
  progress: LegProgress | undefined,
): LegSummary['received'] {
  const all = progress?.received ?? null;
  if (all === null) return null;
  const holds = points.flatMap(({ held, level }) => (held === null ? [] : [{ held, level }]));
  const sum = (of: (one: (typeof holds)[number]) => number): number => holds.reduce((so, one) => so + of(one), 0);
  const together = {
    messages: sum(({ held }) => held.messages),
    payloadBytes: sum(({ held }) => held.payloadBytes),
    durationMs: sum(({ held, level }) => held.durationMs * level),
  };
  return { ...counted(leg, all), each: rateOf(leg, together, 1) };
}

/** By each of so many connections. */
export function rateOf(leg: RecordedLeg, held: Held | null, connections: number): ReceivedRate | null {
  if (held === null || !(held.durationMs * connections > 0)) return null;
  const { messages, payloadBytes } = counted(leg, held);
  const seconds = (held.durationMs * connections) / 1000;
  return {
    messagesPerSecond: messages === null ? null : messages / seconds,
    bytesPerSecond: payloadBytes / seconds,
  };
}

/** What came in while round trips were sampled, and was neither a reply nor from another connection of the run. */
export function besideReplies(
  leg: RecordedLeg,
  { received, replies, fromOthers }: Pick<Talk, 'received' | 'replies' | 'fromOthers'>,
): Counted | null {
  const { behaviour } = leg;
  if (received === null || behaviour?.kind !== 'echo') return null;
  const known = replies + fromOthers;
  const { messages, payloadBytes } = counted(leg, received);
  return {
    messages: messages && Math.max(0, messages - known),
    payloadBytes: Math.max(0, payloadBytes - known * behaviour.bytes),
  };
}

/** Over launches: counts are summed, rates are means. */
export function pooledReceived(all: ReadonlyArray<LegSummary['received']>): LegSummary['received'] {
  const known = all.filter((one) => one !== null);
  if (known.length === 0) return null;
  const messages = known.flatMap((one) => one.messages ?? []);
  const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
  return {
    messages: messages.length === 0 ? null : sumOf(messages),
    payloadBytes: sumOf(known.map(({ payloadBytes }) => payloadBytes)),
    each: meanRate(known.map(({ each }) => each)),
  };
}

export function meanRate(rates: ReadonlyArray<ReceivedRate | null>): ReceivedRate | null {
  const known = rates.filter((rate) => rate !== null);
  if (known.length === 0) return null;
  const messages = known.flatMap(({ messagesPerSecond }) => messagesPerSecond ?? []);
  return {
    messagesPerSecond: messages.length === 0 ? null : meanOf(messages),
    bytesPerSecond: meanOf(known.map(({ bytesPerSecond }) => bytesPerSecond)),
  };
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

type Counted = Pick<LegReceived, 'messages' | 'payloadBytes'>;

/** A stream of bytes has no messages, unless somebody cut it into some. */
const counted = ({ protocol }: RecordedLeg, { messages, payloadBytes }: Received): Counted => ({
  messages: messages === 0 && DESCRIPTORS[protocol].isStream ? null : messages,
  payloadBytes,
});
