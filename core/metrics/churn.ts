/** What a run tells of levels that go on: connections that are replaced (`--behaviour churn`), and hours (`--soak`). */
import { BY_LEG, type MetricSpec } from './spec.ts';

const BOUNDS = ['estimate', 'low', 'high'] as const;

export const CHURN_METRICS = {
  replacements: {
    kind: 'counter',
    name: 'connrig_replacements_total',
    labels: BY_LEG,
    help: 'Connections that were closed to be replaced by others. Only with --behaviour churn.',
  },
  replacementsAwaited: {
    kind: 'gauge',
    name: 'connrig_replacements_awaited',
    labels: BY_LEG,
    help: 'Replacements that were due and are not done: so far the run is behind its plan. Only with --behaviour churn, while connections are replaced.',
  },
  driftPerHour: {
    kind: 'gauge',
    name: 'connrig_memory_drift_per_hour_bytes',
    labels: { ...BY_LEG, bound: BOUNDS },
    help: "Growth of the target's user memory in an hour at the top level, with a 95 % interval, in the last launch. Only with --behaviour churn or --soak, from five readings on.",
  },
  driftPerReplacement: {
    kind: 'gauge',
    name: 'connrig_memory_drift_per_replacement_bytes',
    labels: { ...BY_LEG, bound: BOUNDS },
    help: "Growth of the target's user memory for each connection that is replaced at the top level, with a 95 % interval, in the last launch. Only with --behaviour churn, from five readings on.",
  },
  memoryLeak: {
    kind: 'gauge',
    name: 'connrig_memory_leak_shown',
    labels: BY_LEG,
    help: 'Is 1 when growth in an hour or for each replaced connection is shown (its interval lies above 0), does not level off, and has no garbage in it; else 0. Only with --behaviour churn or --soak, from five readings on.',
  },
} as const satisfies Record<string, MetricSpec>;
