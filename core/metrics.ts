/**
 * Every metric the rig exposes, as data: server, dashboards and docs derive from it, and a row here is the only way to
 * add one. Label values are closed lists; addresses and messages belong in logs. Counters end in `_total`, units are
 * base units and stand in the name (promtool's rules). Standard process names stay unprefixed; everything else begins
 * with `connrig_`. A server of several processes exposes sums over them.
 */
import { SERVER_CLOSE_REASONS } from './outcomes.ts';
import { PROTOCOLS } from './protocols.ts';
import { METERS, SLAB_CACHES } from './readings.ts';

export interface MetricSpec {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  /** Label name → every value it can take. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly help: string;
}

const NO_LABELS = {} as const;
const BY_PROTOCOL = { protocol: PROTOCOLS } as const;

export const METRICS = {
  serverAccepted: {
    kind: 'counter',
    name: 'connrig_server_connections_accepted_total',
    labels: BY_PROTOCOL,
    help: 'Connections accepted: those handshaking, those open and all that were closed.',
  },
  serverHandshaking: {
    kind: 'gauge',
    name: 'connrig_server_connections_handshaking',
    labels: BY_PROTOCOL,
    help: 'Connections accepted and not usable yet. Always 0 for tcp.',
  },
  serverOpen: {
    kind: 'gauge',
    name: 'connrig_server_connections_open',
    labels: BY_PROTOCOL,
    help: 'Connections usable now.',
  },
  serverClosed: {
    kind: 'counter',
    name: 'connrig_server_connections_closed_total',
    labels: { protocol: PROTOCOLS, reason: SERVER_CLOSE_REASONS },
    help: 'Connections gone after being accepted, by the first cause.',
  },
  serverReceivedBytes: {
    kind: 'counter',
    name: 'connrig_server_received_bytes_total',
    labels: BY_PROTOCOL,
    help: 'Payload received in messages, without framing and handshakes.',
  },
  serverSentBytes: {
    kind: 'counter',
    name: 'connrig_server_sent_bytes_total',
    labels: BY_PROTOCOL,
    help: 'Payload handed over for sending in messages, without framing and handshakes.',
  },
  serverMaxConnections: {
    kind: 'gauge',
    name: 'connrig_server_connections_limit',
    labels: NO_LABELS,
    help: 'Connections of all protocols above which the server refuses.',
  },
  serverProcesses: {
    kind: 'gauge',
    name: 'connrig_server_processes',
    labels: NO_LABELS,
    help: 'Processes that hold connections.',
  },
  serverIdleRss: {
    kind: 'gauge',
    name: 'connrig_server_idle_resident_memory_bytes',
    labels: NO_LABELS,
    help: 'Resident memory when the server last had no connection. Absent until it was seen.',
  },
  serverBytesPerConnection: {
    kind: 'gauge',
    name: 'connrig_server_memory_per_connection_bytes',
    labels: NO_LABELS,
    help: 'Resident memory above the idle one, divided by open connections. Absent while none is open.',
  },
  hostTcpSockets: {
    kind: 'gauge',
    name: 'connrig_host_tcp_sockets',
    labels: { state: ['inuse', 'alloc', 'orphan', 'time-wait'] },
    help: 'TCP sockets of this network namespace as the kernel counts them (/proc/net/sockstat). Both ends on loopback.',
  },
  hostTcpBuffers: {
    kind: 'gauge',
    name: 'connrig_host_tcp_buffer_memory_bytes',
    labels: NO_LABELS,
    help: 'Memory of TCP socket buffers as the kernel accounts it, without the socket objects themselves.',
  },
  hostMemory: {
    kind: 'gauge',
    name: 'connrig_host_memory_bytes',
    labels: { part: ['total', 'limit', 'available', 'used', 'slab-unreclaimable', 'slab-reclaimable', 'page-tables'] },
    help: 'Memory of the host. Limit: the least cgroup limit the meter lives under. Used: without what can be given back.',
  },
  kernelObjects: {
    kind: 'gauge',
    name: 'connrig_host_kernel_objects',
    labels: { cache: SLAB_CACHES },
    help: 'Kernel objects in caches that grow with connections (/proc/slabinfo), of the whole host.',
  },
  kernelObjectSize: {
    kind: 'gauge',
    name: 'connrig_host_kernel_object_size_bytes',
    labels: { cache: SLAB_CACHES },
    help: "Memory one object of the cache takes: its share of its slab's pages.",
  },
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
    help: 'Open file descriptors of the measured processes. Absent where the system gives no cheap count.',
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
    help: 'Number of open file descriptors. Absent where the system gives no cheap count.',
  },
  processMaxFds: {
    kind: 'gauge',
    name: 'process_max_fds',
    labels: NO_LABELS,
    help: 'Maximum number of open file descriptors.',
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
} as const satisfies Record<string, MetricSpec>;

export type MetricKey = keyof typeof METRICS;
/** Labels a metric takes, no more and no fewer, each with its closed list: a misspelt one doesn't compile. */
export type LabelsOf<K extends MetricKey> = {
  readonly [L in keyof (typeof METRICS)[K]['labels']]: (typeof METRICS)[K]['labels'][L] extends readonly (infer V)[]
    ? V
    : never;
};
