import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { newFolder, readEvents, readSamples, type Started, startConnrig } from './connrig.ts';
import { startHosts, type TestHost } from './hosts.ts';
import { type RedisServer, startRedisServer } from './redis.ts';
import { startServe } from './serve-process.ts';
import { peersIn } from './tcp-table.ts';
import { eventually } from './wait.ts';

const DEADLINE_MS = 280_000;
const LOOK_MS = 50;
const METER = { port: 9465, token: 'of-the-meter' };
/** Attempts under way at once, over all workers. */
export const FLEET_WINDOW = 20;
/** Nobody loses a lease by chance: a busy machine keeps a process from its turn for seconds. */
export const LONG_LOCK = '30s';
/** And this one is lost soon enough. */
export const SHORT_LOCK = '12s';

interface Asked<Worker extends string> {
  readonly workers: readonly Worker[];
  readonly lock: string;
  /** Redis has what it had when it starts again. */
  readonly redisKeeps?: boolean;
  /** Put before what runs at a host: `faketime`, say. */
  readonly wrapper?: (host: string) => readonly string[];
}

/** A run over hosts of a test's own: Redis, a conductor, workers, and a target with a meter beside it. */
export interface FleetOfHosts<Worker extends string> {
  readonly hosts: Readonly<Record<Worker | 'redis' | 'conductor' | 'target', TestHost>>;
  readonly redis: RedisServer;
  readonly workers: Readonly<Record<Worker, Started>>;
  readonly target: WatchedTarget;
  startWorker(name: Worker, options?: readonly string[]): Promise<Started>;
  startRun(options: readonly string[]): { readonly run: Started; readonly folder: string };
}

interface WatchedTarget {
  readonly url: string;
  /** Connections that its kernel has now, by the address that they come from. */
  held(): Readonly<Record<string, number>>;
  count(): number;
  /** The most that it had at once since this was asked last. */
  most(): number;
}

export async function startFleetOfHosts<Worker extends string>(
  t: TestContext,
  { workers: names, lock, redisKeeps = false, wrapper = () => [] }: Asked<Worker>,
): Promise<FleetOfHosts<Worker>> {
  const hosts = await startHosts<Worker | 'redis' | 'conductor' | 'target'>(t, [
    ...(['redis', 'conductor', 'target'] as const),
    ...names,
  ]);
  const redis = await startRedisServer(t, { host: hosts.redis, keeps: redisKeeps });
  const target = await startTarget(t, hosts.target);
  const start = (host: TestHost, args: readonly string[]): Started => {
    return startConnrig(t, args, { program: [...wrapper(host.name), ...host.connrig], deadlineMs: DEADLINE_MS });
  };
  const startWorker = async (name: Worker, options: readonly string[] = []): Promise<Started> => {
    const worker = start(hosts[name], [
      'worker',
      '--redis',
      redis.url,
      '--name',
      name,
      '--lock-time',
      lock,
      ...options,
    ]);
    await eventually(() => /waits for a share/.test(worker.stderr()), `${name} to wait`, 60_000);
    return worker;
  };
  const workers = await Promise.all(names.map(async (name) => [name, await startWorker(name)] as const));
  return {
    hosts,
    redis,
    target,
    workers: Object.fromEntries(workers) as Record<Worker, Started>,
    startWorker,
    startRun: (options) => {
      const folder = newFolder(t);
      const meter = `http://${hosts.target.ip}:${METER.port}/metrics`;
      const run = start(hosts.conductor, [
        ...['run', target.url, '--exporter', meter, '--exporter-token', METER.token, '--fleet', redis.url],
        ...['--window', String(FLEET_WINDOW), '--out', folder, ...options],
      ]);
      return { run, folder };
    },
  };
}

async function startTarget(t: TestContext, host: TestHost): Promise<WatchedTarget> {
  const server = await startServe(['--protocol', 'tcp', '--host', host.ip], host.command('env'));
  const pid = server.child.pid!;
  const meter = startConnrig(
    t,
    ['meter', '--pid', String(pid), '--listen', `${host.ip}:${METER.port}`, '--admin-token', METER.token],
    { program: host.connrig, deadlineMs: DEADLINE_MS },
  );
  await eventually(() => /http:\S+\/metrics/.test(meter.stderr()), 'the meter');
  const port = server.ports.tcp;
  const count = (): number => peersIn(pid, port).length;
  let most = 0;
  const looking = setInterval(() => {
    most = Math.max(most, count());
  }, LOOK_MS);
  t.after(() => {
    clearInterval(looking);
    return server.stop();
  });
  return {
    url: `tcp://${host.ip}:${port}`,
    count,
    held: () => {
      const byIp: Record<string, number> = {};
      for (const ip of peersIn(pid, port)) byIp[ip] = (byIp[ip] ?? 0) + 1;
      return byIp;
    },
    most: () => {
      const seen = most;
      most = 0;
      return seen;
    },
  };
}

/** All processes of a worker, at once. */
export function signalAll(worker: Started, signal: NodeJS.Signals): void {
  for (const pid of worker.processes()) process.kill(pid, signal);
}

/** The workers end in order, and leave nothing: neither connections nor processes. */
export async function endAll(fleet: Pick<FleetOfHosts<string>, 'target'>, workers: readonly Started[]): Promise<void> {
  await eventually(() => fleet.target.count() === 0, 'nothing is open at the target');
  for (const worker of workers) {
    worker.child.kill('SIGTERM');
    const { code } = await worker.ended;
    assert.equal(code, 0, worker.stderr());
    assert.deepEqual(worker.processes(), [], 'no process is left');
  }
}

/** The shares that moved so far, as `one > three`. */
export const moves = (folder: string): string[] =>
  readEvents(folder).flatMap((event) => (event.type === 'share-moved' ? [`${event.from} > ${event.to}`] : []));

/** Open connections of each level that yielded a memory point. */
export const levelsHeld = (folder: string): number[] =>
  readSamples(folder).flatMap((sample) =>
    sample.type === 'memory' && sample.phase === 'hold' ? [sample.progress.counts.open] : [],
  );
