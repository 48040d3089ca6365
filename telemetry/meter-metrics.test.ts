import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS } from '../core/metrics/catalogue.ts';
import type { Readings } from '../core/schemas/readings.ts';
import { processTree, readingsAt } from '../test/support/readings.ts';
import { findUnrecorded, samplesIn } from '../test/support/scrape.ts';
import { METER_KEYS, meterTelemetry } from './meter-metrics.ts';

const FULL = readingsAt(100, 7e6, {
  target: processTree(7e6, { pids: [1, 2] }),
  cgroup: {
    version: 2,
    path: '/app',
    currentBytes: 9e6,
    anonBytes: 7e6,
    fileBytes: 1e6,
    kernelBytes: 5e5,
    sockBytes: 4096,
    limitBytes: 1e9,
    oomKills: 0,
    exclusive: true,
  },
});

const SOCKETS = {
  sockstat: FULL.sockstat,
  listen: { overflows: 7, drops: 9 },
  tcpMemBytes: { low: 1e8, pressure: 2e8, high: 3e8 },
};
const OWN = {
  memory: { rssBytes: 50e6, heapUsedBytes: 5e6, heapTotalBytes: 9e6, externalBytes: 1e6 },
  costs: {
    cpuSeconds: 2.5,
    openFds: 21,
    maxFds: 1000,
    eventLoopActiveSeconds: 3.5,
    gc: { minor: { runs: 4, seconds: 0.25 }, major: { runs: 2, seconds: 0.5 } },
    eventLoopDelay: { below: [10, 13, 13, 13, 13, 13, 13, 13, 13], count: 13, sumMs: 60 },
  },
};

const render = (readings: Readings): Promise<string> => {
  const descriptors = readings.target ? { maxFds: 40_000, highestRatio: 0.25 } : { maxFds: null, highestRatio: null };
  return meterTelemetry(async () => ({ readings, descriptors, sockets: SOCKETS, ...OWN }), '1.2.3').render();
};
const samplesOf = async (readings: Readings): Promise<Map<string, number>> => samplesIn(await render(readings));

test('everything read is there, under its name', async () => {
  const samples = await samplesOf(FULL);
  const wanted: ReadonlyArray<[string, number]> = [
    ['connrig_meter_info', 1],
    ['connrig_meter_read_seconds', 0.005],
    ['connrig_meter_answer_seconds{meter="target"}', 0.004],
    ['connrig_target_memory_bytes{component="anon"}', 7e6],
    ['connrig_target_memory_bytes{component="rss"}', 90e6],
    ['connrig_target_memory_bytes{component="pss"}', 80e6],
    ['connrig_target_memory_bytes{component="uss"}', 70e6],
    ['connrig_target_memory_bytes{component="swap"}', 0],
    ['connrig_target_memory_bytes{component="page-tables"}', 100_000],
    ['connrig_target_processes', 2],
    ['connrig_target_open_fds', 25],
    ['connrig_target_max_fds', 40_000],
    ['connrig_target_fds_use_ratio', 0.25],
    ['connrig_target_cpu_seconds_total', 1.5],
    ['connrig_target_cgroup_memory_bytes{component="current"}', 9e6],
    ['connrig_target_cgroup_memory_bytes{component="kernel"}', 5e5],
    ['connrig_target_cgroup_memory_bytes{component="limit"}', 1e9],
    ['connrig_target_cgroup_exclusive', 1],
    ['connrig_host_kernel_objects{cache="TCP"}', 300],
    ['connrig_host_kernel_object_size_bytes{cache="TCP"}', 2500],
    ['connrig_host_tcp_sockets{state="alloc"}', 200],
    ['connrig_host_tcp_buffer_memory_bytes', 4096],
    ['connrig_host_tcp_buffer_memory_limit_bytes{threshold="pressure"}', 2e8],
    ['connrig_host_tcp_buffer_memory_limit_bytes{threshold="high"}', 3e8],
    ['connrig_host_listen_overflows_total', 7],
    ['connrig_host_listen_drops_total', 9],
    ['connrig_info{role="meter",version="1.2.3"}', 1],
    ['process_resident_memory_bytes', 50e6],
    ['process_cpu_seconds_total', 2.5],
    ['process_open_fds', 21],
    ['process_max_fds', 1000],
    ['nodejs_heap_size_used_bytes', 5e6],
    ['nodejs_heap_size_total_bytes', 9e6],
    ['nodejs_external_memory_bytes', 1e6],
    ['connrig_gc_seconds_total{kind="minor"}', 0.25],
    ['connrig_gc_runs_total{kind="major"}', 2],
    ['connrig_event_loop_active_seconds_total', 3.5],
    ['connrig_event_loop_delay_seconds_bucket{le="0.001"}', 10],
    ['connrig_event_loop_delay_seconds_bucket{le="0.004"}', 13],
    ['connrig_event_loop_delay_seconds_count', 13],
    ['connrig_host_memory_bytes{part="available"}', 4e9],
    ['connrig_host_memory_bytes{part="used"}', FULL.host!.usedBytes],
  ];
  for (const [name, value] of wanted) assert.equal(samples.get(name), value, name);
  assert.ok(![...samples.keys()].some((name) => name.startsWith('connrig_meter_missing')));
});

test('every row it is to expose is there, and has a sample', async () => {
  const text = await render(FULL);
  assert.ok(METER_KEYS.length > 30);
  for (const key of METER_KEYS) assert.ok(text.includes(`# TYPE ${METRICS[key].name} ${METRICS[key].kind}\n`), key);
  // No meter is missing here.
  assert.deepEqual(findUnrecorded(METER_KEYS, samplesIn(text)), ['meterMissing']);
});

test('what could not be read is left out and named, never 0', async () => {
  const samples = await samplesOf({
    ...FULL,
    target: null,
    cgroup: null,
    slab: null,
    sockstat: null,
    host: null,
    missing: [
      { meter: 'slab', why: 'for root only' },
      { meter: 'target', why: 'process 1 is gone' },
    ],
  });
  assert.deepEqual(
    [...samples].filter(([name]) => /^connrig_(meter|target|host_(memory|kernel))_/.test(name)),
    [
      ['connrig_meter_info', 1],
      ['connrig_meter_missing{meter="target"}', 1],
      ['connrig_meter_missing{meter="slab"}', 1],
      ['connrig_meter_read_seconds', 0.005],
      ['connrig_meter_answer_seconds{meter="target"}', 0.004],
    ],
  );
});
