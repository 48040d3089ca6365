/** Names of the series that recording rules make (prometheus/recording.ts), as data: rules and queries take them here. */

import { PROTOCOLS } from '../core/protocols/names.ts';
import { METRIC_STATUSES } from '../core/values/statuses.ts';

const OF_RUN = { run: 'text' } as const;
const OF_LEG = { run: 'text', protocol: PROTOCOLS, leg: 'leg' } as const;
const OF_PART = { ...OF_LEG, part: ['total', 'user', 'kernel'] } as const;

export const RECORDED = {
  // What a run comes to, under its name: still there when the run isn't, and not mixed up with others at its address.
  status: { name: 'connrig:run_status', labels: { run: 'text', status: METRIC_STATUSES } },
  warnings: { name: 'connrig:run_warnings', labels: OF_RUN },
  memoryLimit: { name: 'connrig:run_memory_limit_bytes', labels: OF_RUN },
  saturated: { name: 'connrig:generator_saturated', labels: OF_RUN },
  generatorMemory: { name: 'connrig:generator_resident_memory_bytes', labels: OF_RUN },
  planned: { name: 'connrig:connections_planned', labels: OF_LEG },
  open: { name: 'connrig:connections_open', labels: OF_LEG },
  failed: { name: 'connrig:connections_failed', labels: OF_LEG },
  lost: { name: 'connrig:connections_lost', labels: OF_LEG },
  openMedian: { name: 'connrig:open_duration_seconds:p50', labels: OF_LEG },
  openTail: { name: 'connrig:open_duration_seconds:p99', labels: OF_LEG },
  roundTripTail: { name: 'connrig:round_trip_duration_seconds:p99', labels: OF_LEG },
  cost: {
    name: 'connrig:memory_per_connection_bytes',
    labels: { ...OF_PART, bound: ['estimate', 'low', 'high'] },
  },
  // Points and the line through them: see prometheus/recording.ts.
  pointNumber: { name: 'connrig:point:number', labels: OF_LEG },
  pointMemory: { name: 'connrig:point:memory_bytes', labels: OF_PART },
  pointConnections: { name: 'connrig:point:connections', labels: OF_PART },
  pointSquare: { name: 'connrig:point:connections_squared', labels: OF_PART },
  pointProduct: { name: 'connrig:point:connections_memory', labels: OF_PART },
  count: { name: 'connrig:points:count', labels: OF_PART },
  sumConnections: { name: 'connrig:points:connections_sum', labels: OF_PART },
  sumMemory: { name: 'connrig:points:memory_sum', labels: OF_PART },
  sumSquares: { name: 'connrig:points:connections_squared_sum', labels: OF_PART },
  sumProducts: { name: 'connrig:points:connections_memory_sum', labels: OF_PART },
  slope: { name: 'connrig:memory_per_connection_bytes:least_squares', labels: OF_PART },
  intercept: { name: 'connrig:memory_without_connections_bytes:least_squares', labels: OF_PART },
  memoryAtPlan: { name: 'connrig:memory_at_plan_bytes:forecast', labels: OF_LEG },
  connectionsWithinLimit: { name: 'connrig:connections_within_limit:forecast', labels: OF_LEG },
} as const satisfies Record<
  string,
  { readonly name: string; readonly labels: Readonly<Record<string, readonly string[] | 'text' | 'leg'>> }
>;

export type RecordedKey = keyof typeof RECORDED;
export type RecordedLabelsOf<K extends RecordedKey> = {
  readonly [L in keyof (typeof RECORDED)[K]['labels']]: (typeof RECORDED)[K]['labels'][L] extends readonly (infer V)[]
    ? V
    : string;
};
