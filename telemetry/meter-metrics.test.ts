import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS } from '../core/metrics.ts';
import type { Readings } from '../core/readings.ts';
import { processTree, readingsAt } from '../test/support/readings.ts';
import { meterTelemetry } from './meter-metrics.ts';

const FULL = readingsAt(100, 7e6, {
  target: processTree(7e6, { pids: [1, 2] }),
  cgroup: {
    ...{ version: 2, path: '/app', currentBytes: 9e6, anonBytes: 7e6, fileBytes: 1e6, kernelBytes: 5e5 },
    ...{ sockBytes: 4096, limitBytes: 1e9, oomKills: 0, exclusive: true },
  },
});

async function samplesOf(readings: Readings): Promise<Map<string, number>> {
  const lines = (await meterTelemetry(async () => readings).render()).split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' '));
  return new Map(samples.map(([name = '', value]) => [name, Number(value)]));
}

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
    ['connrig_target_cpu_seconds_total', 1.5],
    ['connrig_target_cgroup_memory_bytes{component="current"}', 9e6],
    ['connrig_target_cgroup_memory_bytes{component="kernel"}', 5e5],
    ['connrig_target_cgroup_memory_bytes{component="limit"}', 1e9],
    ['connrig_target_cgroup_exclusive', 1],
    ['connrig_host_kernel_objects{cache="TCP"}', 300],
    ['connrig_host_kernel_object_size_bytes{cache="TCP"}', 2500],
    ['connrig_host_tcp_sockets{state="alloc"}', 200],
    ['connrig_host_tcp_buffer_memory_bytes', 4096],
    ['connrig_host_memory_bytes{part="available"}', 4e9],
    ['connrig_host_memory_bytes{part="used"}', 1e9 + 2e6],
  ];
  for (const [name, value] of wanted) assert.equal(samples.get(name), value, name);
  assert.ok(![...samples.keys()].some((name) => name.startsWith('connrig_meter_missing')));
});

test('every row of the catalogue that is about a target or a meter is there', async () => {
  const text = await meterTelemetry(async () => FULL).render();
  const own = Object.values(METRICS).filter(({ name }) => /^connrig_(meter|target|host)_/.test(name));
  assert.ok(own.length > 10);
  for (const { name, kind } of own) assert.ok(text.includes(`# TYPE ${name} ${kind}\n`), name);
});

test('what could not be read is left out and named, never 0', async () => {
  const samples = await samplesOf({
    ...{ ...FULL, target: null, cgroup: null, slab: null, sockstat: null, host: null },
    missing: [
      { meter: 'slab', why: 'for root only' },
      { meter: 'target', why: 'process 1 is gone' },
    ],
  });
  assert.deepEqual(
    [...samples],
    [
      ['connrig_meter_info', 1],
      ['connrig_meter_missing{meter="target"}', 1],
      ['connrig_meter_missing{meter="slab"}', 1],
      ['connrig_meter_read_seconds', 0.005],
      ['connrig_meter_answer_seconds{meter="target"}', 0.004],
    ],
  );
});
