import type { KernelSockets } from '../core/ledger/kernel-sockets.ts';
import { listKeys } from '../core/metrics/catalogue.ts';
import { HOST_MEMORY_METRICS, SLAB_METRICS, SOCKET_METRICS } from '../core/metrics/host.ts';
import { OWN_METRICS } from '../core/metrics/process.ts';
import { METER_METRICS, TREE_METRICS } from '../core/metrics/target.ts';
import { METERS, type Readings, SLAB_CACHES } from '../core/schemas/readings.ts';
import type { DescriptorUse } from '../core/values/descriptor-use.ts';
import type { ProcessCosts } from '../core/values/process-costs.ts';
import { recordHost, recordSockets } from './host-metrics.ts';
import { recordProcess } from './process-metrics.ts';
import { createTelemetry, type MetricRecorder, type Telemetry } from './registry.ts';
import { recordCgroup, recordDescriptors, recordTree } from './target-metrics.ts';

export const METER_KEYS = listKeys({
  ...METER_METRICS,
  ...TREE_METRICS,
  ...SLAB_METRICS,
  ...SOCKET_METRICS,
  ...HOST_MEMORY_METRICS,
  ...OWN_METRICS,
});
type Record = MetricRecorder<(typeof METER_KEYS)[number]>;

/** What there is to tell at one moment. */
export interface MeterPage {
  readonly readings: Readings;
  readonly descriptors: DescriptorUse;
  readonly sockets: KernelSockets;
  /** Memory of the meter's own process. */
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
