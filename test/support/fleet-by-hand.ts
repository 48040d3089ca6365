import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { monotonicClock } from '../../fleet/local/shared.ts';
import { sayAlive } from '../../fleet/remote/conductor-key.ts';
import { loadRedis } from '../../fleet/remote/load.ts';
import {
  ENTRY_FIELD,
  type FleetOrder,
  fleetKeys,
  queueOf,
  ShareEvent,
  type ShareReport,
  WorkerOffer,
} from '../../fleet/remote/messages.ts';
import { measureOffset } from '../../fleet/remote/redis-clock.ts';
import { unpackReport } from '../../fleet/remote/report-texts.ts';
import { heard, toSpoken } from '../../fleet/remote/said.ts';
import { type OpenShare, type SharePlan, signShare } from '../../fleet/remote/share-plan.ts';
import { WIRE_VERSION } from '../../fleet/wire.ts';
import { type Started, startConnrig } from './connrig.ts';
import { startRedisServer } from './redis.ts';

export const TOKEN = 'of-the-fleet';
export const RUN_BY_HAND = 'run-1';
export const VOICE = { token: TOKEN, run: RUN_BY_HAND };
export const LOCK_MS = 20_000;
export const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** A server that keeps what comes, and a conductor's side of Redis, moved by hand. */
export async function startFleetByHand(t: TestContext) {
  const { url } = await startRedisServer(t);
  const { bullmq, connect } = await loadRedis(url);
  const keys = fleetKeys('connrig', RUN_BY_HAND);
  const redis = connect();
  const queue = new bullmq.Queue(queueOf(TOKEN), { prefix: keys.queuePrefix, connection: { url } });
  queue.on('error', () => {});
  const target = await startTarget(t);
  const offset = await measureOffset(redis);
  let beats = 0;
  const atMs = (): number => monotonicClock()() + offset.offsetMs;
  const sayBeat = (): Promise<void> =>
    sayAlive(redis, keys.conductor, { epoch: 0, beat: ++beats, atMs: atMs() }, VOICE);
  const beat = setInterval(() => void sayBeat().catch(() => {}), 200);
  t.after(async () => {
    clearInterval(beat);
    await queue.close();
    redis.disconnect();
  });
  let seq = 0;
  const planOfTarget = (): SharePlan => planTo((target.server.address() as AddressInfo).port);
  const orderOf = async (change: Partial<FleetOrder>): Promise<FleetOrder> => {
    const [seconds, micros] = await redis.time();
    return {
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
  };
  return {
    planOfTarget,
    orderOf,
    url,
    redis,
    keys,
    target,
    offset,
    queue,
    leave: async () => {
      clearInterval(beat);
      await redis.pexpire(keys.conductor, 1500);
    },
    startWorker: (name: string, env: Readonly<Record<string, string>> = {}): Started =>
      startConnrig(t, ['worker', '--redis', url, '--name', name, '--lock-time', `${LOCK_MS}ms`], {
        env: { CONNRIG_FLEET_TOKEN: TOKEN, ...env },
      }),
    addShare: async (change: Partial<OpenShare> = {}, shares = 1, share = 0): Promise<void> => {
      const job = signShare(
        {
          wire: WIRE_VERSION,
          version,
          run: RUN_BY_HAND,
          epoch: 0,
          share,
          shares,
          capacity: 500,
          plan: planOfTarget(),
          ...change,
        },
        TOKEN,
      );
      await queue.add('share', job, { attempts: 100, removeOnComplete: true });
    },
    order: async (change: Partial<FleetOrder>): Promise<number> => {
      const order = await orderOf(change);
      await redis.xadd(keys.orders, 'MAXLEN', '~', 100, '*', ENTRY_FIELD, toSpoken(order, 'order', VOICE));
      return order.seq;
    },
    report: async (share = 0, field = String(share)): Promise<ShareReport | undefined> => {
      const text = await redis.hget(keys.reports, field);
      return text === null ? undefined : unpackReport(text, VOICE);
    },
    events: async (): Promise<ShareEvent[]> =>
      (await redis.xrange(keys.events, '-', '+')).map(([, fields]) => heard(ShareEvent, fields[1], 'event', VOICE)!),
    offers: async (): Promise<WorkerOffer[]> =>
      Object.values(await redis.hgetall(keys.workers)).map(
        (text) => heard(WorkerOffer, text, 'offer', { ...VOICE, run: '' })!,
      ),
  };
}

async function startTarget(t: TestContext) {
  const sockets = new Set<Socket>();
  let seen = 0;
  const said = new Set<string>();
  const server: Server = createServer((socket) => {
    seen++;
    sockets.add(
      socket
        .on('error', () => {})
        .on('close', () => sockets.delete(socket))
        .on('data', (bytes) => said.add(bytes.toString())),
    );
  }).listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, sockets, seen: () => seen, said };
}

const planTo = (port: number): SharePlan => ({
  layout: { engine: 'node', loopback: true, workers: 1 },
  takes: { bytes: { uring: 4500, epoll: 4500, node: 9000 }, ports: 1 },
  markedRun: 7,
  secrets: [],
  protocol: { name: 'tcp', path: '/', hostHeader: 'test' },
  window: 64,
  closeWindow: 64,
  openTimeoutMs: 10_000,
  closeTimeoutMs: 2000,
  destinations: [{ ip: '127.0.0.1', port }],
  close: 'graceful',
  behaviour: { kind: 'idle' },
});
