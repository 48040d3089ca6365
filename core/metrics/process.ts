/** The process that is asked: its own cost. A server of several processes exposes sums over them. */
import { GC_KINDS } from '../values/process-costs.ts';
import { LATENESS_BUCKETS_SECONDS, type MetricSpec, NO_LABELS } from './spec.ts';

/** For every role; the role reads its own costs. */
export const OWN_METRICS = {
  info: {
    kind: 'gauge',
    name: 'connrig_info',
    labels: { role: ['serve', 'run', 'meter'], version: 'text' },
    help: 'Always 1: which command of connrig this is.',
  },
  processRss: {
    kind: 'gauge',
    name: 'process_resident_memory_bytes',
    labels: NO_LABELS,
    help: 'Resident memory size in bytes.',
  },
  processCpu: {
    kind: 'counter',
    name: 'process_cpu_seconds_total',
    labels: NO_LABELS,
    help: 'Total user and system CPU time spent in seconds.',
  },
  processOpenFds: {
    kind: 'gauge',
    name: 'process_open_fds',
    labels: NO_LABELS,
    help: 'Open files. Absent where the system gives no cheap count.',
  },
  processMaxFds: {
    kind: 'gauge',
    name: 'process_max_fds',
    labels: NO_LABELS,
    help: 'Open files that it may have.',
  },
  processStartTime: {
    kind: 'gauge',
    name: 'process_start_time_seconds',
    labels: NO_LABELS,
    help: 'Start time of the process since unix epoch in seconds.',
  },
  heapUsed: {
    kind: 'gauge',
    name: 'nodejs_heap_size_used_bytes',
    labels: NO_LABELS,
    help: 'Process heap size used from Node.js in bytes.',
  },
  heapTotal: {
    kind: 'gauge',
    name: 'nodejs_heap_size_total_bytes',
    labels: NO_LABELS,
    help: 'Process heap size from Node.js in bytes.',
  },
  external: {
    kind: 'gauge',
    name: 'nodejs_external_memory_bytes',
    labels: NO_LABELS,
    help: 'Node.js external memory size in bytes.',
  },
  gcSeconds: {
    kind: 'counter',
    name: 'connrig_gc_seconds_total',
    labels: { kind: GC_KINDS },
    help: 'Time spent in garbage collection, during which nothing else ran on the main thread. Major: forced ones too.',
  },
  gcRuns: {
    kind: 'counter',
    name: 'connrig_gc_runs_total',
    labels: { kind: GC_KINDS },
    help: 'Garbage collections of the main thread.',
  },
  eventLoopDelay: {
    kind: 'histogram',
    name: 'connrig_event_loop_delay_seconds',
    labels: NO_LABELS,
    buckets: LATENESS_BUCKETS_SECONDS,
    help: 'How much later than asked for a timer of 100 ms ran on the main thread. A pause counts once, however long it is.',
  },
  eventLoopActive: {
    kind: 'counter',
    name: 'connrig_event_loop_active_seconds_total',
    labels: NO_LABELS,
    help: 'Time in which the event loop of the main thread did not wait for something to happen.',
  },
} as const satisfies Record<string, MetricSpec>;

/** What being asked costs: every registry has these by itself. */
export const SCRAPE_METRICS = {
  scrapes: {
    kind: 'counter',
    name: 'connrig_scrapes_total',
    labels: NO_LABELS,
    help: 'Times these metrics were asked for before.',
  },
  scrapeSeconds: {
    kind: 'counter',
    name: 'connrig_scrape_duration_seconds_total',
    labels: NO_LABELS,
    help: 'Time it took to answer them, waiting for readings included.',
  },
} as const satisfies Record<string, MetricSpec>;

export const PROCESS_METRICS = { ...OWN_METRICS, ...SCRAPE_METRICS } as const;
