/** The server under test, whatever it is written in; and the meters that read it. */
import { KERNEL_COMPONENTS } from '../ledger/kernel-rows.ts';
import { USER_COMPONENTS } from '../ledger/ledger.ts';
import { METERS } from '../schemas/readings.ts';
import { type MetricSpec, NO_LABELS } from './spec.ts';

/** What the parts of the target's memory come to. */
export const LEDGER_METRICS = {
  targetLedger: {
    kind: 'gauge',
    name: 'connrig_target_ledger_bytes',
    labels: { component: [...USER_COMPONENTS, ...KERNEL_COMPONENTS] },
    help: 'Memory of the target in parts that sum to the whole: its own (absolute), and growth of what its end takes in the kernel.',
  },
  targetUnexplained: {
    kind: 'gauge',
    name: 'connrig_target_ledger_unexplained_bytes',
    labels: NO_LABELS,
    help: "Growth of the machine's used memory that no part of the ledger explains, neither the target's nor the client's.",
  },
} as const satisfies Record<string, MetricSpec>;

/** The measured processes and their cgroup, for every role that reads them. */
export const TREE_METRICS = {
  targetMemory: {
    kind: 'gauge',
    name: 'connrig_target_memory_bytes',
    labels: { component: ['anon', 'rss', 'pss', 'uss', 'swap', 'page-tables'] },
    help: 'Memory of the measured processes and their descendants. Components overlap: not to be summed.',
  },
  targetProcesses: {
    kind: 'gauge',
    name: 'connrig_target_processes',
    labels: NO_LABELS,
    help: 'Processes that are measured, descendants included.',
  },
  targetOpenFds: {
    kind: 'gauge',
    name: 'connrig_target_open_fds',
    labels: NO_LABELS,
    help: 'Open files of the measured processes. Absent where the system gives no cheap count.',
  },
  targetMaxFds: {
    kind: 'gauge',
    name: 'connrig_target_max_fds',
    labels: NO_LABELS,
    help: 'Open files the measured processes may have together.',
  },
  targetFdsRatio: {
    kind: 'gauge',
    name: 'connrig_target_fds_use_ratio',
    labels: NO_LABELS,
    help: 'Open files of the measured process that is nearest to its limit, divided by that limit.',
  },
  targetCpu: {
    kind: 'counter',
    name: 'connrig_target_cpu_seconds_total',
    labels: NO_LABELS,
    help: 'User and system CPU time of the measured processes that are there now, in seconds.',
  },
  targetCgroupMemory: {
    kind: 'gauge',
    name: 'connrig_target_cgroup_memory_bytes',
    labels: { component: ['current', 'anon', 'file', 'kernel', 'sock', 'limit'] },
    help: "What the target's memory cgroup is charged for. Anon, file and kernel are parts of current, sock on v2 too.",
  },
  targetCgroupExclusive: {
    kind: 'gauge',
    name: 'connrig_target_cgroup_exclusive',
    labels: NO_LABELS,
    help: 'Whether nobody but the target lives in its memory cgroup: 1 or 0.',
  },
} as const satisfies Record<string, MetricSpec>;

/** The meters themselves. */
export const METER_METRICS = {
  meterInfo: {
    kind: 'gauge',
    name: 'connrig_meter_info',
    labels: NO_LABELS,
    help: 'Always 1: this is connrig meter, and /readings beside this page has all it read as JSON.',
  },
  meterMissing: {
    kind: 'gauge',
    name: 'connrig_meter_missing',
    labels: { meter: METERS },
    help: 'Always 1: the meter had no answer, and /readings says why.',
  },
  meterReadSeconds: {
    kind: 'gauge',
    name: 'connrig_meter_read_seconds',
    labels: NO_LABELS,
    help: 'How long it took to read all meters.',
  },
  meterAnswerSeconds: {
    kind: 'gauge',
    name: 'connrig_meter_answer_seconds',
    labels: { meter: METERS },
    help: 'How long each meter took to answer, or to find that it has no answer.',
  },
} as const satisfies Record<string, MetricSpec>;

export const TARGET_METRICS = { ...LEDGER_METRICS, ...TREE_METRICS, ...METER_METRICS } as const;
