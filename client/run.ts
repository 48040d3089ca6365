import { cpuUsage, memoryUsage } from 'node:process';
import { RigError } from '../core/errors.ts';
import { type ExitCode, EXIT, exitCodeOf } from '../core/errors.ts';
import type { Leg, Phase } from '../core/plan.ts';
import { RECORD_SCHEMA, type RunFile } from '../core/record.ts';
import type { TargetUrl } from '../core/urls.ts';
import { openMeters } from '../memory/meter-set.ts';
import { LegWalk, countsOf, fleetCapacity } from './conductor/leg.ts';
import { defaultFolder, openRecorder, type Recorder } from './conductor/recorder.ts';
import { interrupted } from './conductor/watch.ts';
import type { RunConfig } from './config/run-config.ts';
import { describeEnvironment, isOurs, resolveHost } from './environment.ts';
import { startFleet } from './fleet/fleet.ts';
import type { Trouble } from './fleet/worker.ts';
import { checkPlan } from './preflight/check-plan.ts';
import { ProgressMeter, type Progress } from './progress.ts';
import { attachTarget } from './target/attached.ts';
import { startBuiltinTarget } from './target/builtin.ts';
import type { Target } from './target/target.ts';

const TICK_MS = 200;
/** An orderly close that takes longer is cut short. */
const CLOSE_TIMEOUT_MS = 5000;

/** What enters a run from outside: a run inside a test gets its own. */
export interface RunDeps {
  /** How this very program is started, for the reference server's process. */
  readonly self: readonly string[];
  /** Aborted when the person wants the run to end. */
  readonly signal: AbortSignal;
  readonly version: string;
  readonly wallClock: () => Date;
  readonly onProgress: (progress: Progress) => void;
  readonly onNotice: (text: string) => void;
}

export interface RunResult {
  readonly folder: string;
  readonly exitCode: ExitCode;
  /** Why the run ended early; undefined when it went all the way. */
  readonly error: unknown;
}

/**
 * Carries out a run: every leg of the plan, recorded as it goes. Whatever happens after the folder is there, the
 * folder tells it.
 *
 * @throws RigError EOUT when there is no folder to record into; everything else is in the result
 */
export async function run(config: RunConfig, deps: RunDeps): Promise<RunResult> {
  const startedAt = deps.wallClock();
  const name = config.name ?? (config.urls.length === 0 ? 'builtin' : config.plan.legs.map((leg) => leg.protocol).join('-'));
  const recorder = openRecorder(config.out ?? defaultFolder(startedAt, name));
  const startedAtMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedAtMs;
  const file = await openingRunFile(name, startedAt, config, deps);
  recorder.runFile(file);

  let error: unknown;
  try {
    await walkLegs(config, deps, recorder, file, elapsedMs);
  } catch (thrown) {
    error = thrown;
    const { code, message, hint } = asRigError(thrown);
    recorder.event({ type: 'error', elapsedMs: elapsedMs(), code, message, hint });
  }
  const exitCode = error === undefined ? EXIT.done : exitCodeOf(error);
  file.status = exitCode === EXIT.done ? 'passed' : exitCode === EXIT.interrupted ? 'interrupted' : 'failed';
  file.exitCode = exitCode;
  file.finishedAt = deps.wallClock().toISOString();
  recorder.runFile(file);
  recorder.close();
  return { folder: recorder.folder, exitCode, error };
}

async function openingRunFile(name: string, startedAt: Date, config: RunConfig, deps: RunDeps): Promise<RunFile> {
  const { plan, urls, ...settings } = config;
  return {
    schema: RECORD_SCHEMA,
    name,
    startedAt: startedAt.toISOString(),
    finishedAt: null,
    status: 'running',
    exitCode: null,
    config: { ...settings, urls: urls.map(({ text }) => text) },
    plan: { legs: plan.legs.map((leg) => ({ ...leg, levels: [...leg.levels] })) },
    environment: await describeEnvironment(deps.version),
    target: {
      kind: urls.length === 0 ? 'builtin' : config.pid === undefined ? 'url' : 'pid',
      name: urls.length === 0 ? 'connrig reference server' : urls.map(({ text }) => text).join(' '),
      urls: urls.map(({ text }) => text),
      pid: config.pid ?? null,
      descriptorLimit: null,
      processes: null,
    },
    generator: { engine: 'node', workers: config.workers ?? defaultWorkers(), sources: [...(config.sources ?? [])], destinations: 1 },
  };
}

async function walkLegs(
  config: RunConfig,
  deps: RunDeps,
  recorder: Recorder,
  file: RunFile,
  elapsedMs: () => number,
): Promise<void> {
  const ips = new Map<TargetUrl, string>();
  for (const url of config.urls) ips.set(url, await resolveHost(url));
  for (const text of await checkPlan(config, ips, file)) {
    deps.onNotice(text);
    recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text });
  }
  for (const [index, leg] of config.plan.legs.entries()) {
    if (deps.signal.aborted) throw interrupted();
    // Each leg has a server of its own when it is ours: what an earlier one left in the allocator would look free.
    const url = config.urls[index];
    const target = url ? attachTarget(url, config.pid) : await startBuiltinTarget(deps.self, leg.protocol);
    try {
      const ip = ips.get(target.url) ?? (await resolveHost(target.url));
      if (!file.target.urls.includes(target.url.text)) file.target.urls.push(target.url.text);
      recorder.runFile(file);
      await walkLeg({ leg, index, ip, target, config, deps, recorder, elapsedMs, file });
    } finally {
      await target.stop();
      const text = target.death() === undefined ? '' : target.lastOutput();
      if (text !== '') recorder.event({ type: 'target-output', elapsedMs: elapsedMs(), text });
    }
  }
}

interface LegRun {
  readonly leg: Leg;
  readonly index: number;
  readonly ip: string;
  readonly target: Target;
  readonly config: RunConfig;
  readonly deps: RunDeps;
  readonly recorder: Recorder;
  readonly elapsedMs: () => number;
  readonly file: RunFile;
}

async function walkLeg(run: LegRun): Promise<void> {
  const { leg, index, ip, target, config, deps, recorder, elapsedMs, file } = run;
  const { url } = target;
  const at = { leg: index, protocol: leg.protocol };
  const troubles: Trouble[] = [];
  let defect: Error | undefined;
  const fleet = await startFleet(
    {
      engine: 'node',
      protocol: { name: leg.protocol, path: url.path, host: url.host, port: url.ports[0]! },
      workers: file.generator.workers,
      capacity: fleetCapacity(leg),
      window: config.window,
      openTimeoutMs: config.openTimeoutMs,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      destinations: url.ports.map((port) => ({ ip, port })),
      sources: config.sources ?? [],
    },
    (trouble) => {
      troubles.push(trouble);
      recorder.event({ type: 'trouble', elapsedMs: elapsedMs(), ...at, ...trouble });
    },
    (error) => {
      defect ??= error;
    },
  );
  const meters = openMeters({
    pids: target.pid === null ? [] : [target.pid],
    adminUrl: target.adminUrl ?? undefined,
    ports: isOurs(ip) ? url.ports : [],
    clientPid: process.pid,
  });
  const meter = new ProgressMeter(config.plan, index);
  const walk = new LegWalk({
    leg,
    index,
    fleet,
    meters,
    recorder,
    settleTimeoutMs: config.settleTimeoutMs,
    elapsedMs,
    watched: {
      url: url.text,
      planned: fleetCapacity(leg),
      signal: deps.signal,
      tally: fleet.tally,
      troubles: () => troubles,
      targetDeath: target.death,
      defect: () => defect,
    },
    onPhase: () => tick(),
  });
  const tick = (): void => {
    const counts = countsOf(fleet.tally());
    const { phase, level } = walk.state;
    const { targetBytes } = meters.readQuick();
    const cpu = cpuUsage();
    recorder.sample({
      type: 'tick',
      elapsedMs: elapsedMs(),
      ...at,
      phase,
      level,
      counts,
      targetBytes,
      generatorRssBytes: memoryUsage.rss(),
      generatorCpuSeconds: (cpu.user + cpu.system) / 1e6,
    });
    deps.onProgress(meter.at(elapsedMs(), walk.state, counts, targetBytes));
  };
  const ticking = setInterval(tick, TICK_MS);
  try {
    await walk.walk();
  } finally {
    clearInterval(ticking);
    await fleet.stop();
    recorder.sample({ type: 'leg-end', elapsedMs: elapsedMs(), ...at, progress: walk.progress() });
  }
}

/** On a machine that also runs the server, one core is left to it. */
function defaultWorkers(): number {
  return 1;
}

function asRigError(error: unknown): RigError {
  if (error instanceof RigError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RigError('EDEFECT', message, { hint: 'please report this with the run folder', cause: error });
}
export type { Phase };
