/** The kernel and the machine, of whoever is asked: its own network namespace, its own memory. */
import { SLAB_CACHES } from '../schemas/readings.ts';
import { type MetricSpec, NO_LABELS } from './spec.ts';

/** TCP sockets in our kernel, for every role. */
export const SOCKET_METRICS = {
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
    help: 'Reserved for buffers of TCP sockets, in whole pages for each (mem of /proc/net/sockstat): what counts against tcp_mem, not memory in use.',
  },
  hostTcpMemoryLimit: {
    kind: 'gauge',
    name: 'connrig_host_tcp_buffer_memory_limit_bytes',
    labels: { threshold: ['low', 'pressure', 'high'] },
    help: 'Values of net.ipv4.tcp_mem: above pressure the kernel moderates buffers, above high it gives no more and connections fail.',
  },
  hostListenOverflows: {
    kind: 'counter',
    name: 'connrig_host_listen_overflows_total',
    labels: NO_LABELS,
    help: 'Connections that found an accept queue full (TcpExt ListenOverflows), of all servers in this network namespace.',
  },
  hostListenDrops: {
    kind: 'counter',
    name: 'connrig_host_listen_drops_total',
    labels: NO_LABELS,
    help: 'SYNs dropped at listening sockets for whatever reason (TcpExt ListenDrops); overflows are among them.',
  },
} as const satisfies Record<string, MetricSpec>;

/** Memory of the machine, for every role. */
export const HOST_MEMORY_METRICS = {
  hostMemory: {
    kind: 'gauge',
    name: 'connrig_host_memory_bytes',
    labels: { part: ['total', 'limit', 'available', 'used', 'slab-unreclaimable', 'slab-reclaimable', 'page-tables'] },
    help: 'Memory of the host. Limit: the least cgroup limit the meter lives under. Used: without what can be given back.',
  },
} as const satisfies Record<string, MetricSpec>;

/** Kernel objects that grow with connections. */
export const SLAB_METRICS = {
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
} as const satisfies Record<string, MetricSpec>;

export const HOST_METRICS = { ...SOCKET_METRICS, ...HOST_MEMORY_METRICS, ...SLAB_METRICS } as const;
