import type { MetricKey } from '../core/metrics/catalogue.ts';
import type { RuntimeMemory } from '../core/schemas/admin.ts';
import { GC_KINDS, type ProcessCosts } from '../core/values/process-costs.ts';
import type { MetricRecorder } from './registry.ts';

/** Rows about the process that is asked, in every role. */
export const PROCESS_KEYS = [
  'info',
  'processRss',
  'processCpu',
  'processOpenFds',
  'processMaxFds',
  'processStartTime',
  'heapUsed',
  'heapTotal',
  'external',
  'gcSeconds',
  'gcRuns',
  'eventLoopDelay',
  'eventLoopActive',
] as const satisfies readonly MetricKey[];

export type ProcessRole = 'serve' | 'run' | 'meter';
type Memory = Pick<RuntimeMemory, 'rssBytes' | 'heapUsedBytes' | 'heapTotalBytes' | 'externalBytes'>;

/** @param memory of each process whose costs were summed */
export function recordProcess(
  record: MetricRecorder<(typeof PROCESS_KEYS)[number]>,
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
