import type { KernelSockets } from '../core/ledger/kernel-sockets.ts';
import type { MetricKey } from '../core/metrics/catalogue.ts';
import { METERS, type Readings, SLAB_CACHES } from '../core/schemas/readings.ts';
import type { DescriptorUse } from '../core/values/descriptor-use.ts';
import type { ProcessCosts } from '../core/values/process-costs.ts';
import { recordHost, recordSockets, SOCKET_KEYS } from './host-metrics.ts';
import { PROCESS_KEYS, recordProcess } from './process-metrics.ts';
import { createTelemetry, type MetricRecorder, type Telemetry } from './registry.ts';
import { recordCgroup, recordDescriptors, recordTree, TREE_KEYS } from './target-metrics.ts';

export const METER_KEYS = [
  'meterInfo',
  'meterMissing',
  'meterReadSeconds',
  'meterAnswerSeconds',
  ...TREE_KEYS,
  'kernelObjects',
  'kernelObjectSize',
  ...SOCKET_KEYS,
  'hostMemory',
  ...PROCESS_KEYS,
] as const satisfies readonly MetricKey[];
type Record = MetricRecorder<(typeof METER_KEYS)[number]>;

/** What there is to tell at one moment. */
export interface MeterPage {
  readonly readings: Readings;
  readonly descriptors: DescriptorUse;
  readonly sockets: KernelSockets;
  /** Of the meter's own process. */
  readonly memory: Parameters<typeof recordProcess>[2][number];
  readonly costs: ProcessCosts;
}

/**
 * What `connrig meter` exposes. Unknown values are left out, never 0.
 *
 * @param read asked at each scrape
 */
export function meterTelemetry(read: () => Promise<MeterPage>, version: string): Telemetry {
  return createTelemetry(METER_KEYS, async (record) => {
    const { readings, descriptors, sockets, memory, costs } = await read();
    record('meterInfo', 1);
    record('meterReadSeconds', readings.tookMs / 1000);
    for (const meter of METERS) {
      const ms = readings.meterMs[meter];
      record('meterAnswerSeconds', ms === undefined ? undefined : ms / 1000, { meter });
    }
    const missing = new Set(readings.missing.map(({ meter }) => meter));
    for (const meter of METERS) record('meterMissing', missing.has(meter) ? 1 : undefined, { meter });
    recordTree(record, readings.target);
    recordDescriptors(record, descriptors);
    recordCgroup(record, readings.cgroup);
    recordSlab(record, readings.slab);
    recordSockets(record, sockets);
    recordHost(record, readings.host);
    recordProcess(record, { role: 'meter', version }, [memory], costs);
  });
}

function recordSlab(record: Record, slab: Readings['slab']): void {
  for (const cache of SLAB_CACHES) {
    record('kernelObjects', slab?.[cache]?.objects, { cache });
    record('kernelObjectSize', slab?.[cache]?.bytesPerObject, { cache });
  }
}
