import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { CLOSE_REASON_INDEX, OUTCOME_INDEX } from '../../core/values/outcomes.ts';
import { COUNTER, type Order } from '../wire.ts';
import { allocateWorkerBuffers, monotonicClock, SharedOrder, TallyReader, TallyWriter } from './shared.ts';

/** What the second thread of these tests does, until it is told to end. */
type Job = { readonly tally: SharedArrayBuffer; readonly order: SharedArrayBuffer };

const makeOrder = (i: number): Order => ({
  wanted: i,
  perSecond: i,
  startedAtMs: i,
  stop: i,
  talking: 0,
  collections: i,
  episodes: i,
});

const READS = 50_000;
/** That were seen, or what was read would prove little. */
const STATES = 100;
const DEADLINE_MS = 60_000;

if (isMainThread) defineTests();
else hammer(workerData as Job);

/** Each published state adds up and each order is five times the same number; in between nothing does. */
function hammer({ tally, order: buffer }: Job): void {
  const writer = new TallyWriter(tally);
  const commands = new SharedOrder(buffer);
  let goesOn = true;
  parentPort!.once('message', () => {
    goesOn = false;
  });
  const burst = (): void => {
    for (let i = 0; i < 1000; i++) {
      writer.add(COUNTER.attempts, 3);
      writer.add(COUNTER.open, 1);
      writer.add(COUNTER.failed, 1);
      writer.add(COUNTER.closed, 1);
      writer.outcome(OUTCOME_INDEX.refused);
      writer.closeReason(CLOSE_REASON_INDEX['by-us']);
      writer.publish();
      commands.write(makeOrder(writer.get(COUNTER.open)));
    }
    if (goesOn) setImmediate(burst);
    else parentPort!.postMessage(writer.get(COUNTER.open));
  };
  burst();
}

function defineTests(): void {
  test('readers never see half of what another thread writes', async () => {
    const buffers = allocateWorkerBuffers();
    const buffer = SharedOrder.allocate();
    const job: Job = { tally: buffers.tally, order: buffer };
    const thread = new Worker(fileURLToPath(import.meta.url), { workerData: job });
    await once(thread, 'online');
    const shared = new SharedOrder(buffer);
    const states = new Set<number>();
    const untilMs = performance.now() + DEADLINE_MS;
    for (let reads = 0; reads < READS || states.size < STATES; reads++) {
      const tally = new TallyReader([buffers]).read();
      assert.equal(tally.attempts, tally.opening + tally.open + tally.failed + tally.closed);
      assert.deepEqual([tally.outcomes.refused, tally.closeReasons['by-us']], [tally.open, tally.open]);
      const read = shared.read();
      assert.deepEqual(read.order, makeOrder(read.order.wanted));
      assert.equal(read.version % 2, 0);
      states.add(tally.open);
      if (reads % 1000 !== 0) continue;
      // The other thread has to run as well, be it on the same core.
      await delay(1);
      assert.ok(performance.now() < untilMs, `only ${states.size} states were seen: the other thread hardly ran`);
    }
    const ended = once(thread, 'message');
    thread.postMessage('end');
    const [written] = (await ended) as [number];
    assert.equal(new TallyReader([buffers]).read().open, written);
    await thread.terminate();
  });

  test('an order changes its version when written, and reads back as it was', () => {
    const buffer = SharedOrder.allocate();
    const [writer, reader] = [new SharedOrder(buffer), new SharedOrder(buffer)];
    const before = reader.version;
    const wanted: Order = {
      wanted: 5000,
      perSecond: 2000.5,
      startedAtMs: 1e9 + 0.25,
      stop: 1,
      talking: 0,
      collections: 2,
      episodes: 3,
    };
    writer.write(wanted);
    assert.notEqual(reader.version, before);
    assert.deepEqual(reader.read(), { order: wanted, version: writer.version });
    assert.equal(reader.version, writer.version);
  });

  test('what is not published is not seen; what is, is summed over workers', () => {
    const buffers = [allocateWorkerBuffers(), allocateWorkerBuffers()];
    const [one, two] = buffers.map(({ tally }) => new TallyWriter(tally)) as [TallyWriter, TallyWriter];
    one.add(COUNTER.open, 3);
    one.set(COUNTER.orderSeen, 8);
    one.set(COUNTER.collections, 2);
    one.outcome(OUTCOME_INDEX.open);
    assert.equal(new TallyReader(buffers).read().open, 0);
    one.publish();
    two.add(COUNTER.open, 4);
    two.set(COUNTER.orderSeen, 6);
    two.set(COUNTER.collections, 1);
    two.outcome(OUTCOME_INDEX['timed-out']);
    two.publish();
    const tally = new TallyReader(buffers).read();
    assert.equal(tally.open, 7);
    assert.deepEqual([tally.outcomes.open, tally.outcomes['timed-out']], [1, 1]);
    // For what was ordered, the slowest worker counts.
    assert.deepEqual([tally.orderSeen, tally.collections], [6, 1]);
  });

  test('all threads have one clock', async () => {
    const script = `
      const { monotonicClock } = await import(${JSON.stringify(new URL('./shared.js', import.meta.url).href)});
      const { parentPort } = await import('node:worker_threads');
      parentPort.postMessage(monotonicClock()());`;
    const now = monotonicClock();
    const before = now();
    const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
    const [there] = (await once(thread, 'message')) as [number];
    const after = now();
    assert.ok(before - 1 < there && there < after + 1, `${before} < ${there} < ${after}`);
    await thread.terminate();
  });
}
