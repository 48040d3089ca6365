import type { Metric, Registry } from 'prom-client';
import type { MetricSpec } from '../core/metrics/catalogue.ts';
import { type Cumulated, cumulate, type SparseHistogram } from '../core/stats/histogram.ts';

type Labels = Readonly<Record<string, string>>;
interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * A histogram that is set to what was counted elsewhere. prom-client's own can only observe one value after the other.
 * Nothing that is scraped is ever reset, so that any number of scrapers see the same counts.
 */
export class HistogramMetric {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #boundsSeconds: readonly number[];
  readonly #boundsMs: readonly number[];
  readonly #series: Value[] = [];

  constructor({ name, help, buckets }: Extract<MetricSpec, { kind: 'histogram' }>, registry: Registry) {
    this.name = name;
    this.help = help;
    this.#boundsSeconds = buckets;
    this.#boundsMs = buckets.map((seconds) => seconds * 1000);
    // The registry asks a metric for no more than what is here.
    registry.registerMetric(this as unknown as Metric);
  }

  reset(): void {
    this.#series.length = 0;
  }

  /**
   * Once for each set of labels, after a {@link reset}.
   *
   * @param histogram since the beginning: one of our own, or summed up by these very bounds
   */
  set(labels: Labels, histogram: SparseHistogram | Cumulated): void {
    const { below, count, sumMs } = 'below' in histogram ? histogram : cumulate(histogram, this.#boundsMs);
    const bucket = (le: string | number, value: number): Value => ({
      metricName: `${this.name}_bucket`,
      labels: { ...labels, le },
      value,
    });
    this.#series.push(
      ...below.map((value, i) => bucket(this.#boundsSeconds[i]!, value)),
      bucket('+Inf', count),
      { metricName: `${this.name}_sum`, labels, value: sumMs / 1000 },
      { metricName: `${this.name}_count`, labels, value: count },
    );
  }

  /** What the registry prints. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: [...this.#series] };
  }
}
