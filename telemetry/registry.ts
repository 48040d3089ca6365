import { Counter, Gauge, Registry } from 'prom-client';
import { type LabelsOf, METRICS, type MetricKey, type MetricSpec } from '../core/metrics.ts';

/**
 * Sets one metric to what it is now; counters too, since what we count is counted elsewhere already.
 * `undefined` is "not known here": the metric is left out of this scrape instead of lying with a 0.
 */
export type Recorder<K extends MetricKey> = <N extends K>(
  key: N,
  value: number | null | undefined,
  ...labels: keyof LabelsOf<N> extends never ? [] : [LabelsOf<N>]
) => void;

export interface Telemetry {
  /** The `Content-Type` of {@link Telemetry.render}. */
  readonly contentType: string;
  /** The Prometheus text format. Values are taken anew each time. */
  render(): Promise<string>;
}

/**
 * A prom-client registry holding the named rows of the catalogue.
 *
 * @param keys rows to expose; recording another one doesn't compile
 * @param collect called for each scrape: reads a snapshot, then records everything from it
 */
export function createTelemetry<K extends MetricKey>(
  keys: readonly K[],
  collect: (record: Recorder<K>) => void | Promise<void>,
): Telemetry {
  const registry = new Registry();
  const instruments = new Map<MetricKey, Gauge | Counter>();
  for (const key of keys) instruments.set(key, instrumentOf(METRICS[key], registry));

  const record = (key: K, value: number | null | undefined, labels: Record<string, string> = {}): void => {
    const instrument = instruments.get(key);
    if (instrument === undefined) throw new TypeError(`metric ${key} is not among those exposed here`);
    instrument.remove(labels);
    if (value === null || value === undefined) return;
    if (instrument instanceof Counter) instrument.inc(labels, value);
    else instrument.set(labels, value);
  };

  return {
    contentType: registry.contentType,
    async render() {
      await collect(record as Recorder<K>);
      return registry.metrics();
    },
  };
}

function instrumentOf(spec: MetricSpec, registry: Registry): Gauge | Counter {
  const { name, help } = spec;
  const config = { name, help, labelNames: Object.keys(spec.labels), registers: [registry] };
  return spec.kind === 'counter' ? new Counter(config) : new Gauge(config);
}
