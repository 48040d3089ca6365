import { type LegSummary, STAGES, type StageName } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { isLeak } from '../../core/stats/retained.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { extrapolationTo } from '../fold/capacity.ts';
import { keepingIn } from '../fold/kept-memory-kind.ts';
import { lossCell } from '../fold/losses.ts';
import { isUnanswered } from '../fold/opening.ts';
import { broadcastRows } from './broadcast-phrases.ts';
import { AT_REST, limitOf, RECONNECTING } from './capacity-phrases.ts';
import { goingOnRows } from './going-on-phrases.ts';
import { askAgain } from './kept-phrases.ts';
import {
  alike,
  bytes,
  count,
  decimal,
  farCount,
  joined,
  ms,
  orUnknown,
  type Part,
  type Phrase,
  percent,
  phraseOf,
  plain,
  say,
  size,
  UNKNOWN,
} from './phrase.ts';
import { hasCome, receivedCell } from './received-phrases.ts';
import { stormRows } from './storm-phrases.ts';
import { agreedCell, tlsAddsCell, wireCell } from './tls-phrases.ts';
import { noticeCell, stillHeldCell } from './vanish-phrases.ts';

/** One line of the verdict: what it is, and a cell for each leg. All outputs show the same rows. */
export interface Row {
  /** Two spaces before what is a part of the row above. */
  readonly label: Phrase;
  readonly cells: readonly Phrase[];
}

/** As plain text. */
export interface PlainRow {
  readonly label: string;
  readonly cells: readonly string[];
}

export const plainRows = (summary: Summary): PlainRow[] =>
  verdictRows(summary).map(({ label, cells }) => ({ label: plain(label), cells: cells.map(plain) }));

/** The verdict as rows, one column a leg. */
export function verdictRows({ target, legs, tlsAdds, limiters, forecast, capacity }: Summary): Row[] {
  const row = (label: Part, cell: (leg: LegSummary) => Part): Row => ({
    label: phraseOf(label),
    cells: legs.map((leg) => phraseOf(cell(leg))),
  });
  const cost = (label: string, which: 'total' | 'user' | 'kernel' | 'charged'): Row =>
    row(label, ({ perConnection }) => estimate(perConnection?.[which] ?? null));
  const rows = [
    row('open at the top level', ({ peakOpen, planned }) => say`${count(peakOpen)} of ${count(planned)}`),
    row('attempts that failed', ({ attempts, outcomes }) => say`${failures(outcomes)} of ${count(attempts)}`),
    ...(legs.some(({ losses }) => losses !== null) ? [row('connections that were lost', lossCell)] : []),
    row('one more connection costs', ({ perConnection, inconclusive }) =>
      inconclusive ? 'inconclusive' : estimate(perConnection?.total ?? null),
    ),
    cost('  in user space', 'user'),
    row('  in the kernel', ({ perConnection }) => {
      const told = estimate(perConnection?.kernel ?? null);
      return perConnection?.isKernelEstimated ? say`${told}, estimated` : told;
    }),
    ...(legs.some(({ perConnection }) => perConnection?.charged)
      ? [cost('  charged to its memory cgroup', 'charged')]
      : []),
    ...(tlsAdds.length > 0 ? [row('  of it TLS adds', (leg) => tlsAddsCell(leg, tlsAdds))] : []),
    row('  growth of the host, unexplained', unexplainedCell),
    ...(legs.some(({ burst }) => burst !== null)
      ? [row('  in user space after a burst', ({ burst }) => orUnknown(burst?.userBytesPerConnection, size))]
      : []),
    row('baseline, without connections', ({ baselineBytes }) => orUnknown(baselineBytes, bytes)),
    ...retainedRows(legs, row),
    row('fit: R², error of the top level', ({ fit }) =>
      fit === null
        ? UNKNOWN
        : say`${decimal(fit.rSquared, 4)}, ${orUnknown(fit.holdoutErrorPercent, (error) => percent(error, 1))}`,
    ),
    ...(legs.some(({ fit }) => fit?.knee)
      ? [row('knee: one more costs', ({ fit }) => kneeCell(fit?.knee ?? null))]
      : []),
    ...(legs.some(({ fit }) => fit?.step)
      ? [row('step, not in the cost', ({ fit }) => stepsCell(fit?.steps ?? []))]
      : []),
    row('time to open, p50 / p99 / max', ({ open: { p50Ms, p99Ms, maxMs } }) => times([p50Ms, p99Ms, maxMs])),
    ...securedRows(legs, row),
    ...(legs.some(({ rtt }) => rtt !== null)
      ? [
          row('round trip, p50 / p99 / p99.9', ({ rtt }) =>
            rtt === null
              ? UNKNOWN
              : isUnanswered(rtt)
                ? say`none of ${count(rtt.lostReplies)} came back`
                : times([rtt.p50Ms, rtt.p99Ms, rtt.p999Ms]),
          ),
        ]
      : []),
    ...(legs.some(({ rtt }) => rtt !== null && rtt.fromOthers > 0)
      ? [row('  received from others', ({ rtt }) => orUnknown(rtt?.fromOthers, count))]
      : []),
    ...(legs.some(({ rtt }) => rtt?.statuses) ? [row('  answers, by status', ({ rtt }) => statusCell(rtt))] : []),
    ...broadcastRows(legs, row),
    ...(legs.some(({ received }) => hasCome(received?.each))
      ? [row('received by each, while held', receivedCell)]
      : []),
    ...waitRows(legs, row),
    ...stormRows(legs, row),
    ...(legs.some(({ vanish }) => vanish !== null)
      ? [row('vanished peers held, p50 / p99 / all', noticeCell), row('  still held', stillHeldCell)]
      : []),
    ...goingOnRows(legs, row),
    row('opens per second', ({ open }) => orUnknown(open.ratePerSecond, count)),
    row('first limit', ({ name }) => limitCells(limiters, legs, name)[0] ?? UNKNOWN),
    row('  further limits', ({ name }) => {
      const [, ...further] = limitCells(limiters, legs, name);
      return further.length > 0 ? joined(further, ', ') : UNKNOWN;
    }),
    ...capacity.slice(0, 1).flatMap((any) => {
      const label = capacityLabel(any, target.memoryLimit);
      const cell = (name: 'connections' | 'restConnections' | 'burstConnections') => (leg: LegSummary) => {
        const own = capacity.find((one) => one.leg === leg.name);
        const top = leg.levels.at(-1)?.open ?? 1;
        return orUnknown(
          own?.[name],
          (connections) => say`${farCount(connections, top)}${guess(extrapolationTo(connections, top))}`,
        );
      };
      if (capacity.every(({ burstConnections }) => burstConnections === null)) return [row(label, cell('connections'))];
      return [
        row(say`${label}, ${AT_REST}`, cell('restConnections')),
        row(`  ${RECONNECTING}`, cell('burstConnections')),
      ];
    }),
  ];
  const sizes = [...new Set(forecast.map(({ connections }) => connections))];
  const ahead = sizes.map((connections) =>
    row(say`${count(connections)} connections would take`, ({ name }) => {
      const one = forecast.find((entry) => entry.leg === name && entry.connections === connections);
      return one ? say`${estimate(one)}${guess(one)}` : UNKNOWN;
    }),
  );
  const all = [...rows, ...ahead];
  // Where no leg came to a level there is little to tell, and nothing of what isn't known.
  return legs.some(({ levels }) => levels.length > 0) ? all : all.filter(({ cells }) => cells.some(isKnown));
}

const isKnown = (cell: Phrase): boolean => /[^–/ ]/.test(plain(cell));

/** `2.0 GiB, the limit of its cgroup, hold, with 20 % headroom`: the same limit goes for all legs. */
function capacityLabel(
  { memoryLimitBytes, headroomPercent }: Summary['capacity'][number],
  limit: Summary['target']['memoryLimit'],
): Phrase {
  const isOfCgroup = limit?.basis === 'cgroup' && limit.bytes === memoryLimitBytes;
  const what = isOfCgroup ? ', the limit of its cgroup,' : '';
  return say`${bytes(memoryLimitBytes)}${what} hold, with ${percent(headroomPercent)} headroom`;
}

/** Other programs take and give back memory as well. Where that is more than all a connection costs, it says nothing of ours. */
function unexplainedCell({ perConnection }: LegSummary): Part {
  const { unexplained = null, components, total, user, kernel } = perConnection ?? {};
  if (unexplained === null) return orUnknown(components?.unexplained, size);
  const cost = (total ?? user ?? kernel)?.bytes ?? 0;
  const noise = Math.max(unexplained.bytes - unexplained.low, unexplained.high - unexplained.bytes);
  if (noise > cost) return 'not known: other programs were busy';
  // Rows that are too large leave less than nothing; a warning tells where it matters.
  return unexplained.high <= 0 ? 'none' : estimate(unexplained);
}

const guess = ({ beyond }: { readonly beyond: boolean }): string => (beyond ? ' (extrapolated)' : '');

const times = (all: ReadonlyArray<number | null>): Phrase =>
  joined(
    all.map((time) => orUnknown(time, ms)),
    ' / ',
  );

function statusCell(rtt: LegSummary['rtt']): Part {
  if (!rtt?.statuses) return UNKNOWN;
  const came = Object.entries(rtt.statuses).filter(([, times]) => times > 0);
  const lost = rtt.lostReplies > 0 ? [say`${count(rtt.lostReplies)} without`] : [];
  return joined([...came.map(([status, times]) => say`${count(times)} ${status}`), ...lost], ', ');
}

function limitCells(limiters: Summary['limiters'], legs: readonly LegSummary[], name: string): Phrase[] {
  const leg = legs.find((one) => one.name === name);
  return limiters.filter((limiter) => limiter.leg === name).map((limiter) => limitOf(limiter, leg));
}

type Fit = NonNullable<LegSummary['fit']>;

function kneeCell(knee: Fit['knee']): Part {
  if (knee === null) return 'none in range';
  const { at, low, high, below, above } = knee;
  const levels = say`between ${count(low)} and ${count(high)}`;
  return say`${bytes(below.bytes)} up to ${count(at)} (${levels}), ${bytes(above.bytes)} above`;
}

const stepsCell = (steps: Fit['steps']): Part =>
  steps.length === 0
    ? 'none in range'
    : joined(
        steps.map((step) => say`${bytes(step.bytes)} between ${count(step.low)} and ${count(step.high)}`),
        '; ',
      );

type MakeRow = (label: Part, cell: (leg: LegSummary) => Part) => Row;

/** Where any leg is over TLS: what its opens consist of, what was agreed on, and what it takes on the wire. */
function securedRows(legs: readonly LegSummary[], row: MakeRow): Row[] {
  if (legs.every(({ tls }) => tls === null)) return [];
  const stage = (name: StageName): Row =>
    row(`  ${name}`, ({ stages, transport }) => {
      const told = name === 'securing' && transport === 'plain' ? null : stages?.[name];
      return told ? times([told.p50Ms, told.p99Ms, told.maxMs]) : UNKNOWN;
    });
  return [...STAGES.map(stage), row('  on the wire', wireCell), row('TLS', agreedCell)];
}

/** Where any leg waits for its target to speak: times that are no latencies. */
function waitRows(legs: readonly LegSummary[], row: MakeRow): Row[] {
  const waits = [
    ['time between events', 'eventGap'],
    ['answers to polls were held', 'answerHeld'],
  ] as const;
  return waits.flatMap(([what, name]) =>
    legs.every((leg) => leg[name] === null)
      ? []
      : [
          row(`${what}, p50 / p99 / max`, ({ [name]: wait }) =>
            wait ? times([wait.p50Ms, wait.p99Ms, wait.maxMs]) : UNKNOWN,
          ),
        ],
  );
}

/** User memory in any case; the kernel's and descriptors where any leg keeps some. */
function retainedRows(legs: readonly LegSummary[], row: MakeRow): Row[] {
  const hasMore = legs.some(({ retained }) => retained?.kernel && (retained.files?.perClosedConnection ?? 0) >= 0.01);
  return [
    row('retained per closed connection', (leg) => {
      if (leg.retained === null) return UNKNOWN;
      const word = isLeak(leg.retained) ? ': a leak' : keptWord(leg, leg.retained);
      return say`${retainedEstimate(leg.retained)}${word}`;
    }),
    ...(hasMore
      ? [
          row('  and in the kernel', ({ retained }) => (retained?.kernel ? retainedPart(retained.kernel) : UNKNOWN)),
          row('  and open files', ({ retained }) => (retained?.files ? filesCell(retained.files) : UNKNOWN)),
        ]
      : []),
  ];
}

/** For user memory that isn't shown to grow. */
function keptWord(leg: LegSummary, retained: Retained): string {
  const keeping = keepingIn(leg);
  if (keeping === 'used-again') return ': used again';
  return keeping === 'perhaps-kept' ? `, kept for the next or leaked (${askAgain(retained)})` : '';
}

type Retained = NonNullable<NonNullable<LegSummary['retained']>['kernel']>;

const retainedPart = (part: Retained): Part => say`${retainedEstimate(part)}${isLeak(part) ? ': a leak' : ''}`;

function retainedEstimate({ bytesPerClosedConnection, low, high }: Retained): Part {
  if (low === null || high === null) return size(bytesPerClosedConnection);
  return estimate({ bytes: bytesPerClosedConnection, low, high });
}

function filesCell(files: NonNullable<NonNullable<LegSummary['retained']>['files']>): Part {
  const { perClosedConnection, low, high } = files;
  const each = decimal(perClosedConnection, 2);
  if (low === null || high === null) return each;
  return say`${each} [${decimal(low, 2)}, ${decimal(high, 2)}]${isLeak(files) ? ': a leak' : ''}`;
}

/** `9.1 KiB [8.9, 9.3]`: the value and its 95 % interval, in one unit. */
export function estimate(value: Estimate | null): Part {
  if (value === null) return UNKNOWN;
  // What scatter puts below nothing is nothing.
  const [middle, low, high] = [value.bytes, value.low, value.high].map((end) => Math.max(0, end));
  const { quantities } = alike(middle!, low!, high!);
  return say`${quantities[0]!} [${quantities[1]!}, ${quantities[2]!}]`;
}

/** `12 refused, 3 timeout`; 0 where none failed. */
export function failures(outcomes: LegSummary['outcomes']): Phrase {
  const failed = Object.entries(outcomes).filter(([outcome, times]) => outcome !== 'open' && times > 0);
  const which = failed.map(([outcome, times]) => say`${count(times)} ${outcome}`);
  return which.length === 0 ? [count(0)] : joined(which, ', ');
}
