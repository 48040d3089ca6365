import type { ChurnSummary, SoakSummary } from '../../core/schemas/churn.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { alike, bytes, count, decimal, joined, ms, orUnknown, type Part, type Phrase, say, UNKNOWN } from './phrase.ts';
import type { TableData } from './table.ts';

/** For the verdict: what levels came to that went on while their connections were replaced, and for hours. */
export const goingOnClause = ({ churn, soak }: LegSummary): Phrase =>
  joined([churn ? churnClause(churn) : [], soak ? soakClause(soak) : []], '; ');

function churnClause(churn: ChurnSummary): Phrase {
  const { achievedPerSecond, beyondRestBytes, driftPerTurnover, failed, lost, levels } = churn;
  const open = levels.at(-1)?.open;
  const more =
    beyondRestBytes === null || open === undefined
      ? ''
      : say` ${count(open)} took ${bytes(Math.abs(beyondRestBytes))} ${beyondRestBytes < 0 ? 'less' : 'more'} than at rest`;
  const replaced = say`while ${perSecond(achievedPerSecond)} a second were replaced${more === '' ? ` all stayed open` : more}`;
  const gone = failed + lost > 0 ? say`${count(failed + lost)} of them failed or were lost` : '';
  return joined([replaced, gone, leakClause(driftPerTurnover, churn)], '; ');
}

function leakClause(drift: Estimate | null, { isLevellingOff, hasGarbage }: ChurnSummary): Phrase {
  if (drift === null) return [];
  if (drift.low <= 0) {
    return drift.high <= 0
      ? []
      : say`no growth is shown for connections that are replaced: at most ${bytes(drift.high)} for each`;
  }
  if (isLevellingOff) {
    return say`each connection that is replaced leaves ${bytes(drift.bytes)}${between(drift)}, ever less: a longer --soak tells`;
  }
  const leaves = say`each connection that is replaced leaves ${bytes(drift.bytes)}${between(drift)}`;
  return hasGarbage ? say`${leaves}, which may be garbage: --collect tells` : say`${leaves}: a leak`;
}

function soakClause({ heldMs, open, interruptions, driftPerHour, isLevellingOff, hasGarbage }: SoakSummary): Phrase {
  const times = interruptions.length;
  const broken = times === 0 ? '' : say`, in ${count(times + 1)} segments,`;
  const held = say`over ${ms(heldMs)}${broken} with ${count(open)} open`;
  if (driftPerHour === null) return say`${held} too little is known of memory to tell whether it grows`;
  if (driftPerHour.low <= 0)
    return say`${held} no growth is shown: at most ${bytes(Math.max(0, driftPerHour.high))} in an hour`;
  const ever = isLevellingOff ? ', ever less: it levels off' : hasGarbage ? ', garbage included' : '';
  return say`${held} memory grew by ${bytes(driftPerHour.bytes)} in an hour${between(driftPerHour)}${ever}`;
}

function between({ bytes: middle, low, high }: Estimate): Phrase {
  const { quantities, unit } = alike(middle, low, high);
  const [, from, to] = quantities;
  return from!.text === to!.text ? [] : say` (between ${from!} and ${to!} ${unit})`;
}

/** A pace that may be far below one. */
const perSecond = (value: number): Part => (value >= 10 ? count(value) : decimal(value, value >= 1 ? 1 : 2));

const driftCell = (drift: Estimate | null): Phrase =>
  drift === null ? [UNKNOWN] : say`${bytes(drift.bytes)}${between(drift)}`;

/** Rows of the verdict; none where no leg went on. */
export function goingOnRows<R>(
  legs: readonly LegSummary[],
  row: (label: Part, cell: (leg: LegSummary) => Part) => R,
): R[] {
  const rows: R[] = [];
  if (legs.some(({ churn }) => churn !== null)) {
    const of = (cell: (churn: ChurnSummary) => Part) => (leg: LegSummary) => (leg.churn ? cell(leg.churn) : UNKNOWN);
    rows.push(
      row(
        'replaced per second, of those due',
        of(
          ({ achievedPerSecond, plannedPerSecond }) =>
            say`${perSecond(achievedPerSecond)} of ${perSecond(plannedPerSecond)}`,
        ),
      ),
      row(
        '  one more connection costs then',
        of(({ perConnection }) => driftCell(perConnection)),
      ),
      row(
        '  more than at rest, at the top level',
        of(({ beyondRestBytes }) => orUnknown(beyondRestBytes, bytes)),
      ),
      row(
        '  time to open, p50 / p99 / max',
        of(({ open }) =>
          joined(
            [open.p50Ms, open.p99Ms, open.maxMs].map((time) => orUnknown(time, ms)),
            ' / ',
          ),
        ),
      ),
      row(
        '  failed or lost',
        of(({ failed, lost, replaced }) => say`${count(failed + lost)} of ${count(replaced)}`),
      ),
      row(
        '  growth for each that is replaced',
        of(({ driftPerTurnover }) => driftCell(driftPerTurnover)),
      ),
    );
  }
  if (legs.some(({ soak }) => soak !== null)) {
    rows.push(
      row('growth in an hour, at the top level', ({ soak }) =>
        soak ? say`${driftCell(soak.driftPerHour)}, over ${ms(soak.heldMs)}` : UNKNOWN,
      ),
    );
  }
  if (legs.some(({ soak }) => soak !== null && soak.interruptions.length > 0)) {
    rows.push(row('  interrupted', ({ soak }) => (soak ? interruptionsCell(soak) : UNKNOWN)));
  }
  return rows;
}

/** The first of them, since a cell has room for a few. */
const MOST_TOLD = 3;

function interruptionsCell({ interruptions }: SoakSummary): Phrase {
  if (interruptions.length === 0) return say`never`;
  const told = interruptions
    .slice(0, MOST_TOLD)
    .map(({ afterMs, forMs }) => say`after ${ms(afterMs)} for ${ms(forMs)}`);
  const more = interruptions.length - told.length;
  return joined([...told, more > 0 ? say`${count(more)} more` : ''], ', ');
}

/** What each level took while its connections were replaced; no rows where they weren't. */
export function churnTable({ name, churn }: LegSummary): TableData {
  const levels = churn?.levels ?? [];
  return {
    topic: 'cost',
    caption: `${name}: each level while its connections are replaced; times to open count from when each was due`,
    columns: [
      { title: 'open' },
      { title: 'at least' },
      { title: 'replaced', unit: 'per second' },
      { title: 'due', unit: 'per second' },
      { title: 'failed or lost' },
      ...[{ title: 'p50' }, { title: 'p99' }, { title: 'slowest' }],
      { title: 'memory' },
      { title: 'more than at rest' },
      { title: 'in TIME_WAIT there' },
      { title: 'in TIME_WAIT here' },
    ],
    rows: levels.map((level) => ({
      head: count(level.open),
      cells: [
        count(level.leastOpen),
        perSecond(level.achievedPerSecond),
        perSecond(level.plannedPerSecond),
        count(level.failed + level.lost),
        ...[level.p50Ms, level.p99Ms, level.maxMs].map((time) => orUnknown(time, ms)),
        orUnknown(level.bytes?.total ?? level.bytes?.user, bytes),
        orUnknown(level.beyondRestBytes, bytes),
        orUnknown(level.timeWait?.atTarget, count),
        orUnknown(level.timeWait?.atClient, count),
      ],
    })),
  };
}
