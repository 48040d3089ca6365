import type { MetricKey } from '../core/metrics.ts';
import { METERS, type ProcessTree, type Readings, SLAB_CACHES } from '../core/readings.ts';
import { createTelemetry, type Recorder, type Telemetry } from './registry.ts';

const EXPOSED = [
  'meterInfo',
  'meterMissing',
  'meterReadSeconds',
  'meterAnswerSeconds',
  'targetMemory',
  'targetProcesses',
  'targetOpenFds',
  'targetCpu',
  'targetCgroupMemory',
  'targetCgroupExclusive',
  'kernelObjects',
  'kernelObjectSize',
  'hostTcpSockets',
  'hostTcpBuffers',
  'hostMemory',
] as const satisfies readonly MetricKey[];
type Record = Recorder<(typeof EXPOSED)[number]>;

/**
 * What `connrig meter` exposes. Unknown values are left out, never 0.
 *
 * @param read asked at each scrape
 */
export function meterTelemetry(read: () => Promise<Readings>): Telemetry {
  return createTelemetry(EXPOSED, async (record) => {
    const readings = await read();
    record('meterInfo', 1);
    record('meterReadSeconds', readings.tookMs / 1000);
    for (const meter of METERS) {
      const ms = readings.meterMs[meter];
      record('meterAnswerSeconds', ms === undefined ? undefined : ms / 1000, { meter });
    }
    const missing = new Set(readings.missing.map(({ meter }) => meter));
    for (const meter of METERS) record('meterMissing', missing.has(meter) ? 1 : undefined, { meter });
    recordTarget(record, readings.target);
    recordCgroup(record, readings.cgroup);
    recordKernel(record, readings);
    recordHost(record, readings.host);
  });
}

function recordTarget(record: Record, tree: ProcessTree | null): void {
  record('targetMemory', tree?.anonBytes, { component: 'anon' });
  record('targetMemory', tree?.rssBytes, { component: 'rss' });
  record('targetMemory', tree?.pssBytes, { component: 'pss' });
  record('targetMemory', tree?.ussBytes, { component: 'uss' });
  record('targetMemory', tree?.swapBytes, { component: 'swap' });
  record('targetMemory', tree?.pageTablesBytes, { component: 'page-tables' });
  record('targetProcesses', tree?.pids.length);
  record('targetOpenFds', tree?.openFiles);
  record('targetCpu', tree?.cpuSeconds);
}

function recordCgroup(record: Record, cgroup: Readings['cgroup']): void {
  record('targetCgroupMemory', cgroup?.currentBytes, { component: 'current' });
  record('targetCgroupMemory', cgroup?.anonBytes, { component: 'anon' });
  record('targetCgroupMemory', cgroup?.fileBytes, { component: 'file' });
  record('targetCgroupMemory', cgroup?.kernelBytes, { component: 'kernel' });
  record('targetCgroupMemory', cgroup?.sockBytes, { component: 'sock' });
  record('targetCgroupMemory', cgroup?.limitBytes, { component: 'limit' });
  record('targetCgroupExclusive', cgroup && Number(cgroup.exclusive));
}

function recordKernel(record: Record, { slab, sockstat }: Readings): void {
  for (const cache of SLAB_CACHES) {
    record('kernelObjects', slab?.[cache]?.objects, { cache });
    record('kernelObjectSize', slab?.[cache]?.bytesPerObject, { cache });
  }
  record('hostTcpSockets', sockstat?.tcpInUse, { state: 'inuse' });
  record('hostTcpSockets', sockstat?.tcpAlloc, { state: 'alloc' });
  record('hostTcpSockets', sockstat?.tcpOrphan, { state: 'orphan' });
  record('hostTcpSockets', sockstat?.tcpTimeWait, { state: 'time-wait' });
  record('hostTcpBuffers', sockstat?.tcpMemBytes);
}

function recordHost(record: Record, host: Readings['host']): void {
  record('hostMemory', host?.totalBytes, { part: 'total' });
  record('hostMemory', host?.limitBytes, { part: 'limit' });
  record('hostMemory', host?.availableBytes, { part: 'available' });
  record('hostMemory', host?.usedBytes, { part: 'used' });
  record('hostMemory', host?.slabUnreclaimableBytes, { part: 'slab-unreclaimable' });
  record('hostMemory', host?.slabReclaimableBytes, { part: 'slab-reclaimable' });
  record('hostMemory', host?.pageTablesBytes, { part: 'page-tables' });
}
