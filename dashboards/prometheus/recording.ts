/**
 * The line of memory on connections, drawn by Prometheus while a run goes on: least squares over the readings at levels.
 *
 * A hold takes as long as one reading, mostly less than a second: a scrape may miss it, or meet it while the reading is
 * still to come. But a run goes on showing what it read at
 * the last hold (`connrig_level_memory_bytes`), with a number that rises by one for each (`connrig_memory_points_total`).
 * So a sample counts when its number is new, each once, whatever the intervals are and however long levels last; and
 * nothing counts that was read while connections came and went.
 *
 * Points are sparse series, a sample for each level. Their sums (n, Σx, Σy, Σx², Σxy) over a day give the line. The run's
 * own estimate (Theil–Sen) is less bent by one disturbed level; the two differ by little unless there is one.
 */
import { histogram, metric, type PromQl, promql, recorded } from '../promql.ts';
import type { RecordedKey } from '../recorded.ts';
import type { RecordingRule, RuleGroup } from './rule.ts';

/** Levels of a quick run are hardly longer than that. */
export const EVERY_SECONDS = 1;
/** The report gives no slope below as many levels either. */
const LEAST_LEVELS = 3;
/** What `connrig run --headroom` keeps free unless told otherwise, and with it `capacity` of summary.json. */
const HEADROOM = 0.2;

/** A series with the name of its run, which only one series of each run has. Max, where it is used: some scrape twice. */
const named = (series: PromQl): PromQl => promql`${series} * on (job, instance) group_left (run) ${metric('runInfo')}`;

const number = promql`max by (run, protocol, leg) (${named(metric('memoryPoints'))}) > 0`;
const memory = promql`max by (run, protocol, leg, part) (${named(metric('levelMemory'))})`;
const connections = promql`max by (run, protocol, leg) (${named(metric('levelConnections'))})`;

const failed = metric('connectionOutcomes', { outcome: { not: 'open' } });
const lost = metric('connectionsClosed', { reason: { not: ['by-us', 'by-defence'] } });
const quantile = (q: number, key: 'openDuration' | 'roundTrip'): PromQl =>
  promql`histogram_quantile(${q}, max by (run, protocol, leg, le) (${named(histogram(key, 'bucket'))}))`;

const verdicts: readonly RecordingRule[] = [
  { record: 'status', expr: promql`max by (run, status) (${named(metric('runStatus'))})` },
  { record: 'warnings', expr: promql`max by (run) (${named(metric('runWarnings'))})` },
  { record: 'memoryLimit', expr: promql`max by (run) (${named(metric('runMemoryLimit'))})` },
  { record: 'saturated', expr: promql`max by (run) (${named(metric('generatorSaturated'))})` },
  { record: 'generatorMemory', expr: promql`max by (run) (${named(metric('processRss'))})` },
  { record: 'planned', expr: promql`max by (run, protocol, leg) (${named(metric('connectionsPlanned'))})` },
  { record: 'open', expr: promql`max by (run, protocol, leg) (${named(metric('connectionsOpen'))})` },
  {
    record: 'failed',
    expr: promql`max by (run, protocol, leg) (${named(promql`sum by (job, instance, protocol, leg) (${failed})`)})`,
  },
  {
    record: 'lost',
    expr: promql`max by (run, protocol, leg) (${named(promql`sum by (job, instance, protocol, leg) (${lost})`)})`,
  },
  // Histograms begin with the run.
  { record: 'openMedian', expr: quantile(0.5, 'openDuration') },
  { record: 'openTail', expr: quantile(0.99, 'openDuration') },
  { record: 'roundTripTail', expr: quantile(0.99, 'roundTrip') },
  { record: 'cost', expr: promql`max by (run, protocol, leg, part, bound) (${named(metric('memoryPerConnection'))})` },
];

/** In order: what is new first, by what was new before. */
const points: readonly RecordingRule[] = [
  { record: 'pointNumber', expr: promql`${number} unless max_over_time(${recorded('pointNumber')}[1d]) >= ${number}` },
  { record: 'pointMemory', expr: promql`${memory} and on (run, protocol, leg) ${recorded('pointNumber')}` },
  {
    record: 'pointConnections',
    expr: promql`0 * ${recorded('pointMemory')} + on (run, protocol, leg) group_left () ${connections}`,
  },
  { record: 'pointSquare', expr: promql`${recorded('pointConnections')} * ${recorded('pointConnections')}` },
  { record: 'pointProduct', expr: promql`${recorded('pointConnections')} * ${recorded('pointMemory')}` },
];

const sum = (record: RecordedKey, of: RecordedKey): RecordingRule => ({
  record,
  expr: promql`sum_over_time(${recorded(of)}[1d])`,
});
const [n, sx, sy, sxx, sxy] = (['count', 'sumConnections', 'sumMemory', 'sumSquares', 'sumProducts'] as const).map(
  (key) => recorded(key),
) as [PromQl, PromQl, PromQl, PromQl, PromQl];

/** From the line of user and kernel memory together; without the label that says so. */
const whole = (key: 'slope' | 'intercept'): PromQl => promql`sum without (part) (${recorded(key, { part: 'total' })})`;
/** What a run went by, also when it is over by the time its last level is looked at. */
const planned = promql`last_over_time(${recorded('planned')}[1d])`;
const budget = promql`${1 - HEADROOM} * last_over_time(${recorded('memoryLimit')}[1d])`;

const lines: readonly RecordingRule[] = [
  { record: 'count', expr: promql`count_over_time(${recorded('pointMemory')}[1d])` },
  sum('sumConnections', 'pointConnections'),
  sum('sumMemory', 'pointMemory'),
  sum('sumSquares', 'pointSquare'),
  sum('sumProducts', 'pointProduct'),
  {
    record: 'slope',
    expr: promql`(${n} * ${sxy} - ${sx} * ${sy}) / (${n} * ${sxx} - ${sx} * ${sx} > 0) and ${n} >= ${LEAST_LEVELS}`,
  },
  { record: 'intercept', expr: promql`(${sy} - ${recorded('slope')} * ${sx}) / ${n}` },
  { record: 'memoryAtPlan', expr: promql`${whole('intercept')} + ${whole('slope')} * ${planned}` },
  {
    record: 'connectionsWithinLimit',
    expr: promql`floor((${budget} - on (run) group_right () ${whole('intercept')}) / (${whole('slope')} > 0))`,
  },
];

export const RECORDING: ReadonlyArray<RuleGroup<RecordingRule>> = [
  { name: 'connrig verdicts', intervalSeconds: EVERY_SECONDS, rules: verdicts },
  { name: 'connrig points', intervalSeconds: EVERY_SECONDS, rules: points },
  { name: 'connrig lines', intervalSeconds: EVERY_SECONDS, rules: lines },
];
