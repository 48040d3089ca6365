import type { OWN_METRICS } from '../core/metrics/process.ts';
import type { RuntimeMemory } from '../core/schemas/admin.ts';
import { GC_KINDS, type ProcessCosts } from '../core/values/process-costs.ts';
import type { MetricRecorder } from './registry.ts';

export type ProcessRole = 'serve' | 'run' | 'meter';
type Memory = Pick<RuntimeMemory, 'rssBytes' | 'heapUsedBytes' | 'heapTotalBytes' | 'externalBytes'>;

/**
 * Rows about the process that is asked, in every role.
 *
 * @param memory of each process whose costs were summed
 */
export function recordProcess(
  record: MetricRecorder<keyof typeof OWN_METRICS>,
  who: { readonly role: ProcessRole; readonly version: string },
  memory: readonly Memory[],
  costs: ProcessCosts,
): void {
  const sum = (key: keyof Memory): number => memory.reduce((total, one) => total + one[key], 0);
  record('info', 1, who);
  record('processRss', sum('rssBytes'));
  record('processCpu', costs.cpuSeconds);
  record('processOpenFds', costs.openFds);
  record('processMaxFds', costs.maxFds);
  record('processStartTime', performance.timeOrigin / 1000);
  record('heapUsed', sum('heapUsedBytes'));
  record('heapTotal', sum('heapTotalBytes'));
  record('external', sum('externalBytes'));
  for (const kind of GC_KINDS) {
    record('gcSeconds', costs.gc[kind].seconds, { kind });
    record('gcRuns', costs.gc[kind].runs, { kind });
  }
  record('eventLoopDelay', costs.eventLoopDelay);
  record('eventLoopActive', costs.eventLoopActiveSeconds);
}
