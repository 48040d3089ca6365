/** Ways to hold an answer of Prometheus against what is known. */
import assert from 'node:assert/strict';
import { median } from '../../core/stats/slope.ts';
import type { Series } from '../support/prometheus.ts';

/** What a client that stays for its scrapers has beside what it had while it measured: the report has been drawn by then. */
export const REPORT_DRAWN = 0.7;

/** To within a share of the wanted value. */
export function assertNear(value: number | undefined, wanted: number, share: number, what: string): void {
  const off = Math.abs((value ?? Number.NaN) - wanted);
  assert.ok(off <= Math.abs(wanted) * share + 1e-9, `${what}: ${value}, not ${wanted} to within ${share * 100} %`);
}

/** The only series with these labels. */
export function only(answer: readonly Series[], labels: Readonly<Record<string, string>> = {}): Series {
  const found = answer.filter((series) =>
    Object.entries(labels).every(([name, value]) => series.labels[name] === value),
  );
  assert.equal(
    found.length,
    1,
    `one series ${JSON.stringify(labels)} of ${JSON.stringify(answer.map((s) => s.labels))}`,
  );
  return found[0]!;
}

export const valuesOf = (series: Series): number[] => series.points.map(([, value]) => value);
/** The value of an instant. */
export const theValue = (answer: readonly Series[], labels?: Readonly<Record<string, string>>): number =>
  only(answer, labels).points[0]![1];
export const most = (series: Series): number => Math.max(...valuesOf(series));
export const lastOf = (series: Series): number => series.points.at(-1)![1];

/** For a rate that was taken each second: what it sums to. */
export const total = (series: Series): number =>
  valuesOf(series)
    .filter((value) => !Number.isNaN(value))
    .reduce((sum, value) => sum + value, 0);

/** All series together, at each moment at which there is one. */
export function summed(answer: readonly Series[]): Series {
  const sums = new Map<number, number>();
  for (const { points } of answer) for (const [at, value] of points) sums.set(at, (sums.get(at) ?? 0) + value);
  return { labels: {}, points: [...sums].sort(([a], [b]) => a - b) };
}

export function assertAll(answer: readonly Series[], holds: (value: number) => boolean, what: string): void {
  assert.ok(answer.length > 0, `${what}: no series`);
  for (const series of answer) {
    const wrong = valuesOf(series).find((value) => !holds(value));
    assert.equal(wrong, undefined, `${what} ${JSON.stringify(series.labels)}: ${wrong}`);
  }
}

/** Where memory moves all the time, two that look at slightly different moments agree in the middle. */
export function assertMostlyNear(
  pairs: ReadonlyArray<readonly [value: number, wanted: number]>,
  share: number,
  what: string,
): void {
  assert.ok(pairs.length >= 5, `${what}: ${pairs.length} moments`);
  const off = median(pairs.map(([value, wanted]) => Math.abs(value - wanted) / Math.max(1, Math.abs(wanted))));
  assert.ok(off <= share, `${what}: off by ${(off * 100).toFixed(1)} %, not ${share * 100} %`);
}

/** A quantile by buckets that double lies in the same bucket as the true one. */
export function assertSameBucket(seconds: number | undefined, trueMs: number | null, what: string): void {
  const truth = (trueMs ?? Number.NaN) / 1000;
  // Our own histograms know a value to 0.8 %, so one next to a bound may lie beyond it.
  const above = Math.max(0.0005, truth * 2.02);
  const below = truth <= 0.00051 ? 0 : truth / 2.02;
  assert.ok(seconds !== undefined && seconds >= below && seconds <= above, `${what}: ${seconds} s, not ${truth}`);
}
