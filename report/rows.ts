import { isLeak } from '../core/retained.ts';
import type { Estimate } from '../core/slope.ts';
import type { LegSummary, Summary } from '../core/summary.ts';
import { humanBytes, humanCount, humanMs } from '../core/units.ts';

/** One line of the verdict: what it is, and a cell for each leg. The terminal and Markdown show the same rows. */
export interface Row {
  readonly label: string;
  readonly cells: readonly string[];
}

const UNKNOWN = '–';

/** The verdict as rows, one column a leg. */
export function verdictRows({ target, legs, limiters, forecast, capacity }: Summary): Row[] {
  const row = (label: string, cell: (leg: LegSummary) => string): Row => ({ label, cells: legs.map(cell) });
  const cost = (label: string, which: 'total' | 'user' | 'kernel' | 'charged'): Row =>
    row(label, ({ perConnection }) => estimate(perConnection?.[which] ?? null));
  const rows = [
    row('open at the top level', ({ peakOpen, planned }) => `${humanCount(peakOpen)} of ${humanCount(planned)}`),
    row('attempts that failed', ({ attempts, outcomes }) => failures(attempts, outcomes)),
    cost('one more connection costs', 'total'),
    cost('  in user space', 'user'),
    cost('  in the kernel', 'kernel'),
    ...(legs.some(({ perConnection }) => perConnection?.charged)
      ? [cost('  charged to its memory cgroup', 'charged')]
      : []),
    row('  growth of the host, unexplained', ({ perConnection }) =>
      orUnknown(perConnection?.components.unexplained, humanBytes),
    ),
    row('  in user space after a burst', ({ burst }) => orUnknown(burst?.userBytesPerConnection, humanBytes)),
    row('baseline, without connections', ({ baselineBytes }) => orUnknown(baselineBytes, humanBytes)),
    row('retained per closed connection', ({ retained }) => (retained === null ? UNKNOWN : retainedCell(retained))),
    row('fit: R², error of the top level', ({ fit }) =>
      fit === null
        ? UNKNOWN
        : `${fit.rSquared.toFixed(4)}, ${orUnknown(fit.holdoutErrorPercent, (error) => `${error.toFixed(1)} %`)}`,
    ),
    ...(legs.some(({ fit }) => fit?.knee)
      ? [row('knee: one more costs', ({ fit }) => kneeCell(fit?.knee ?? null))]
      : []),
    ...(legs.some(({ fit }) => fit?.step)
      ? [row('step, not in the cost', ({ fit }) => stepsCell(fit?.steps ?? []))]
      : []),
    row('time to open, p50 / p99 / max', ({ open: { p50Ms, p99Ms, maxMs } }) =>
      [p50Ms, p99Ms, maxMs].map((ms) => orUnknown(ms, humanMs)).join(' / '),
    ),
    ...(legs.some(({ rtt }) => rtt !== null)
      ? [
          row('round trip, p50 / p99 / p99.9', ({ rtt }) =>
            rtt === null ? UNKNOWN : [rtt.p50Ms, rtt.p99Ms, rtt.p999Ms].map((ms) => orUnknown(ms, humanMs)).join(' / '),
          ),
        ]
      : []),
    row('opens per second', ({ open }) => orUnknown(open.ratePerSecond, humanCount)),
    row('first limit', ({ protocol }) => limitCells(limiters, protocol)[0] ?? UNKNOWN),
    row('  further limits', ({ protocol }) => limitCells(limiters, protocol).slice(1).join(', ') || UNKNOWN),
    ...capacity.slice(0, 1).map((any) =>
      row(capacityLabel(any, target.memoryLimit), ({ protocol }) => {
        const own = capacity.find((one) => one.protocol === protocol);
        return own ? `${humanCount(own.connections)}${guess(own)}` : UNKNOWN;
      }),
    ),
  ];
  const sizes = [...new Set(forecast.map(({ connections }) => connections))];
  const ahead = sizes.map((connections) =>
    row(`${humanCount(connections)} connections would take`, ({ protocol }) => {
      const one = forecast.find((entry) => entry.protocol === protocol && entry.connections === connections);
      return one ? `${estimate(one)}${guess(one)}` : UNKNOWN;
    }),
  );
  return [...rows, ...ahead];
}

/** `2.0 GiB, the limit of its cgroup, hold, with 20 % headroom`: the same limit goes for all legs. */
function capacityLabel(
  { memoryLimitBytes, headroomPercent }: Summary['capacity'][number],
  limit: Summary['target']['memoryLimit'],
): string {
  const isOfCgroup = limit?.basis === 'cgroup' && limit.bytes === memoryLimitBytes;
  const what = isOfCgroup ? ', the limit of its cgroup,' : '';
  return `${humanBytes(memoryLimitBytes)}${what} hold, with ${headroomPercent} % headroom`;
}

const guess = ({ beyond }: { readonly beyond: boolean }): string => (beyond ? ' (extrapolated)' : '');

function limitCells(limiters: Summary['limiters'], protocol: LegSummary['protocol']): string[] {
  return limiters
    .filter((limiter) => limiter.protocol === protocol)
    .map(({ what, at, unit }) => `${what} at ${humanCount(at)}${unit === 'connections' ? '' : ` ${unit}`}`);
}

type Fit = NonNullable<LegSummary['fit']>;

function kneeCell(knee: Fit['knee']): string {
  if (knee === null) return 'none in range';
  const { at, low, high, below, above } = knee;
  const levels = `between ${humanCount(low)} and ${humanCount(high)}`;
  return `${humanBytes(below.bytes)} up to ${humanCount(at)} (${levels}), ${humanBytes(above.bytes)} above`;
}

const stepsCell = (steps: Fit['steps']): string =>
  steps
    .map(({ bytes, low, high }) => `${humanBytes(bytes)} between ${humanCount(low)} and ${humanCount(high)}`)
    .join('; ') || 'none in range';

function retainedCell({ bytesPerClosedConnection: bytes, low, high }: NonNullable<LegSummary['retained']>): string {
  if (low === null || high === null) return humanBytes(bytes);
  return `${estimate({ bytes, low, high })}${isLeak({ low }) ? ': a leak' : ''}`;
}

/** `9.1 KiB [8.9, 9.3]`: the value and its 95 % interval. */
export function estimate(value: Estimate | null): string {
  if (value === null) return UNKNOWN;
  return `${humanBytes(value.bytes)} [${humanBytes(value.low)}, ${humanBytes(value.high)}]`;
}

function orUnknown(value: number | null | undefined, print: (value: number) => string): string {
  return value === null || value === undefined ? UNKNOWN : print(value);
}

function failures(attempts: number, outcomes: LegSummary['outcomes']): string {
  const failed = Object.entries(outcomes).filter(([outcome, count]) => outcome !== 'open' && count > 0);
  const of = `of ${humanCount(attempts)}`;
  return failed.length === 0
    ? `0 ${of}`
    : `${failed.map(([outcome, count]) => `${humanCount(count)} ${outcome}`).join(', ')} ${of}`;
}
