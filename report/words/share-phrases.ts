import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { StrangeFigure } from '../../core/schemas/share-residual.ts';
import { count, decimal, joined, ms, orUnknown, type Part, type Phrase, percent, plain, say } from './phrase.ts';
import type { TableData } from './table.ts';

/** What a share showed, and what the others did. */
const SHOWED: Readonly<Record<StrangeFigure, (value: number, median: number) => Phrase>> = {
  openP50: (value, median) =>
    say`half of its connections took over ${ms(value)} to open, those of the others ${ms(median)}`,
  openP99: (value, median) =>
    say`1 in 100 of its connections took over ${ms(value)} to open, of the others ${ms(median)}`,
  lateness: (value, median) =>
    say`1 in 100 of its attempts began ${ms(value)} late by its own fault, of the others ${ms(median)}`,
  pace: (value, median) =>
    say`its ramp took ${decimal(value, 1)} times as long as planned, that of the others ${decimal(median, 1)}`,
  failures: (value, median) => say`${percent(value)} of its attempts failed, of the others ${percent(median)}`,
  losses: (value, median) => say`it lost ${percent(value)} of its connections, the others ${percent(median)}`,
};

/** One sentence for each host that stands out. */
export function strangeHosts({ name, shares }: Pick<LegSummary, 'name' | 'shares'>): string[] {
  const strange = shares?.strange ?? [];
  const places = new Map(strange.map(({ share, host }) => [`${share} ${host}`, { share, host }]));
  return [...places.values()].map(({ share, host }) => {
    const own = strange.filter((one) => one.share === share && one.host === host);
    const what = joined(
      own.map(({ figure, value, median, level }) => say`${SHOWED[figure](value, median)} (level of ${count(level)})`),
      '; ',
    );
    return plain(
      say`${name}: share ${count(share + 1)}, on ${host}, stands out: ${what}. All shares go to the same target, so this comes from ${host} or its network, and not from the target`,
    );
  });
}

/** Machines side by side, on the way to the last level that was held. */
export function sharesTable({ name, shares }: LegSummary): TableData {
  const strange = new Set(shares?.strange.map(({ share }) => share));
  const total = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((sum, one) => sum + one, 0);
  const residuals = shares?.residuals ?? [];
  return {
    topic: 'latency',
    caption: `${name}: shares of the fleet, on the way to ${shares?.level ?? 0} connections`,
    columns: [
      ...[{ title: 'share' }, { title: 'opened' }, { title: 'planned', unit: 'per second' }],
      ...[{ title: 'kept', unit: 'per second' }, { title: 'p50' }, { title: 'p99' }, { title: 'started late, p99' }],
      ...[{ title: 'failed' }, { title: 'ended' }, { title: '', words: true }],
    ],
    rows: residuals.map((one) => ({
      head: say`${count(one.share + 1)} on ${one.host}`,
      cells: [
        ...[count(one.attempts - total(one.failures)), rounded(one.wantedPerSecond), orUnknown(one.perSecond, rounded)],
        ...[orUnknown(one.openP50Ms, ms), orUnknown(one.openP99Ms, ms), orUnknown(one.latenessP99Ms, ms)],
        ...[count(total(one.failures)), count(total(one.closes)), strange.has(one.share) ? 'stands out' : ''],
      ],
    })),
  };
}

const rounded = (perSecond: number): Part => count(Math.round(perSecond));
