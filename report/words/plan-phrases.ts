import type { Sizing, SizingRow } from '../../core/schemas/sizing-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { chosenRow } from '../fold/sizing.ts';
import {
  bytes,
  count,
  countBeyond,
  joined,
  orUnknown,
  type Part,
  type Phrase,
  percent,
  phraseOf,
  say,
  UNKNOWN,
} from './phrase.ts';
import type { Table } from './table.ts';

/** `2 × large with one to spare`. */
export function instancesOf(row: SizingRow, { spare }: Pick<Sizing, 'spare'>): Phrase {
  if (row.instances === null) return ['none fits'];
  return say`${count(row.instances)} × ${sizeOf(row)}${spareOf(spare)}`;
}

const sizeOf = ({ name, instanceBytes }: SizingRow): Part => name ?? bytes(instanceBytes);

const spareOf = (spare: number): Part =>
  spare === 0 ? '' : spare === 1 ? ' with one to spare' : say` with ${count(spare)} to spare`;

/** `198 EUR`. */
export function priceOf(value: number, { currency }: Pick<Sizing, 'currency'>): Phrase {
  const digits = value < 10 ? 4 : value < 100 ? 2 : 0;
  const text = value.toFixed(digits).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
  return [{ value, text }, ...(currency === '' ? [] : [` ${currency}`])];
}

/** A sentence for each leg: `ws: 250,000 connections: 2 × large with one to spare, 198 EUR a month, the cheapest`. */
export function planSentences({ sizing, legs }: Summary): Phrase[] {
  if (sizing === null) return [];
  return legs.flatMap(({ name }) => {
    const row = chosenRow(sizing, name);
    if (!row) return [];
    const whose = legs.length > 1 ? `${name}: ` : '';
    const price = row.pricePerMonth === null ? [] : say`${priceOf(row.pricePerMonth, sizing)} a month`;
    const isOneOf = sizing.rows.filter((one) => one.leg === name && one.pricePerHour !== null).length > 1;
    const mark = row.pricePerMonth !== null && isOneOf ? 'the cheapest' : '';
    const guess = row.beyond ? 'a guess: far beyond what was measured' : '';
    return [
      say`${whose}${count(sizing.connections)} connections: ${joined([instancesOf(row, sizing), price, mark, guess], ', ')}.`,
    ];
  });
}

/** The choices of a plan that names its instances, a table a leg; none for the limits that are taken without one. */
export function planTables({ sizing, legs }: Summary): Table[] {
  if (sizing === null) return [];
  return legs.flatMap(({ name }) => {
    const rows = sizing.rows.filter((row) => row.leg === name && row.name !== null);
    if (rows.length === 0) return [];
    const chosen = chosenRow(sizing, name);
    const isPriced = rows.some(({ pricePerHour }) => pricePerHour !== null);
    return {
      caption: say`${name}: ${count(sizing.connections)} connections, ${percent(sizing.headroomPercent)} of the memory kept free`,
      columns: [
        ...[{ title: 'instances' }, { title: 'one holds' }, { title: 'together' }],
        ...(isPriced ? [{ title: 'a month' }] : []),
        { title: '', words: true },
      ],
      rows: rows.map((row) => ({
        head: instancesOf(row, sizing),
        cells: [
          ...[row.connections, row.holds].map((value) =>
            orUnknown(value, (held) => countBeyond(held, row.extrapolation)),
          ),
          ...(isPriced ? [row.pricePerMonth === null ? phraseOf(UNKNOWN) : priceOf(row.pricePerMonth, sizing)] : []),
          joined([row === chosen && isPriced ? 'cheapest' : '', row.beyond ? 'a guess' : ''], ', '),
        ],
      })),
    };
  });
}
