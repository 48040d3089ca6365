import { EXIT, type ExitCode, exitCodeOf, RigError } from '../core/errors.ts';
import { RECORD_SCHEMA, type RunFile } from '../core/record.ts';
import { walkLegs } from './conductor/legs.ts';
import { defaultFolder, openRecorder } from './conductor/recorder.ts';
import type { RunConfig } from './config/run-config.ts';
import type { RunDeps } from './deps.ts';
import { describeEnvironment, resolveHost } from './environment.ts';
import { checkPlan } from './preflight/check-plan.ts';
import { readSnapshot, type Snapshot } from './preflight/snapshot.ts';

export interface RunResult {
  readonly folder: string;
  readonly exitCode: ExitCode;
  /** Why the run ended early; undefined when it went all the way. */
  readonly error: unknown;
}

/**
 * Carries out a run: every leg of the plan, recorded as it goes. Whatever happens once the folder is there, the
 * folder tells it.
 *
 * @throws RigError EOUT when there is no folder to record into, or its last word can't be written; everything else is in
 * the result
 */
export async function run(config: RunConfig, deps: RunDeps): Promise<RunResult> {
  const startedAt = deps.wallClock();
  const startedAtMs = performance.now();
  const name =
    config.name ?? (config.urls.length === 0 ? 'builtin' : config.plan.legs.map((leg) => leg.protocol).join('-'));
  const recorder = openRecorder(config.out ?? defaultFolder(startedAt, name));
  try {
    const elapsedMs = (): number => performance.now() - startedAtMs;
    const limits = await readSnapshot({ targetPid: config.pid });
    const file = await openingRunFile(name, startedAt, config, deps.version, limits);
    recorder.runFile(file);

    let error: unknown;
    try {
      const ips = await Promise.all(config.urls.map(resolveHost));
      for (const text of checkPlan(config, ips, file.generator.workers, limits)) {
        deps.onNotice(text);
        recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text });
      }
      await walkLegs({ config, ips, deps, recorder, file, elapsedMs });
    } catch (thrown) {
      error = thrown;
      const { code, message, hint } = asRigError(thrown);
      recorder.event({ type: 'error', elapsedMs: elapsedMs(), code, message, hint });
    }
    error ??= recorder.failure;
    const exitCode = error === undefined ? EXIT.done : exitCodeOf(error);
    const status = exitCode === EXIT.done ? 'passed' : exitCode === EXIT.interrupted ? 'interrupted' : 'failed';
    recorder.runFile({ ...file, status, exitCode, finishedAt: deps.wallClock().toISOString() });
    if (error === undefined && recorder.failure) throw recorder.failure;
    return { folder: recorder.folder, exitCode, error };
  } finally {
    recorder.close();
  }
}

async function openingRunFile(
  name: string,
  startedAt: Date,
  config: RunConfig,
  version: string,
  limits: Snapshot,
): Promise<RunFile> {
  const { plan, urls, ...settings } = config;
  const texts = urls.map(({ text }) => text);
  return {
    schema: RECORD_SCHEMA,
    name,
    startedAt: startedAt.toISOString(),
    finishedAt: null,
    status: 'running',
    exitCode: null,
    config: { ...settings, urls: texts },
    plan: { legs: plan.legs.map((leg) => ({ ...leg, levels: [...leg.levels] })) },
    environment: await describeEnvironment(version, limits),
    target: {
      kind: urls.length === 0 ? 'builtin' : config.pid === undefined ? 'url' : 'pid',
      name: urls.length === 0 ? 'connrig reference server' : texts.join(' '),
      urls: texts,
      pid: config.pid ?? null,
      descriptorLimit: null,
      processes: null,
    },
    generator: {
      engine: 'node',
      // On a machine that also runs the server one core is the server's.
      workers: config.workers ?? Math.max(1, limits.cores - 1),
      sources: [...(config.sources ?? [])],
      destinations: Math.max(1, ...urls.map(({ ports }) => ports.length)),
    },
  };
}

function asRigError(error: unknown): RigError {
  if (error instanceof RigError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RigError('EDEFECT', message, { hint: 'please report this with the run folder', cause: error });
}
