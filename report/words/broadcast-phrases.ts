import type { BroadcastSummary } from '../../core/schemas/broadcast.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { humanCount } from '../../core/values/units.ts';
import {
  bytes,
  count,
  decimal,
  joined,
  ms,
  orUnknown,
  type Part,
  type Phrase,
  percent,
  say,
  UNKNOWN,
} from './phrase.ts';
import type { TableData } from './table.ts';

type Leg = Pick<LegSummary, 'name' | 'broadcast'>;

/** For the verdict: whether all had what was published, and when; nothing where nobody published. */
export function broadcastClause({ broadcast }: Pick<LegSummary, 'broadcast'>): Phrase {
  if (broadcast === null) return [];
  const { messages, expected, reached, missing, duplicates, deliveryP99Ms, lastMs, levels } = broadcast;
  if (messages === 0) return say`nothing was published`;
  if (reached === 0) return say`none of ${count(expected)} deliveries of ${count(messages)} messages came`;
  const came =
    missing === 0
      ? say`all ${count(expected)} deliveries came`
      : say`${count(missing)} of ${count(expected)} deliveries are missing`;
  const twice = duplicates === 0 ? [] : say`, ${count(duplicates)} came twice`;
  const open = levels.at(-1)?.open;
  const where = open === undefined ? [] : say`with ${count(open)} open `;
  return say`${came}${twice}: ${where}99 % of them took no more than ${orUnknown(deliveryP99Ms, ms)}, and the last connection had a message after ${orUnknown(lastMs, ms)} (median)`;
}

/** What speaks against a fan-out: deliveries that are missing or too many. */
export function broadcastWarnings({ name, broadcast }: Leg): string[] {
  if (broadcast === null) return [];
  const { expected, missing, late, duplicates, disordered, unasked, untold } = broadcast;
  const some = (number: number, text: string): string[] =>
    number === 0 ? [] : [`${name}: ${humanCount(number)} ${text}`];
  const lateTold = late === 0 ? '' : `; ${humanCount(late)} came later`;
  return [
    ...some(missing, `of ${humanCount(expected)} deliveries did not come in time${lateTold}`),
    ...some(duplicates, 'deliveries came a second time'),
    ...some(disordered, 'deliveries came behind a later message'),
    ...some(unasked, 'deliveries were of messages from before their connection opened'),
    ...some(untold, 'deliveries were too old to be told from others'),
  ];
}

/** Why nothing is shown of a fan-out that was asked for, and what to do about it; null where something is. */
export function unshownBroadcast({
  name,
  broadcast,
}: Leg): { readonly sentence: string; readonly remedy: string } | null {
  if (broadcast === null || broadcast.reached > 0) return null;
  if (broadcast.messages === 0) {
    return { sentence: `${name}: nothing was published`, remedy: '--talk 10s, or a server that publishes more often' };
  }
  return {
    sentence: `${name}: none of ${humanCount(broadcast.expected)} deliveries came, of ${humanCount(broadcast.messages)} messages`,
    remedy:
      'the URL or --dialect by which connections subscribe to what is published; connrig try shows what they receive',
  };
}

/** Rows of the verdict; none where nobody published. */
export function broadcastRows<Row>(
  legs: readonly LegSummary[],
  row: (label: string, cell: (leg: LegSummary) => Part) => Row,
): Row[] {
  if (legs.every(({ broadcast }) => broadcast === null)) return [];
  const of =
    (cell: (broadcast: BroadcastSummary) => Part) =>
    ({ broadcast }: LegSummary): Part =>
      broadcast === null ? UNKNOWN : cell(broadcast);
  const times = (all: ReadonlyArray<number | null>): Phrase =>
    joined(
      all.map((time) => orUnknown(time, ms)),
      ' / ',
    );
  return [
    row(
      'deliveries that came',
      of(({ reached, expected }) => say`${count(reached)} of ${count(expected)}`),
    ),
    row(
      '  missing / twice / out of order',
      of(({ missing, duplicates, disordered }) => say`${count(missing)} / ${count(duplicates)} / ${count(disordered)}`),
    ),
    row(
      'delivery, p50 / p99 / max',
      of(({ deliveryP50Ms, deliveryP99Ms, deliveryMaxMs }) => times([deliveryP50Ms, deliveryP99Ms, deliveryMaxMs])),
    ),
    row(
      '  first / last of a message, median',
      of(({ firstMs, lastMs }) => times([firstMs, lastMs])),
    ),
    row(
      '  the same connections last',
      of(({ fairness }) => (fairness === null ? UNKNOWN : percent(100 * fairness.sameOrder, 0))),
    ),
    row(
      '  memory while it goes on',
      of(({ memory }) => (memory === null ? UNKNOWN : memoryCell(memory))),
    ),
  ];
}

function memoryCell({ peakGrowthBytes, amplification }: NonNullable<BroadcastSummary['memory']>): Part {
  const times = amplification === null ? [] : say`, ${decimal(amplification, 2)} times what it sends`;
  return say`+${bytes(peakGrowthBytes)}${times}`;
}

/** What came of what one published to all others, level by level; no rows where nobody did. */
export const broadcastTable = ({ name, broadcast }: Leg): TableData => ({
  topic: 'latency',
  caption: `${name}: deliveries of what one published to all others`,
  columns: [
    { title: 'open' },
    { title: 'deliveries due' },
    { title: 'came' },
    { title: 'came twice' },
    { title: 'p50', unit: 'ms' },
    { title: 'p99', unit: 'ms' },
  ],
  rows: (broadcast?.levels ?? []).map(({ open, expected, reached, duplicates, deliveryP50Ms, deliveryP99Ms }) => ({
    head: count(open),
    cells: [
      count(expected),
      count(reached),
      count(duplicates),
      orUnknown(deliveryP50Ms, ms),
      orUnknown(deliveryP99Ms, ms),
    ],
  })),
});
