import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Started } from '../../test/support/connrig.ts';
import { LOCK_MS, startFleetByHand, version } from '../../test/support/fleet-by-hand.ts';
import { needs } from '../../test/support/needs.ts';
import { eventually } from '../../test/support/wait.ts';

const SKIP = { skip: needs('redis-server') };
const DEADLINE_MS = 60_000;

/** The process that holds the connections: not the one that was started. */
const holderOf = ({ pid, processes }: Started): number => processes().find((other) => other !== pid)!;

test('a worker offers itself, holds its share as it is ordered, and closes all at the end', SKIP, async (t) => {
  const { startWorker, addShare, order, report, events, offers, target } = await startFleetByHand(t);
  const worker = startWorker('one');
  await eventually(async () => (await offers()).length === 1, 'it offers itself', DEADLINE_MS);
  const [offer] = await offers();
  assert.deepEqual([offer!.worker, offer!.share, offer!.version], ['one', null, version]);
  await addShare();
  const seq = await order({ wanted: [200] });
  await eventually(async () => (await report())?.tally.open === 200, '200 are open', DEADLINE_MS);
  const full = (await report())!;
  assert.equal(full.seq, seq);
  assert.equal(full.tally.attempts, 200);
  assert.equal(full.generation, 1);
  await eventually(() => target.sockets.size === 200, 'the target has 200');
  assert.equal(
    ((await report(0, '0:distributions'))?.distributions.openPlanned ?? []).reduce((sum, [, count]) => sum + count, 0),
    200,
  );
  assert.ok((await events()).some(({ type }) => type === 'ready'));
  const fewer = await order({ wanted: [50] });
  await eventually(async () => (await report())!.tally.open === 50, 'down to 50', DEADLINE_MS);
  assert.equal((await report())!.seq, fewer);
  await order({ wanted: [0], stop: true });
  await eventually(() => target.sockets.size === 0, 'all are closed', DEADLINE_MS);
  await eventually(async () => (await report())!.tally.closed === 200, 'the last report has all', DEADLINE_MS);
  await eventually(async () => (await offers())[0]!.share === null, 'it waits again', DEADLINE_MS);
  worker.child.kill('SIGTERM');
  assert.equal((await worker.ended).code, 0);
  assert.deepEqual(await offers(), []);
  assert.deepEqual(worker.processes(), []);
});

test('two workers hold two shares, and the one that is left takes over the other', SKIP, async (t) => {
  const { startWorker, addShare, order, report, target } = await startFleetByHand(t);
  const workers = [startWorker('one'), startWorker('two')];
  await addShare({}, 2, 0);
  await addShare({}, 2, 1);
  await order({ wanted: [60, 40], perSecond: [2000, 2000], offsetMicros: [0, 500] });
  await eventually(() => target.sockets.size === 100, 'both are held', DEADLINE_MS);
  await eventually(async () => (await report(0))?.tally.open === 60 && (await report(1))?.tally.open === 40, 'told');
  // One leaves in order, the other can only take one share: that of the first waits until somebody is free.
  workers[0]!.child.kill('SIGTERM');
  assert.equal((await workers[0]!.ended).code, 0);
  await eventually(() => target.sockets.size === 60 || target.sockets.size === 40, 'one share is open', DEADLINE_MS);
  startWorker('three');
  await eventually(() => target.sockets.size === 100, 'somebody else has it', DEADLINE_MS);
  await eventually(async () => (await report(0))!.generation + (await report(1))!.generation === 3, 'a new generation');
});

test('a lease that nobody renews: all is reset before anybody else may begin', SKIP, async (t) => {
  const { startWorker, addShare, order, target, events } = await startFleetByHand(t);
  const worker = startWorker('one');
  await addShare();
  await order({ wanted: [100] });
  await eventually(() => target.sockets.size === 100, '100 are open', DEADLINE_MS);
  const holder = holderOf(worker);
  // It only sleeps, so nobody tells its holder.
  process.kill(worker.pid, 'SIGSTOP');
  const stoppedAtMs = performance.now();
  await eventually(() => target.sockets.size === 0, 'all are reset', DEADLINE_MS);
  const tookMs = performance.now() - stoppedAtMs;
  assert.ok(tookMs < LOCK_MS, `it took ${tookMs} ms`);
  await eventually(async () => (await events()).some(({ type }) => type === 'fenced'), 'it tells');
  process.kill(worker.pid, 'SIGCONT');
  await eventually(() => target.sockets.size === 100, 'it holds the share anew', DEADLINE_MS);
  const next = holderOf(worker);
  assert.notEqual(next, holder);
  const killedAtMs = performance.now();
  process.kill(worker.pid, 'SIGKILL');
  await eventually(() => target.sockets.size === 0, 'all are reset', DEADLINE_MS);
  assert.ok(performance.now() - killedAtMs < 0.6 * LOCK_MS);
  await eventually(() => worker.processes().length === 0, 'its holder has ended');
});

test('without a conductor all is closed', SKIP, async (t) => {
  const { startWorker, addShare, order, target, leave, offers } = await startFleetByHand(t);
  startWorker('one');
  await addShare();
  await order({ wanted: [100] });
  await eventually(() => target.sockets.size === 100, '100 are open', DEADLINE_MS);
  await leave();
  await eventually(() => target.sockets.size === 0, 'all are closed', DEADLINE_MS);
  await eventually(async () => (await offers())[0]!.share === null, 'nobody holds the share any more', DEADLINE_MS);
});

test('what a worker does not hold it refuses, with why, and waits on', SKIP, async (t) => {
  const { startWorker, addShare, events, target, order } = await startFleetByHand(t);
  const worker = startWorker('one');
  await addShare({ version: '0.0.1' });
  await eventually(async () => (await events()).length === 1, 'it is refused', DEADLINE_MS);
  const [event] = await events();
  assert.deepEqual(event?.type === 'refused' ? [event.code, event.share] : event, ['EFLEETVERSION', 0]);
  assert.match(worker.stderr(), /EFLEETVERSION: the run is of connrig 0\.0\.1, this worker of /);
  await addShare();
  await order({ wanted: [10] });
  await eventually(() => target.sockets.size === 10, 'the next one is held', DEADLINE_MS);
});

test('a share goes to a worker whose environment has what the run wants', SKIP, async (t) => {
  const { startWorker, addShare, planOfTarget, events, target, order } = await startFleetByHand(t);
  const hole = { kind: 'env', name: 'TEST_OF_WORKER', inside: 'text' } as const;
  const parts = [Buffer.from('<'), hole, Buffer.from('>')];
  const steps = [{ kind: 'send', message: { bytes: { parts }, isText: true } }] as const;
  const nothing = { before: [], messageEnd: undefined, codec: undefined, module: undefined, rules: [] };
  const identity = { order: 'each', secrets: [] } as const;
  const poor = startWorker('poor');
  await addShare({ plan: { ...planOfTarget(), identity, opening: { ...nothing, steps } } });
  await eventually(async () => (await events()).length > 0, 'it is refused', DEADLINE_MS);
  const [event] = await events();
  assert.ok(event?.type === 'refused');
  assert.equal(event.code, 'EFLEETENV');
  assert.match(event.sentence, /^the environment of poor on \S+ has no TEST_OF_WORKER, which the run wants$/);
  assert.equal(event.hint, 'export TEST_OF_WORKER=… there before connrig worker');
  startWorker('rich', { TEST_OF_WORKER: 'of the rich {n}' });
  await order({ wanted: [10] });
  await eventually(() => target.sockets.size === 10, 'the other one holds it', DEADLINE_MS);
  await eventually(() => target.said.size > 0, 'they say it');
  assert.deepEqual([...target.said], ['<of the rich {n}>']);
  assert.equal(poor.stderr().match(/EFLEETENV/g)?.length, 1, 'told once');
});

test('a name is that of one worker; one that was killed leaves it', SKIP, async (t) => {
  const { startWorker, offers } = await startFleetByHand(t);
  const first = startWorker('one');
  await eventually(async () => (await offers()).length === 1, 'it offers itself', DEADLINE_MS);
  const { code, stderr } = await startWorker('one').ended;
  assert.deepEqual(
    [code, /EFLEETNAME: there is a worker of the name one already, on /.test(stderr)],
    [3, true],
    stderr,
  );
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  const next = startWorker('one');
  await eventually(() => /waits for a share/.test(next.stderr()), 'it has the name', DEADLINE_MS);
});
