import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Sizing, SizingRow } from '../../core/schemas/sizing-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { AT_REST, RECONNECTING } from './capacity-phrases.ts';
import {
  bytes,
  count,
  countBeyond,
  farCount,
  joined,
  orUnknown,
  type Part,
  type Phrase,
  percent,
  say,
  UNKNOWN,
} from './phrase.ts';
import { priceOf } from './plan-phrases.ts';
import type { TableData } from './table.ts';

/** What each size of memory holds, how many it takes and what they cost. */
export function sizingTable(leg: LegSummary, { sizing }: Summary): TableData {
  const { name } = leg;
  const top = leg.levels.at(-1)?.open ?? 1;
  const rows = (sizing?.rows ?? []).filter((row) => row.leg === name);
  const isPriced = rows.some(({ pricePerHour }) => pricePerHour !== null);
  const hasHeap = rows.some(({ settings }) => settings.maxOldSpaceMib !== null);
  const hasBurst = rows.some(({ burstConnections }) => burstConnections !== null);
  const ofUse = (row: SizingRow, value: number | null): Part =>
    row.connections === 0 ? UNKNOWN : orUnknown(value, count);
  return {
    topic: 'capacity',
    caption: sizing === null ? '' : say`${name}: ${captionOf(sizing, rows)}`,
    columns: [
      { title: 'memory' },
      ...(hasBurst ? [`one holds, ${AT_REST}`, RECONNECTING] : ['one holds']).map((title) => ({
        title,
        unit: 'connections',
      })),
      { title: '', words: true },
      ...[{ title: 'instances' }, { title: 'hold together', unit: 'connections' }],
      ...(isPriced ? [{ title: 'a month' }, { title: 'an hour' }] : []),
      { title: 'open files', unit: 'ulimit -n' },
      ...(hasHeap ? [{ title: 'old space', unit: 'MiB' }] : []),
    ],
    rows: rows.map((row) => ({
      head: memoryOf(row),
      cells: [
        ...(hasBurst ? [row.restConnections, row.burstConnections] : [row.connections]).map((value) =>
          orUnknown(value, (held) => farCount(held, top)),
        ),
        row.beyond ? 'a guess' : '',
        orUnknown(row.instances, count),
        orUnknown(row.holds, (held) => countBeyond(held, row.extrapolation)),
        ...(isPriced
          ? [row.pricePerMonth, row.pricePerHour].map((value) => orUnknown(value, (known) => priceOf(known, sizing!)))
          : []),
        ofUse(row, row.settings.openFiles),
        ...(hasHeap ? [ofUse(row, row.settings.maxOldSpaceMib)] : []),
      ],
    })),
  };
}

function captionOf({ connections, spare, headroomPercent }: Sizing, rows: readonly SizingRow[]): Phrase {
  const lost = spare === 0 ? '' : say`, so that ${count(spare)} of them may be lost`;
  return say`what one instance holds with ${percent(headroomPercent)} headroom, and how many hold ${count(connections)} connections${lost}${whenOf(rows)}`;
}

/** Which of the two costs instances are counted by, where there are two. */
function whenOf(rows: readonly SizingRow[]): string {
  if (rows.every(({ burstConnections }) => burstConnections === null)) return '';
  return ` ${rows.some(({ sizedBy }) => sizedBy === 'burst') ? RECONNECTING : AT_REST}`;
}

/** Its name, and what of its memory the target may take. */
function memoryOf({ name, instanceBytes, memoryBytes }: SizingRow): Part {
  const left = memoryBytes === instanceBytes ? [] : say`${bytes(memoryBytes)} of it for the target`;
  return joined([name ?? [], bytes(instanceBytes), left], ', ');
}
