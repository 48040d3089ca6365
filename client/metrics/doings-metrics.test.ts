/** What befalls connections, as metrics: while it goes on, and what came of it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BehaviourPlan } from '../../core/behaviours/behaviours.ts';
import type { Sample } from '../../core/schemas/record.ts';
import { openMeters } from '../../memory/meter-set.ts';
import { doingsOf } from '../../report/fold/doings.ts';
import { withFleet } from '../../test/support/fleet.ts';
import { samplesIn } from '../../test/support/scrape.ts';
import {
  broadcastSample,
  churnSample,
  driftSamples,
  slowQueues,
  slowSample,
  stormSample,
  vanishSample,
} from '../../test/support/synthetic-doings.ts';
import { leg, runFile } from '../../test/support/synthetic-run.ts';
import type { LegState } from '../conductor/leg-course.ts';
import { createRunMetrics } from './run-metrics.ts';

const TIMEOUT = { timeout: 60_000 };
type Read = (name: string, more?: string) => number | undefined;

/** A run of which something befalls connections: what is told while a leg is in a state, and after samples. */
function telling(t: TestContext, behaviour: BehaviourPlan) {
  const metrics = createRunMetrics('1.2.3', {
    cost: () => null,
    doings: (run, own, index) => doingsOf(run, own, run.plan.legs[index]!, { held: [], baseline: undefined }),
  });
  t.after(() => metrics.close());
  const { observer } = metrics;
  const plan = { legs: [leg({ behaviour })], launches: 2 };
  observer.runFile(runFile({ status: 'running', finishedAt: null, exitCode: null, config: { behaviour }, plan }));
  const scrape = async (): Promise<Read> => {
    const samples = samplesIn(await metrics.telemetry.render());
    return (name, more = '') => samples.get(`connrig_${name}{protocol="ws",leg="ws"${more}}`);
  };
  return {
    scrape,
    after(...samples: readonly Sample[]): Promise<Read> {
      for (const sample of samples) observer.sample(sample);
      return scrape();
    },
    async during(state: LegState): Promise<Read> {
      const meters = openMeters({ pids: [process.pid], ports: [], clientPid: process.ppid });
      let read: Read | undefined;
      await withFleet('ws', [], {}, async ({ fleet }) => {
        observer.legStarted!({ launch: 0, leg: 0, name: 'ws', protocol: 'ws', fleet, meters, state: () => state });
        read = await scrape();
        observer.legEnded!();
      });
      return read!;
    },
  };
}

const memoryIn = (read: Read): Array<number | undefined> =>
  ['before', 'peak', 'after'].map((moment) => read('episode_memory_bytes', `,moment="${moment}"`));

test('vanished peers: while they are looked at, and by what the target noticed', TIMEOUT, async (t) => {
  const { during, after } = telling(t, { kind: 'vanish', percent: 40 });
  const fates = (read: Read) => ['held', 'let-go'].map((fate) => read('vanished_connections', `,fate="${fate}"`));
  const now = await during({ phase: 'vanish', level: 10, seen: { vanished: { of: 4, held: 3 } } });
  assert.deepEqual([fates(now), now('vanish_still_held')], [[3, 1], undefined]);
  const then = await after(vanishSample());
  assert.deepEqual([fates(then), then('vanish_still_held')], [[undefined, undefined], 1]);
  assert.deepEqual(
    ['p50', 'p99', 'all'].map((share) => then('vanish_notice_seconds', `,share="${share}"`)),
    [2, undefined, undefined],
  );
  assert.deepEqual(
    ['ping', 'silence', 'keep-alive', 'retransmission'].map((by) => then('vanish_notices', `,by="${by}"`)),
    [2, 1, 0, 0],
  );
  assert.equal(then('vanish_unacknowledged_bytes'), 600);
  assert.deepEqual(memoryIn(then), [40e6, 41e6, 40e6]);
  // The last launch counts alone.
  const later = await after(vanishSample({ launch: 1, noticed: 4, noticeMs: [1, 2, 3, 4000] }));
  assert.deepEqual([later('vanish_still_held'), later('vanish_notice_seconds', ',share="all"')], [0, 4]);
});

test('slow readers: what waits for them at both ends, and what each one took', TIMEOUT, async (t) => {
  const { during, after } = telling(t, {
    kind: 'slow',
    sharePercent: 10,
    bytesPerSecond: null,
    beside: { kind: 'idle' },
  });
  const ends = (read: Read, name: string) => ['target', 'client'].map((end) => read(name, `,end="${end}"`));
  const now = await during({ phase: 'slow', level: 1000, seen: { slowQueues } });
  assert.deepEqual(
    [ends(now, 'slow_queued_bytes'), ends(now, 'slow_queue_memory_bytes')],
    [
      [1e6, 3e6],
      [2e6, 4e6],
    ],
  );
  const then = await after(slowSample());
  assert.deepEqual(ends(then, 'slow_queued_bytes'), [undefined, undefined]);
  const parts = ['user', 'queued-at-target', 'queued-at-client', 'allocated-at-target', 'allocated-at-client'];
  assert.deepEqual(
    parts.map((part) => then('slow_memory_per_connection_bytes', `,part="${part}"`)),
    [5000, 10_000, 30_000, 20_000, 40_000],
  );
  assert.deepEqual(memoryIn(then), [40e6, 41e6, undefined]);
});

test('storms: when all were back, and how many were not', TIMEOUT, async (t) => {
  const plan = { kind: 'storm', percent: 50, cut: 'fin', comesBack: { how: 'at-once', retryMs: 100 } } as const;
  const { after } = telling(t, plan);
  const whole = await after(stormSample());
  assert.deepEqual([whole('storm_all_back_seconds'), whole('storm_not_back')], [2, 0]);
  assert.deepEqual(memoryIn(whole), [40e6, 46e6, 42e6]);
  const lacking = await after(stormSample({ launch: 1, back: 490, afterBytes: null }));
  assert.deepEqual([lacking('storm_all_back_seconds'), lacking('storm_not_back')], [undefined, 10]);
  assert.deepEqual(memoryIn(lacking), [40e6, 46e6, undefined]);
});

test('what is published: what the memory of the last level was amplified by', TIMEOUT, async (t) => {
  const { after } = telling(t, { kind: 'broadcast', perSecond: 1000, bytes: 256, withinMs: 1000 } as BehaviourPlan);
  const then = await after(broadcastSample({ memory: null }), broadcastSample());
  assert.equal(then('broadcast_amplification_ratio'), 2);
  assert.deepEqual(memoryIn(then), [40e6, 40e6 + 5120, undefined]);
});

test('turnover: memory that grows is told with its interval, and when it is a leak', TIMEOUT, async (t) => {
  const bounds = (read: Read, name: string) => ['low', 'estimate', 'high'].map((b) => read(name, `,bound="${b}"`)!);
  const leaking = telling(t, { kind: 'churn', percentPerSecond: 5 });
  const few = await leaking.after(churnSample(), ...driftSamples(8192).slice(0, 4));
  assert.deepEqual([few('memory_leak_shown'), ...bounds(few, 'memory_drift_per_hour_bytes')], Array(4).fill(undefined));
  const then = await leaking.after(...driftSamples(8192).slice(4));
  const [low, each, high] = bounds(then, 'memory_drift_per_replacement_bytes');
  assert.ok(low! > 8000 && low! < 8192 && high! > 8192 && high! < 8400, `${low} ${high}`);
  assert.ok(Math.abs(each! - 8192) < 1e-6);
  const [lowest, hourly, highest] = bounds(then, 'memory_drift_per_hour_bytes');
  assert.ok(Math.abs(hourly! - 8192 * 50 * 3600) < 1 && lowest! < hourly! && highest! > hourly!);
  assert.equal(then('memory_leak_shown'), 1);

  const still = await telling(t, { kind: 'churn', percentPerSecond: 5 }).after(churnSample(), ...driftSamples(0));
  assert.deepEqual([still('memory_leak_shown'), bounds(still, 'memory_drift_per_hour_bytes')[1]], [0, 0]);
});
