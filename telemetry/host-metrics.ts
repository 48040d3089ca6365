import type { KernelSockets } from '../core/ledger/kernel-sockets.ts';
import type { HOST_MEMORY_METRICS, SOCKET_METRICS } from '../core/metrics/host.ts';
import type { Host } from '../core/schemas/readings.ts';
import type { MetricRecorder } from './registry.ts';

/** Rows about TCP sockets in our kernel, in every role. */
export function recordSockets(
  record: MetricRecorder<keyof typeof SOCKET_METRICS>,
  { sockstat, listen, tcpMemBytes }: KernelSockets,
): void {
  record('hostTcpSockets', sockstat?.tcpInUse, { state: 'inuse' });
  record('hostTcpSockets', sockstat?.tcpAlloc, { state: 'alloc' });
  record('hostTcpSockets', sockstat?.tcpOrphan, { state: 'orphan' });
  record('hostTcpSockets', sockstat?.tcpTimeWait, { state: 'time-wait' });
  record('hostTcpBuffers', sockstat?.tcpMemBytes);
  record('hostTcpMemoryLimit', tcpMemBytes?.low, { threshold: 'low' });
  record('hostTcpMemoryLimit', tcpMemBytes?.pressure, { threshold: 'pressure' });
  record('hostTcpMemoryLimit', tcpMemBytes?.high, { threshold: 'high' });
  record('hostListenOverflows', listen?.overflows);
  record('hostListenDrops', listen?.drops);
}

export function recordHost(record: MetricRecorder<keyof typeof HOST_MEMORY_METRICS>, host: Host | null): void {
  record('hostMemory', host?.totalBytes, { part: 'total' });
  record('hostMemory', host?.limitBytes, { part: 'limit' });
  record('hostMemory', host?.availableBytes, { part: 'available' });
  record('hostMemory', host?.usedBytes, { part: 'used' });
  record('hostMemory', host?.slabUnreclaimableBytes, { part: 'slab-unreclaimable' });
  record('hostMemory', host?.slabReclaimableBytes, { part: 'slab-reclaimable' });
  record('hostMemory', host?.pageTablesBytes, { part: 'page-tables' });
}
