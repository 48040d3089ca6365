/** What a run tells of connections that are cut and come back (`--behaviour storm`). */
import { BY_LEG, DURATION_BUCKETS_SECONDS, type MetricSpec, WAIT_BUCKETS_SECONDS } from './spec.ts';

export const STORM_METRICS = {
  stormCut: {
    kind: 'counter',
    name: 'connrig_storm_cut_total',
    labels: BY_LEG,
    help: 'Connections that were cut. Only with --behaviour storm.',
  },
  stormBack: {
    kind: 'counter',
    name: 'connrig_storm_back_total',
    labels: BY_LEG,
    help: 'Connections that were cut and are open again. Only with --behaviour storm.',
  },
  stormAway: {
    kind: 'gauge',
    name: 'connrig_storm_away_connections',
    labels: BY_LEG,
    help: 'Connections that were cut and are not open again, now. Only with --behaviour storm.',
  },
  stormRetries: {
    kind: 'counter',
    name: 'connrig_storm_retries_total',
    labels: BY_LEG,
    help: 'Attempts to come back beyond the first of each connection. Only with --behaviour storm.',
  },
  stormHeldBack: {
    kind: 'counter',
    name: 'connrig_storm_held_back_total',
    labels: BY_LEG,
    help: 'Attempts to come back that were due while the window was full. Only with --behaviour storm.',
  },
  stormBackAfter: {
    kind: 'histogram',
    name: 'connrig_storm_back_seconds',
    labels: BY_LEG,
    buckets: WAIT_BUCKETS_SECONDS,
    help: 'From the cut until a connection is open again. Only with --behaviour storm.',
  },
  stormAdmission: {
    kind: 'histogram',
    name: 'connrig_storm_admission_seconds',
    labels: BY_LEG,
    buckets: DURATION_BUCKETS_SECONDS,
    help: 'From the start of the attempt that brought a connection back until it is open. Only with --behaviour storm.',
  },
  stormAllBack: {
    kind: 'gauge',
    name: 'connrig_storm_all_back_seconds',
    labels: BY_LEG,
    help: 'From the cut until the last connection was back, in the last launch. Absent where some were not. Only with --behaviour storm.',
  },
  stormNotBack: {
    kind: 'gauge',
    name: 'connrig_storm_not_back',
    labels: BY_LEG,
    help: 'Connections that had not come back when the wait was over, in the last launch. Only with --behaviour storm.',
  },
} as const satisfies Record<string, MetricSpec>;
