import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Tally } from '../../fleet/wire.ts';
import { collectGarbage } from '../../memory/collect.ts';
import { openMeters } from '../../memory/meter-set.ts';
import { doingsOf } from '../../report/fold/doings.ts';
import { summarizeLeg } from '../../report/fold/summarize-leg.ts';
import { withFleet } from '../../test/support/fleet.ts';
import { startLocal } from '../../test/support/local-server.ts';
import { processTree, readingsAt } from '../../test/support/readings.ts';
import { samplesIn } from '../../test/support/scrape.ts';
import { leg, memoryPoint, runFile } from '../../test/support/synthetic-run.ts';
import { eventually } from '../../test/support/wait.ts';
import type { LegState } from '../conductor/leg-course.ts';
import type { LiveLeg } from '../observer.ts';
import { createRunMetrics, type RunMetrics } from './run-metrics.ts';

const TIMEOUT = { timeout: 120_000 };
const RUN = runFile({
  status: 'running',
  finishedAt: null,
  exitCode: null,
  config: { behaviour: { kind: 'idle' }, memoryLimitBytes: 5e9 },
  plan: { legs: [leg({ protocol: 'tcp' }), leg({ protocol: 'ws' })], launches: 2 },
});

/** The metrics of a run whose legs the test makes happen. */
function open(t: TestContext): RunMetrics & { scrape: () => Promise<Map<string, number>> } {
  const metrics = createRunMetrics('1.2.3', {
    cost(run, points, index) {
      const record = { run, samples: points, events: [], problems: [] };
      return summarizeLeg(record, run.plan.legs[index]!, index).perConnection;
    },
    doings: (run, own, index) => doingsOf(run, own, run.plan.legs[index]!, { held: [], baseline: undefined }),
  });
  t.after(() => metrics.close());
  metrics.observer.runFile(RUN);
  return { ...metrics, scrape: async () => samplesIn(await metrics.telemetry.render()) };
}

/** A leg of the plan with this fleet, and our own process as its target. */
function liveLeg(index: 0 | 1, launch: number, fleet: Fleet, state: LegState): LiveLeg {
  const protocol = index === 0 ? 'tcp' : 'ws';
  const meters = openMeters({ pids: [process.pid], ports: [], clientPid: process.ppid });
  return { launch, leg: index, name: protocol, protocol, fleet, meters, state: () => state };
}

const ofProtocol =
  (samples: Map<string, number>, protocol: string) =>
  (name: string, more = '') =>
    samples.get(`connrig_${name}{protocol="${protocol}",leg="${protocol}"${more}}`);

test('before anything happened there is a run with nothing in it', TIMEOUT, async (t) => {
  const { scrape } = open(t);
  const samples = await scrape();
  const tcp = ofProtocol(samples, 'tcp');
  assert.equal(samples.get('connrig_run_status{status="running"}'), 1);
  assert.equal(samples.get('connrig_run_status{status="passed"}'), 0);
  assert.equal(samples.get('connrig_run_start_time_seconds'), Date.parse(RUN.startedAt) / 1000);
  assert.equal(samples.get('connrig_run_memory_limit_bytes'), 5e9);
  const info = 'connrig_run_info{run="20261123T140000000Z-synthetic",target="builtin",engine="node",behaviour="idle"}';
  assert.equal(samples.get(info), 1);
  assert.deepEqual([tcp('connections_planned'), tcp('connections_target'), tcp('connections_open')], [3000, 0, 0]);
  assert.deepEqual([tcp('connection_attempts_total'), tcp('open_duration_seconds_count')], [0, 0]);
  assert.equal(tcp('level_connections'), undefined);
  for (const name of samples.keys())
    assert.doesNotMatch(name, /run_phase|run_launch|target_|per_connection|replies|heartbeats/);
});

test('connections are counted as they come and go, over legs and launches', TIMEOUT, async (t) => {
  const { observer, scrape } = open(t);
  const { server, ports } = await startLocal();
  t.after(() => server.close());
  const climbTo = async (index: 0 | 1, launch: number, connections: number, look: () => Promise<void>) => {
    const protocol = index === 0 ? 'tcp' : 'ws';
    const destinations = [{ ip: '127.0.0.1', port: ports[protocol] }];
    await withFleet(protocol, destinations, {}, async ({ fleet, until }) => {
      observer.legStarted?.(liveLeg(index, launch, fleet, { phase: 'ramp', level: connections }));
      fleet.pursue(connections, 5000);
      await until(({ open }) => open === connections, 'all open');
      await look();
      fleet.pursue(0, 5000);
      await until(({ closed, closing }) => closed === connections && closing === 0, 'all closed');
      await fleet.stop();
      observer.legEnded?.();
    });
  };
  await climbTo(0, 0, 100, async () => {
    const samples = await scrape();
    const [tcp, ws] = [ofProtocol(samples, 'tcp'), ofProtocol(samples, 'ws')];
    assert.deepEqual([tcp('connections_target'), tcp('connections_opening'), tcp('connections_open')], [100, 0, 100]);
    assert.equal(tcp('connection_attempts_total'), 100);
    assert.equal(tcp('connection_outcomes_total', ',outcome="open"'), 100);
    assert.equal(tcp('open_duration_seconds_bucket', ',le="+Inf"'), 100);
    assert.equal(tcp('open_duration_seconds_bucket', ',le="65.536"'), 100);
    assert.equal(tcp('schedule_lag_seconds_count'), 100);
    assert.equal(tcp('run_phase', ',phase="ramp"'), 1);
    assert.equal(tcp('run_phase', ',phase="hold"'), 0);
    assert.equal(samples.get('connrig_run_launch'), 1);
    assert.deepEqual(
      [ws('connections_target'), ws('connections_open'), ws('run_phase', ',phase="ramp"')],
      [0, 0, undefined],
    );
  });
  await climbTo(1, 0, 50, async () => {
    const samples = await scrape();
    const [tcp, ws] = [ofProtocol(samples, 'tcp'), ofProtocol(samples, 'ws')];
    assert.deepEqual([tcp('connections_target'), tcp('connections_open'), ws('connections_open')], [0, 0, 50]);
    assert.equal(tcp('connection_outcomes_total', ',outcome="open"'), 100);
    assert.equal(tcp('connections_closed_total', ',reason="by-us"'), 100);
    // Each upgrade is answered in some 130 bytes.
    assert.ok(ws('received_bytes_total')! > 50 * 100 && ws('sent_bytes_total')! > 50 * 100);
  });
  await climbTo(0, 1, 70, async () => {
    const samples = await scrape();
    const tcp = ofProtocol(samples, 'tcp');
    assert.equal(samples.get('connrig_run_launch'), 2);
    assert.deepEqual([tcp('connections_open'), tcp('connection_attempts_total')], [70, 170]);
    assert.equal(tcp('open_duration_seconds_count'), 170);
  });
  const tcp = ofProtocol(await scrape(), 'tcp');
  assert.deepEqual([tcp('connections_open'), tcp('connections_opening')], [0, 0]);
  assert.equal(tcp('connections_closed_total', ',reason="by-us"'), 170);
  assert.equal(tcp('run_phase', ',phase="ramp"'), undefined);
});

test('failures and losses are told apart', TIMEOUT, async (t) => {
  const { observer, scrape } = open(t);
  const { server, ports } = await startLocal({ maxConnections: 20 });
  t.after(() => server.close());
  await withFleet('ws', [{ ip: '127.0.0.1', port: ports.ws }], {}, async ({ fleet, until }) => {
    observer.legStarted?.(liveLeg(1, 0, fleet, { phase: 'ramp', level: 40 }));
    fleet.pursue(40, 200);
    await until(({ outcomes }) => outcomes.rejected >= 5, 'some rejected');
    fleet.pursue(20, 5000);
    await until(({ open, opening }) => open === 20 && opening === 0, 'at the limit');
    const before = ofProtocol(await scrape(), 'ws');
    assert.equal(before('connections_open'), 20);
    assert.ok(before('connection_outcomes_total', ',outcome="rejected"')! >= 5);
    await server.close();
    // The server waits for our goodbye, but not for ever: what comes late on a busy machine is reset.
    const lost = ({ closeReasons }: Tally): number => closeReasons['by-peer'] + closeReasons.reset;
    await until((now) => lost(now) >= 20, 'all closed by the server');
    const end = await until(({ outcomes }) => outcomes.refused > 0, 'and refused afterwards');
    const after = ofProtocol(await scrape(), 'ws');
    for (const reason of ['by-peer', 'reset'] as const) {
      assert.equal(after('connections_closed_total', `,reason="${reason}"`) ?? 0, end.closeReasons[reason], reason);
    }
    assert.ok(after('connection_outcomes_total', ',outcome="refused"')! > 0);
    observer.legEnded?.();
  });
});

test('memory follows the levels, and the processes between them', TIMEOUT, async (t) => {
  const { observer, scrape, onProgress } = open(t);
  const { server, ports } = await startLocal();
  t.after(() => server.close());
  await withFleet('ws', [{ ip: '127.0.0.1', port: ports.ws }], {}, async ({ fleet, until }) => {
    observer.legStarted?.(liveLeg(1, 0, fleet, { phase: 'hold', level: 100 }));
    const early = await scrape();
    assert.ok(early.get('connrig_target_memory_bytes{component="anon"}')! > 1e7, 'before any full reading');
    assert.equal(early.get('connrig_target_memory_bytes{component="pss"}'), undefined);
    assert.equal(early.get('connrig_target_ledger_bytes{component="tcpSock"}'), undefined);
    assert.ok(early.get('connrig_target_open_fds')! > 10);
    assert.ok(early.get('connrig_target_fds_use_ratio')! > 0 && early.get('connrig_target_fds_use_ratio')! < 1);
    assert.ok(early.get('connrig_target_max_fds')! > 100);

    // With more descriptors than any this process will have, none of its own pass for the target's.
    const target = processTree(40e6, { openFiles: 1e6 });
    observer.sample(memoryPoint('baseline', 0, readingsAt(0, 40e6, { target }), { leg: 1 }));
    fleet.pursue(100, 5000);
    await until(({ open }) => open === 100, 'all open');
    for (const level of [100, 200, 300]) {
      observer.sample(memoryPoint('hold', level, readingsAt(level, 40e6 + 5000 * level), { leg: 1 }));
    }
    await new Promise(setImmediate);
    const samples = await scrape();
    const ws = ofProtocol(samples, 'ws');
    assert.deepEqual([ws('memory_points_total'), ws('level_connections')], [3, 300]);
    assert.equal(ws('level_memory_bytes', ',part="user"'), 40e6 + 5000 * 300);
    assert.equal(ws('memory_per_connection_bytes', ',part="user",bound="estimate"'), 5000);
    const total = ws('memory_per_connection_bytes', ',part="total",bound="estimate"')!;
    const kernel = ws('memory_per_connection_bytes', ',part="kernel",bound="estimate"')!;
    assert.ok(Math.abs(total - kernel - 5000) < 1e-6);
    assert.ok(ws('memory_per_connection_bytes', ',part="total",bound="low"')! <= total);
    assert.ok(ws('memory_per_connection_bytes', ',part="total",bound="high"')! >= total);
    // A socket for each connection that is open now, of the size the last full reading found.
    assert.equal(samples.get('connrig_target_ledger_bytes{component="tcpSock"}'), 100 * 2500);
    const parts = [...samples].filter(([name]) => name.startsWith('connrig_target_ledger_bytes'));
    assert.equal(parts.length, 15);
    assert.equal(samples.get('connrig_target_memory_bytes{component="pss"}'), 80_000_000);
    assert.equal(typeof samples.get('connrig_target_ledger_unexplained_bytes'), 'number');
    assert.equal(samples.get('connrig_meter_read_seconds'), 0.005);
    assert.ok(samples.get('connrig_target_processes')! >= 1);
    assert.ok(samples.get('connrig_target_cpu_seconds_total')! > 0);

    const anon = samples.get('connrig_target_memory_bytes{component="anon"}')!;
    const ballast = Buffer.alloc(32 * 2 ** 20, 1);
    // A reading is kept for a while, longer where it took long.
    const grown = await eventually(async () => {
      const more = (await scrape()).get('connrig_target_memory_bytes{component="anon"}')! - anon;
      return more > 0.7 * ballast.length && more;
    }, 'the ballast shows');
    assert.ok(grown < 3 * ballast.length, `${grown} for ${ballast.length}`);
    observer.legEnded?.();
  });
  onProgress({ leftMs: 4200 } as Parameters<typeof onProgress>[0]);
  observer.event({ type: 'warning', elapsedMs: 1, text: 'tight' });
  observer.event({ type: 'error', elapsedMs: 1, code: 'EDROPPED', message: 'x', hint: 'y' });
  const between = await scrape();
  assert.equal(between.get('connrig_target_memory_bytes{component="anon"}'), undefined);
  assert.equal(ofProtocol(between, 'ws')('memory_per_connection_bytes', ',part="user",bound="estimate"'), 5000);
  assert.deepEqual([between.get('connrig_run_time_left_seconds'), between.get('connrig_run_warnings_total')], [4.2, 1]);
});

test('the verdict counts, also when it is another than what the run itself said', TIMEOUT, async (t) => {
  const { observer, scrape, finished } = open(t);
  observer.runFile({ ...RUN, status: 'passed', exitCode: 0 });
  const passed = await scrape();
  assert.equal(passed.get('connrig_run_status{status="passed"}'), 1);
  assert.equal(passed.get('connrig_run_time_left_seconds'), 0);
  finished('invalid');
  const invalid = await scrape();
  assert.equal(invalid.get('connrig_run_status{status="invalid"}'), 1);
  assert.equal(invalid.get('connrig_run_status{status="passed"}'), 0);
});

test('a thousand scrapes leave nothing behind, and several at once see the same', TIMEOUT, async (t) => {
  const metrics = open(t);
  const { server, ports } = await startLocal();
  t.after(() => server.close());
  await withFleet('ws', [{ ip: '127.0.0.1', port: ports.ws }], {}, async ({ fleet, until }) => {
    metrics.observer.legStarted?.(liveLeg(1, 0, fleet, { phase: 'hold', level: 200 }));
    metrics.observer.sample(memoryPoint('baseline', 0, readingsAt(0, 40e6), { leg: 1 }));
    fleet.pursue(200, 5000);
    await until(({ open }) => open === 200, 'all open');
    const heapAfter = async (scrapes: number): Promise<number> => {
      for (let i = 0; i < scrapes; i++) await metrics.telemetry.render();
      await collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(200);
    const after = await heapAfter(1000);
    assert.ok(after - before < 1e6, `the heap grew by ${after - before} bytes`);
    const pages = await Promise.all(Array.from({ length: 5 }, () => metrics.scrape()));
    const histograms = pages.map((page) =>
      [...page].filter(([name]) => /^connrig_(open|schedule)_.*_(bucket|count|sum)/.test(name)),
    );
    assert.ok(histograms[0]!.length > 50);
    assert.equal(ofProtocol(pages[0]!, 'ws')('open_duration_seconds_count'), 200);
    for (const one of histograms) assert.deepEqual(one, histograms[0]);
    metrics.observer.legEnded?.();
  });
});
