import { Counter, Gauge, Registry } from 'prom-client';
import {
  type HistogramKey,
  type LabelsOf,
  listKeys,
  METRICS,
  type MetricKey,
  type MetricSpec,
} from '../core/metrics/catalogue.ts';
import { SCRAPE_METRICS } from '../core/metrics/process.ts';
import type { Cumulated, SparseHistogram } from '../core/stats/histogram.ts';
import { HistogramMetric } from './histogram-metric.ts';

/**
 * Sets one metric to what it is now; counters and histograms too, since what we count is counted elsewhere already.
 * `undefined` is "not known here": the metric is left out of this scrape instead of lying with a 0.
 */
export type MetricRecorder<K extends MetricKey> = <N extends K>(
  key: N,
  value: (N extends HistogramKey ? SparseHistogram | Cumulated : number) | null | undefined,
  ...labels: keyof LabelsOf<N> extends never ? [] : [LabelsOf<N>]
) => void;

export interface Telemetry {
  /** The `Content-Type` of {@link Telemetry.render}. */
  readonly contentType: string;
  /** The Prometheus text format. Values are taken anew each time; several may ask at once. */
  render(): Promise<string>;
}

/** Rows that every registry has: what being asked costs. */
export const SCRAPE_KEYS = listKeys(SCRAPE_METRICS);

/**
 * A prom-client registry holding the named rows of the catalogue.
 *
 * @param keys rows to expose; recording another one doesn't compile
 * @param collect called for each scrape: reads a snapshot, then records everything from it. What isn't recorded is absent
 */
export function createTelemetry<K extends MetricKey>(
  keys: readonly K[],
  collect: (record: MetricRecorder<K>) => void | Promise<void>,
): Telemetry {
  const registry = new Registry();
  const instruments = new Map<MetricKey, Instrument>();
  for (const key of [...keys, ...SCRAPE_KEYS]) instruments.set(key, instrumentOf(METRICS[key], registry));
  let [scrapes, scrapeSeconds] = [0, 0];

  return {
    contentType: registry.contentType,
    async render() {
      const startedAt = performance.now();
      const recorded: Recorded[] = [];
      const record = (key: MetricKey, value: Recorded['value'], labels: Labels = {}): void => {
        const instrument = instruments.get(key);
        if (instrument === undefined) throw new TypeError(`metric ${key} is not among those exposed here`);
        recorded.push({ instrument, value, labels });
      };
      await collect(record as MetricRecorder<K>);
      record('scrapes', scrapes);
      record('scrapeSeconds', scrapeSeconds);
      // From here to the text without a pause: two who ask at once don't get each other's values.
      for (const instrument of instruments.values()) clear(instrument);
      for (const { instrument, value, labels } of recorded) set(instrument, value, labels);
      const text = await registry.metrics();
      scrapes += 1;
      scrapeSeconds += (performance.now() - startedAt) / 1000;
      return text;
    },
  };
}

type Instrument = Gauge | Counter | HistogramMetric;
type Labels = Record<string, string>;

interface Recorded {
  readonly instrument: Instrument;
  readonly value: number | SparseHistogram | Cumulated | null | undefined;
  readonly labels: Labels;
}

function instrumentOf(spec: MetricSpec, registry: Registry): Instrument {
  if (spec.kind === 'histogram') return new HistogramMetric(spec, registry);
  const { name, help } = spec;
  const config = { name, help, labelNames: Object.keys(spec.labels), registers: [registry] };
  return spec.kind === 'counter' ? new Counter(config) : new Gauge(config);
}

function clear(instrument: Instrument): void {
  instrument.reset();
  // prom-client leaves a 0 where there are no labels.
  if (!(instrument instanceof HistogramMetric)) instrument.remove({});
}

function set(instrument: Instrument, value: Recorded['value'], labels: Labels): void {
  if (value === null || value === undefined) return;
  if (instrument instanceof HistogramMetric) instrument.set(labels, value as SparseHistogram | Cumulated);
  else if (instrument instanceof Counter) instrument.inc(labels, value as number);
  else instrument.set(labels, value as number);
}
