import { componentLabel } from '../../charts/ledger-chart.ts';
import { LEDGER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { besideNoun, nounsOf } from '../../core/protocols/nouns.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary, TlsAdds } from '../../core/schemas/summary.ts';
import { differencePhrase, signedBounds } from './difference-phrases.ts';
import { alike, bytes, joined, ms, orUnknown, type Part, type Phrase, plain, say, size, UNKNOWN } from './phrase.ts';
import type { TableData } from './table.ts';
import { estimate } from './verdict-rows.ts';

type Added = NonNullable<TlsAdds['total']>;

/** A leg over TLS and the plain one beside it. */
interface Pair {
  readonly bare: LegSummary;
  readonly secured: LegSummary;
  readonly adds: TlsAdds;
}

/** Every pair of a run. */
export const tlsPairs = ({ legs, tlsAdds }: Summary): Pair[] =>
  tlsAdds.flatMap((adds) => {
    const [bare, secured] = [adds.plainLeg, adds.leg].map((name) => legs.find((leg) => leg.name === name));
    return bare && secured ? [{ bare, secured, adds }] : [];
  });

/** What TLS adds to one more connection: a sentence for each pair. */
export const tlsAddsSentences = (summary: Summary): Phrase[] =>
  tlsPairs(summary).map((pair) => say`${joined([costClause(pair), timeClause(pair, summary)], '; ')}.`);

function costClause({ bare, adds }: Pair): Phrase {
  const one = `one more ${nounsOf(bare)[0]}${besideNoun(bare.name, bare)}`;
  const main = adds.total ?? adds.user ?? adds.kernel;
  if (main === null) return say`What TLS adds to ${one} ${WHY[adds.unknown ?? 'no-cost'](adds)}`;
  const where = adds.total ? '' : adds.user ? ' in user space' : ' in the kernel';
  if (!adds.isShown) {
    return say`That TLS adds anything to ${one}${where} is not shown: the difference lies between ${signedBounds(main)}`;
  }
  const verb = main.bytes < 0 ? 'saves' : 'adds';
  const parts = adds.total ? partsOf(adds) : [];
  return say`TLS ${verb} ${bytes(Math.abs(main.bytes))}${intervalOf(main)} ${verb === 'adds' ? 'to' : 'of'} ${one}${where}${parts}`;
}

const WHY = {
  inconclusive: ({ leg, plainLeg }) => `is inconclusive, since the cost of ${plainLeg} or ${leg} is`,
  'no-cost': ({ leg, plainLeg }) => `isn't known: that takes the cost of both ${plainLeg} and ${leg}`,
  'other-levels': ({ leg, plainLeg }) => `isn't known, since ${plainLeg} and ${leg} came to different levels`,
} as const satisfies Record<NonNullable<TlsAdds['unknown']>, (adds: TlsAdds) => string>;

function intervalOf({ bytes: middle, low, high }: Added): Phrase {
  const { quantities, unit } = alike(Math.abs(middle), ...[low, high].map((end) => (middle < 0 ? -end : end)));
  const [, ...ends] = quantities;
  const [from, to] = ends.sort((a, b) => a.value - b.value);
  return from!.text === to!.text ? [] : say` (between ${from!} and ${to!} ${unit})`;
}

function partsOf({ user, kernel }: TlsAdds): Phrase {
  const told = [partOf(user, 'in user space'), partOf(kernel, 'in the kernel')].filter((part) => part.length > 0);
  return told.length === 0 ? [] : say`: ${joined(told, ', ')}`;
}

function partOf(part: Added | null, where: string): Phrase {
  if (part === null) return [];
  return part.word === 'no difference shown' ? say`no difference shown ${where}` : say`${bytes(part.bytes)} ${where}`;
}

/** Nothing where the client was what took its time. */
function timeClause({ bare, secured }: Pair, { generator }: Summary): Phrase {
  const [before, after] = [bare.open.p50Ms, secured.open.p50Ms];
  if (before === null || after === null || generator.saturated) return [];
  const securing = secured.stages?.securing?.p50Ms;
  const part = securing === undefined ? '' : say`, ${ms(securing)} of it for the TLS handshake`;
  return say`it opens in ${ms(after)} instead of ${ms(before)} (p50)${part}`;
}

/** Each pair side by side, part by part, and what opening takes. */
export const tlsAddsTables = (summary: Summary): TableData[] => tlsPairs(summary).map(pairTable);

function pairTable({ bare, secured, adds }: Pair): TableData {
  const legs = [bare, secured];
  const cost = (label: string, part: 'total' | 'user' | 'kernel'): TableData['rows'][number] => ({
    head: label,
    cells: [...legs.map((leg) => estimate(leg.perConnection?.[part] ?? null)), ...addedCells(adds[part])],
  });
  // What the host grew by beyond all parts is nobody's.
  const shown = LEDGER_COMPONENTS.filter(
    (name) =>
      name !== 'unexplained' && legs.some(({ perConnection }) => Math.abs(perConnection?.components[name] ?? 0) >= 1),
  );
  const measured = (head: string, of: (leg: LegSummary) => number | null, print: (value: number) => Part) => ({
    head,
    cells: [...legs.map((leg) => orUnknown(of(leg), print)), '', ''],
  });
  const rows = [
    cost('one more connection costs', 'total'),
    cost('  in user space', 'user'),
    cost('  in the kernel', 'kernel'),
    ...shown.map((name) => ({
      head: `    ${componentLabel(name)}`,
      cells: [
        ...legs.map(({ perConnection }) => orUnknown(perConnection?.components[name], size)),
        ...addedCells(adds.components[name] ?? null),
      ],
    })),
    measured('time to open, p50', ({ open }) => open.p50Ms, ms),
    measured('time to open, p99', ({ open }) => open.p99Ms, ms),
    measured('processor time of the target for each open', ({ open }) => open.targetCpuMs, ms),
    measured('received for each open, on the wire', (leg) => leg.bytes?.perOpen?.wireIn ?? null, bytes),
    measured('sent for each open, on the wire', (leg) => leg.bytes?.perOpen?.wireOut ?? null, bytes),
  ];
  return {
    topic: 'cost',
    isMain: true,
    caption: `What TLS adds: ${secured.name} beside ${bare.name}, with 95 % intervals`,
    columns: [
      ...[{ title: '' }, { title: bare.name }, { title: secured.name }],
      ...[{ title: 'TLS adds' }, { title: 'shown', words: true }],
    ],
    rows: rows.filter(({ cells }) => cells.slice(0, 2).some((cell) => plain(cell) !== UNKNOWN)),
  };
}

const addedCells = (added: Added | null): Part[] => (added ? [differencePhrase(added), added.word] : [UNKNOWN, '']);
