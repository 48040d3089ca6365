import { besideNoun, nounsOf } from '../../core/protocols/nouns.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Defence, SlowSummary } from '../../core/schemas/slow.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { bytes, count, joined, ms, orUnknown, type Phrase, percent, say } from './phrase.ts';
import type { TableData } from './table.ts';

/** What slow readers did to each target: a sentence for each leg that had any. */
export const slowSentences = ({ legs }: Summary): Phrase[] =>
  legs.flatMap((leg) =>
    leg.slow ? [say`${joined([costOf(leg, leg.slow), tripsOf(leg.slow), defenceOf(leg.slow)], '; ')}.`] : [],
  );

function costOf(leg: LegSummary, { slow, level, userBytesPerSlow, queuedBytesPerSlow }: SlowSummary): Phrase {
  const many = `${nounsOf(leg)[1]}${besideNoun(leg.name, leg)}`;
  const user = userBytesPerSlow === null ? 'an unknown number of bytes' : bytes(Math.max(0, userBytesPerSlow));
  const { target, client } = queuedBytesPerSlow;
  const queued =
    target === null || client === null
      ? ''
      : say`, beside ${bytes(target)} queued at its end and ${bytes(client)} at the client's`;
  return say`${count(slow)} of ${count(level)} ${many} read slowly, and each cost the target ${user} in user space${queued}`;
}

function tripsOf({ rttBefore, rttMeanwhile }: SlowSummary): Phrase {
  const [before, meanwhile] = [rttBefore?.p99Ms ?? null, rttMeanwhile?.p99Ms ?? null];
  return before === null || meanwhile === null
    ? []
    : say`the others' round trips took ${ms(meanwhile)} (p99) instead of ${ms(before)}`;
}

function defenceOf(slow: SlowSummary): Phrase {
  if (slow.stoppedBy === 'EMEMORYLIMIT') return say`the run stopped at --memory-limit, after ${ms(slow.durationMs)}`;
  return slow.defence === null ? [] : DEFENCE_CLAUSES[slow.defence](slow);
}

const DEFENCE_CLAUSES: Readonly<Record<Defence, (slow: SlowSummary) => Phrase>> = {
  closes: ({ closed, slow, closedAfter }) => {
    const when = closedAfter ? say`, the first after ${ms(closedAfter.firstMs)}` : ', once they read on';
    return say`the target ended ${count(closed)} of these ${count(slow)}${when}`;
  },
  'holds-back': ({ heldBack }) =>
    say`the target read no more of them${heldBack === 0 ? '' : say`: ${count(heldBack)} messages were held back`}`,
  drops: ({ deliveredPercent }) =>
    say`the target dropped what they did not take: ${percent(deliveredPercent ?? 0)} was delivered`,
  buffers: ({ isGrowing }) =>
    isGrowing
      ? say`the target kept all for them, without a bound that was seen`
      : say`the target kept what they did not take`,
  'none-needed': ({ queuedBytesPerSlow: { target, client } }) =>
    say`the kernel held what they did not take${target === 0 && client === 0 ? '' : ', so what the target does once that is full is not shown: a longer --slow-for, or more and larger messages, would tell'}`,
};

const DEFENCE_WORDS: Readonly<Record<Defence, string>> = {
  closes: 'ends them',
  'holds-back': 'reads no more of them',
  drops: 'drops messages',
  buffers: 'keeps all',
  'none-needed': 'none was needed',
};

/** One table for each leg that had slow readers. */
export const slowTables = ({ legs }: Summary): TableData[] =>
  legs.flatMap((leg) => (leg.slow ? [slowTable(leg, leg.slow)] : []));

function slowTable(leg: LegSummary, slow: SlowSummary): TableData {
  const { queuedBytesPerSlow: queued, allocatedBytesPerSlow: allocated, closedAfter } = slow;
  const row = (head: string, cell: TableData['rows'][number]['cells'][number]): TableData['rows'][number] => ({
    head,
    cells: [cell],
  });
  const read = slow.bytesPerSecond === null ? 'nothing' : say`${bytes(slow.bytesPerSecond)} a second`;
  return {
    topic: 'latency',
    isMain: true,
    caption: `${leg.name}: connections that read slowly`,
    columns: [{ title: '' }, { title: leg.name }],
    rows: [
      row('connections that read slowly', say`${count(slow.slow)} of ${count(slow.level)}`),
      row('each reads', read),
      row('for', ms(slow.durationMs)),
      row('user memory of the target, for each', orUnknown(slow.userBytesPerSlow, bytes)),
      row("queued at the target's end, for each", orUnknown(queued.target, bytes)),
      row("queued at the client's end, for each", orUnknown(queued.client, bytes)),
      row("buffers at the target's end, for each", orUnknown(allocated.target, bytes)),
      row("buffers at the client's end, for each", orUnknown(allocated.client, bytes)),
      row('round trips of the others, p99, before', orUnknown(slow.rttBefore?.p99Ms, ms)),
      row('round trips of the others, p99, meanwhile', orUnknown(slow.rttMeanwhile?.p99Ms, ms)),
      row('what the target does', slow.defence === null ? '–' : DEFENCE_WORDS[slow.defence]),
      row('ended by the target', count(slow.closed)),
      row(
        'the first and the last of them after',
        closedAfter ? say`${ms(closedAfter.firstMs)} and ${ms(closedAfter.lastMs)}` : '–',
      ),
      row('queued for each just before', orUnknown(closedAfter?.queuedBytes, bytes)),
      row('messages held back', count(slow.heldBack)),
      row('delivered, of what was due', orUnknown(slow.deliveredPercent, percent)),
    ],
  };
}
