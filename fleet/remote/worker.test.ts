import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type Started, startConnrig } from '../../test/support/connrig.ts';
import { needs } from '../../test/support/needs.ts';
import { startRedisServer } from '../../test/support/redis.ts';
import { eventually } from '../../test/support/wait.ts';
import { WIRE_VERSION } from '../wire.ts';
import { loadRedis } from './load.ts';
import {
  ENTRY_FIELD,
  type FleetOrder,
  fleetKeys,
  ShareEvent,
  type ShareJob,
  type ShareReport,
  WorkerOffer,
} from './messages.ts';
import { measureOffset } from './redis-clock.ts';
import { unpackReport } from './report-texts.ts';
import { packPlan, type SharePlan, signShare } from './share-plan.ts';

const SKIP = { skip: needs('redis-server') };
const TOKEN = 'of-the-fleet';
const RUN = 'run-1';
const LOCK_MS = 20_000;
const DEADLINE_MS = 60_000;
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** A server that keeps what comes, and a conductor's side of Redis, moved by hand. */
async function startFleetByHand(t: TestContext) {
  const { url } = await startRedisServer(t);
  const { bullmq, connect } = await loadRedis(url);
  const keys = fleetKeys('connrig', RUN);
  const redis = connect();
  const queue = new bullmq.Queue(keys.queue, { prefix: keys.queuePrefix, connection: { url } });
  queue.on('error', () => {});
  const target = await startTarget(t);
  const offset = await measureOffset(redis);
  const beat = setInterval(() => void redis.set(keys.conductor, '0', 'PX', 1500).catch(() => {}), 200);
  t.after(async () => {
    clearInterval(beat);
    await queue.close();
    redis.disconnect();
  });
  let seq = 0;
  return {
    url,
    redis,
    keys,
    target,
    offset,
    leave: () => clearInterval(beat),
    startWorker: (name: string, token = TOKEN): Started =>
      startConnrig(t, ['worker', '--redis', url, '--name', name, '--lock-time', `${LOCK_MS}ms`], {
        env: { CONNRIG_FLEET_TOKEN: token },
      }),
    addShare: async (change: Partial<ShareJob> = {}, shares = 1, share = 0): Promise<void> => {
      const { port } = target.server.address() as AddressInfo;
      const job = signShare(
        {
          wire: WIRE_VERSION,
          version,
          run: RUN,
          epoch: 0,
          share,
          shares,
          capacity: 500,
          plan: planTo(port),
          ...change,
        },
        TOKEN,
      );
      await queue.add('share', job, { attempts: 100, removeOnComplete: true });
    },
    order: async (change: Partial<FleetOrder>): Promise<number> => {
      const [seconds, micros] = await redis.time();
      const order: FleetOrder = {
        wire: WIRE_VERSION,
        epoch: 0,
        seq: ++seq,
        atMicros: Number(seconds) * 1e6 + Number(micros) + 300_000,
        wanted: [0],
        perSecond: [2000],
        offsetMicros: [0],
        stop: false,
        collections: 0,
        talking: false,
        episodes: 0,
        ...change,
      };
      await redis.xadd(keys.orders, 'MAXLEN', '~', 100, '*', ENTRY_FIELD, JSON.stringify(order));
      return seq;
    },
    report: async (share = 0, field = String(share)): Promise<ShareReport | undefined> => {
      const text = await redis.hget(keys.reports, field);
      return text === null ? undefined : unpackReport(text);
    },
    events: async (): Promise<ShareEvent[]> =>
      (await redis.xrange(keys.events, '-', '+')).map(([, fields]) => ShareEvent.parse(JSON.parse(fields[1]!))),
    offers: async (): Promise<WorkerOffer[]> =>
      Object.values(await redis.hgetall(keys.workers)).map((text) => WorkerOffer.parse(JSON.parse(text))),
  };
}

async function startTarget(t: TestContext): Promise<{ readonly server: Server; readonly sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(
      socket
        .on('error', () => {})
        .on('close', () => sockets.delete(socket))
        .resume(),
    );
  }).listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, sockets };
}

const planTo = (port: number): string => {
  const plan: SharePlan = {
    layout: { engine: 'node', loopback: true, workers: 1 },
    markedRun: 7,
    protocol: { name: 'tcp', path: '/', hostHeader: 'test' },
    window: 64,
    closeWindow: 64,
    openTimeoutMs: 10_000,
    closeTimeoutMs: 2000,
    destinations: [{ ip: '127.0.0.1', port }],
    close: 'graceful',
    behaviour: { kind: 'idle' },
  };
  return packPlan(plan);
};

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
  leave();
  await eventually(() => target.sockets.size === 0, 'all are closed', DEADLINE_MS);
  await eventually(async () => (await offers())[0]!.share === null, 'nobody holds the share any more', DEADLINE_MS);
});

const REFUSED: ReadonlyArray<[string, Partial<ShareJob>, string]> = [
  ['of another version', { version: '0.0.1' }, 'EFLEETVERSION'],
  ['of somebody without the token', {}, 'EFLEETTOKEN'],
];
test('what a worker does not hold it refuses, with why', SKIP, async (t) => {
  const { startWorker, addShare, events, target } = await startFleetByHand(t);
  startWorker('one', 'of-another-fleet');
  for (const [, change] of REFUSED) await addShare(change);
  await eventually(async () => (await events()).length === REFUSED.length, 'both are refused', DEADLINE_MS);
  const codes = (await events()).map((event) => (event.type === 'refused' ? event.code : event.type));
  assert.deepEqual(codes.sort(), REFUSED.map(([, , code]) => code).sort());
  assert.equal(target.sockets.size, 0);
});
