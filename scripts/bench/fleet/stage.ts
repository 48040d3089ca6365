/** A fleet on this machine: each part of it on a host of its own (network namespaces), or all at 127.0.0.1 where we may not make any. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ELSEWHERE } from '../../../test/support/elsewhere.ts';
import { startHosts } from '../../../test/support/hosts.ts';
import { type RedisServer, startRedisServer } from '../../../test/support/redis.ts';
import { CONNRIG } from '../rig-run.ts';

/** Where a process runs. */
export interface StagePlace {
  readonly name: string;
  readonly ip: string;
  command(program: string, args?: readonly string[]): [string, ...string[]];
}

const HERE: Omit<StagePlace, 'name'> = { ip: '127.0.0.1', command: (program, args = []) => [program, ...args] };
const WAITS_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 30_000;

/** Whether hosts of their own can be made here; else why not. */
export const whyNoHosts = (): string | undefined => (ELSEWHERE.skip ? String(ELSEWHERE.skip) : undefined);

/** A `connrig worker`, and where it is. */
export interface StagedWorker {
  readonly place: StagePlace;
  /** By SIGKILL, all its processes at once. */
  kill(): void;
  /** Again, until it waits. */
  start(): Promise<void>;
}

export interface Stage {
  readonly scope: Scope;
  readonly redis: RedisServer;
  readonly redisPlace: StagePlace;
  readonly target: StagePlace;
  readonly conductor: StagePlace;
  readonly workers: readonly StagedWorker[];
  /** A folder of the stage's own. */
  readonly folder: string;
  /** What `connrig run` says to have its connections held by so many of the workers. */
  overWorkers(count?: number): readonly string[];
  /** Starts `connrig run` at the conductor, with its record below `folder`. */
  run(name: string, ...args: readonly string[]): ChildProcess;
}

/** Sets it up, has it used, and takes it down, however that ends. */
export async function withStage<Result>(workers: number, use: (stage: Stage) => Promise<Result>): Promise<Result> {
  const hooks: Array<() => unknown> = [];
  const scope = { after: (hook: () => unknown): void => void hooks.unshift(hook) };
  try {
    return await use(await setUp(scope, workers));
  } finally {
    for (const hook of hooks) await hook();
  }
}

/** What a test has for this, too. */
export interface Scope {
  after(hook: () => unknown): void;
}

async function setUp(scope: Scope, count: number): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-fleet-'));
  scope.after(() => rmSync(folder, { recursive: true }));
  const names = Array.from({ length: count }, (_, i) => `worker-${i + 1}`);
  const all = ['redis', 'target', 'conductor', ...names];
  const hosts = whyNoHosts() === undefined ? await startHosts(scope, all) : undefined;
  const placeOf = (name: string): StagePlace => hosts?.[name] ?? { ...HERE, name };
  const redis = await startRedisServer(scope, { ...(hosts && { host: hosts['redis']! }) });
  const workers = names.map((name) => stagedWorker(scope, placeOf(name), redis.url));
  await Promise.all(workers.map((worker) => worker.start()));
  const conductor = placeOf('conductor');
  return {
    scope,
    redis,
    conductor,
    folder,
    workers,
    target: placeOf('target'),
    redisPlace: placeOf('redis'),
    overWorkers: (some = count) => ['--fleet', redis.url, '--fleet-workers', `${some}`],
    run(name, ...args) {
      const line = ['run', '--quiet', '--out', join(folder, name), ...args];
      return startAt(scope, conductor, [process.execPath, CONNRIG, ...line], ['ignore', 'ignore', 'inherit']);
    },
  };
}

function stagedWorker(scope: Scope, place: StagePlace, url: string): StagedWorker {
  const line = [process.execPath, CONNRIG, 'worker', '--redis', url, '--name', place.name];
  let child: ChildProcess | undefined;
  return {
    place,
    kill: () => killTree(child!.pid!),
    async start() {
      child = startAt(scope, place, line, ['ignore', 'ignore', 'pipe']);
      await untilItWaits(place, child);
    },
  };
}

/** A process and all that it started, at once. */
function killTree(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  process.kill(pid, 'SIGKILL');
  for (const child of children) killTree(child);
}

/** Starts a process there, which ends with the stage. */
export function startAt(
  scope: Scope,
  place: StagePlace,
  [program, ...args]: readonly string[],
  stdio: Array<'ignore' | 'pipe' | 'inherit'>,
): ChildProcess {
  const [first, ...rest] = place.command(program!, args);
  const child = spawn(first, rest, { stdio });
  scope.after(async () => {
    if (isOver(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([ended, delay(STOP_WITHIN_MS, undefined, { ref: false })]);
    if (!isOver(child)) child.kill('SIGKILL');
  });
  return child;
}

export const isOver = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function untilItWaits(place: StagePlace, child: ChildProcess): Promise<void> {
  let said = '';
  const signal = AbortSignal.timeout(WAITS_WITHIN_MS);
  const waits = new Promise<void>((resolve) => {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/waits for a share/.test(said)) resolve();
    });
  });
  const late = once(child, 'exit', { signal }).then(() => Promise.reject(new Error(`${place.name} ended: ${said}`)));
  await Promise.race([waits, late]);
  late.catch(() => {});
}
