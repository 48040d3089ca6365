import type { KernelSockets } from '../core/ledger/kernel-sockets.ts';
import type { MetricKey } from '../core/metrics/catalogue.ts';
import type { Host } from '../core/schemas/readings.ts';
import type { MetricRecorder } from './registry.ts';

/** Rows about TCP sockets in our kernel, in every role. */
export const SOCKET_KEYS = [
  'hostTcpSockets',
  'hostTcpBuffers',
  'hostTcpMemoryLimit',
  'hostListenOverflows',
  'hostListenDrops',
] as const satisfies readonly MetricKey[];

export function recordSockets(
  record: MetricRecorder<(typeof SOCKET_KEYS)[number]>,
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

export function recordHost(record: MetricRecorder<'hostMemory'>, host: Host | null): void {
  record('hostMemory', host?.totalBytes, { part: 'total' });
  record('hostMemory', host?.limitBytes, { part: 'limit' });
  record('hostMemory', host?.availableBytes, { part: 'available' });
  record('hostMemory', host?.usedBytes, { part: 'used' });
  record('hostMemory', host?.slabUnreclaimableBytes, { part: 'slab-unreclaimable' });
  record('hostMemory', host?.slabReclaimableBytes, { part: 'slab-reclaimable' });
  record('hostMemory', host?.pageTablesBytes, { part: 'page-tables' });
}
