import type { LegSummary, ReceivedRate } from '../../core/schemas/leg-summary.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import { bytes, count, orUnknown, type Phrase, type Quantity, say, UNKNOWN } from './phrase.ts';
import type { TableData } from './table.ts';

type Came = Pick<NonNullable<LegSummary['received']>, 'messages' | 'payloadBytes'>;

export const hasCome = (rate: ReceivedRate | null | undefined): rate is ReceivedRate =>
  rate != null && (rate.bytesPerSecond > 0 || (rate.messagesPerSecond ?? 0) > 0);

/** For the verdict: what came in although nobody had asked for it; nothing where nothing did. */
export function receivedClause({ received, rtt }: Pick<LegSummary, 'received' | 'rtt'>): Phrase {
  const each = received?.each;
  return rtt === null && hasCome(each) ? say`each connection received ${rateTold(each)} while held` : [];
}

/** `2.0 messages and 310 B a second`, `310 B a second`. */
export const rateTold = ({ messagesPerSecond, bytesPerSecond }: ReceivedRate): Phrase =>
  say`${messagesPerSecond === null ? [] : say`${perSecond(messagesPerSecond)} messages and `}${bytesEachSecond(bytesPerSecond)} a second`;

/** `2,000 messages (46 KiB)`, `46 KiB`. */
export const cameTold = ({ messages, payloadBytes }: Came): Phrase =>
  messages === null
    ? [bytes(payloadBytes)]
    : say`${count(messages)} ${messages === 1 ? 'message' : 'messages'} (${bytes(payloadBytes)})`;

export const cameIn = ({ messages, payloadBytes }: Came): boolean => payloadBytes > 0 || (messages ?? 0) > 0;

/** What came in on each connection, level by level; no rows where nothing did. */
export function receivedTable({ name, levels }: LegSummary): TableData {
  const told = levels.some(({ received }) => hasCome(received));
  const hasMessages = levels.some(({ received }) => received?.messagesPerSecond != null);
  return {
    topic: 'latency',
    caption: `${name}: what came in on each connection, while so many were held`,
    columns: [
      { title: 'open' },
      ...(hasMessages ? [{ title: 'messages', unit: 'per second' }] : []),
      { title: 'bytes of messages', unit: 'per second' },
    ],
    rows: (told ? levels : []).map(({ open, received }) => ({
      head: count(open),
      cells: [
        ...(hasMessages ? [orUnknown(received?.messagesPerSecond, perSecond)] : []),
        orUnknown(received?.bytesPerSecond, bytesEachSecond),
      ],
    })),
  };
}

export const receivedCell = ({ received }: LegSummary): Phrase | string =>
  received?.each ? (hasCome(received.each) ? rateTold(received.each) : 'nothing') : UNKNOWN;

/** A rate that may be far below one: `0.033`, `2.0`, `1,240`. */
const perSecond = (value: number): Quantity => ({ value, text: textOf(value) });
const bytesEachSecond = (value: number): Quantity => ({
  value,
  text: value > 0 && value < 1 ? `${textOf(value)} B` : humanBytes(value),
});
const textOf = (value: number): string =>
  value >= 100 ? humanCount(value) : value >= 1 || value === 0 ? value.toFixed(1) : value.toPrecision(2);
