/**
 * Every metric the rig exposes, as data: server, run, meter, dashboards and docs derive from it, and a row in one of its
 * parts is the only way to add one. Label values are closed lists; addresses and messages belong in logs. Counters end
 * in `_total`, units are base units and stand in the name (promtool's rules). Standard process names stay unprefixed;
 * everything else begins with `connrig_`.
 */
import { HOST_METRICS } from './host.ts';
import { PROCESS_METRICS } from './process.ts';
import { RUN_METRICS } from './run.ts';
import { SERVER_METRICS } from './server.ts';
import type { MetricSpec } from './spec.ts';
import { TARGET_METRICS } from './target.ts';

export type { MetricSpec } from './spec.ts';

export const METRICS = {
  ...RUN_METRICS,
  ...SERVER_METRICS,
  ...TARGET_METRICS,
  ...HOST_METRICS,
  ...PROCESS_METRICS,
} as const;

export type MetricKey = keyof typeof METRICS;
/** Keys of one or several parts: a row that is added to a part is exposed by all that expose the part. */
export const listKeys = <K extends MetricKey>(rows: Readonly<Record<K, MetricSpec>>): readonly K[] =>
  Object.keys(rows) as K[];
export type HistogramKey = {
  [K in MetricKey]: (typeof METRICS)[K]['kind'] extends 'histogram' ? K : never;
}[MetricKey];
/** Labels a metric takes, no more and no fewer, each with its closed list if it has one: a misspelt one doesn't compile. */
export type LabelsOf<K extends MetricKey> = {
  readonly [L in keyof (typeof METRICS)[K]['labels']]: (typeof METRICS)[K]['labels'][L] extends readonly (infer V)[]
    ? V
    : (typeof METRICS)[K]['labels'][L] extends 'text' | 'leg' | 'worker'
      ? string
      : never;
};
