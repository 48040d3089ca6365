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
export function verdictRows({ legs, limiters, forecast }: Summary): Row[] {
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
    row('retained per closed connection', ({ retained }) => orUnknown(retained?.bytesPerClosedConnection, humanBytes)),
    row('fit: R², error of the top level', ({ fit }) =>
      fit === null
        ? UNKNOWN
        : `${fit.rSquared.toFixed(4)}, ${orUnknown(fit.holdoutErrorPercent, (error) => `${error.toFixed(1)} %`)}`,
    ),
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
    row('first limit', ({ protocol }) => {
      const first = limiters.find((limiter) => limiter.protocol === protocol);
      return first ? `${first.what} at ${humanCount(first.at)}` : UNKNOWN;
    }),
    row("would fit in this machine's memory", ({ protocol }) =>
      orUnknown(limiters.find((one) => one.protocol === protocol && one.what === 'memory')?.at, humanCount),
    ),
  ];
  const sizes = [...new Set(forecast.map(({ connections }) => connections))];
  const ahead = sizes.map((connections) =>
    row(`${humanCount(connections)} connections would take`, ({ protocol }) => {
      const one = forecast.find((entry) => entry.protocol === protocol && entry.connections === connections);
      return one ? `${humanBytes(one.bytes)}${one.extrapolation > 2 ? ' (extrapolated)' : ''}` : UNKNOWN;
    }),
  );
  return [...rows, ...ahead];
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
