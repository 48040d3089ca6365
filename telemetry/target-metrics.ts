import type { TREE_METRICS } from '../core/metrics/target.ts';
import type { ProcessTree, Readings } from '../core/schemas/readings.ts';
import type { DescriptorUse } from '../core/values/descriptor-use.ts';
import type { MetricRecorder } from './registry.ts';

/** Rows about the measured processes and their cgroup, in every role that reads them. */
type Record = MetricRecorder<keyof typeof TREE_METRICS>;

export function recordTree(record: Record, tree: ProcessTree | null): void {
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

export function recordDescriptors(record: Record, { maxFds, highestRatio }: DescriptorUse): void {
  record('targetMaxFds', maxFds);
  record('targetFdsRatio', highestRatio);
}

export function recordCgroup(record: Record, cgroup: Readings['cgroup']): void {
  record('targetCgroupMemory', cgroup?.currentBytes, { component: 'current' });
  record('targetCgroupMemory', cgroup?.anonBytes, { component: 'anon' });
  record('targetCgroupMemory', cgroup?.fileBytes, { component: 'file' });
  record('targetCgroupMemory', cgroup?.kernelBytes, { component: 'kernel' });
  record('targetCgroupMemory', cgroup?.sockBytes, { component: 'sock' });
  record('targetCgroupMemory', cgroup?.limitBytes, { component: 'limit' });
  record('targetCgroupExclusive', cgroup && Number(cgroup.exclusive));
}
