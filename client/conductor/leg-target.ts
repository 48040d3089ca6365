import type { RunConfig } from '../../config/run-config.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import { socketPathsOf } from '../../core/values/urls.ts';
import type { Warn } from '../../core/values/warnings.ts';
import type { BoundedLog } from '../../files/bounded-log.ts';
import type { BuiltTarget } from '../../lab/build.ts';
import { listTree } from '../../memory/process-tree.ts';
import { readRuntimeOf } from '../../memory/runtime-kind.ts';
import type { RunDeps } from '../deps.ts';
import { finiteOrNull } from '../environment.ts';
import { attachTarget } from '../launch/attached.ts';
import { startBuiltTarget } from '../launch/built.ts';
import { startBuiltinTarget } from '../launch/builtin.ts';
import { howToCollect, withInspectorPort } from '../launch/collection.ts';
import { startCommandTarget } from '../launch/command.ts';
import type { Target } from '../launch/target.ts';
import type { LegSetup } from '../leg-setup.ts';
import { readSnapshot } from '../preflight/snapshot.ts';
import type { Recorder } from './recorder.ts';

interface TargetsGiven {
  readonly config: RunConfig;
  /** What was built for the run; undefined when it names no target of the rig's. */
  readonly built: BuiltTarget | undefined;
  readonly deps: RunDeps;
  /** What targets print, all of them. */
  readonly log: BoundedLog;
  readonly warn: Warn;
}

/** Each leg has a server of its own when we start it: what an earlier one left in the allocator would look free. */
export async function startLegTarget(
  { config, built, deps, log, warn }: TargetsGiven,
  { url, leg, destinations, ip, ips }: LegSetup,
): Promise<Target> {
  const { command, pid, exporter } = config;
  const env = howToCollect(config, 'command') === 'auto' ? withInspectorPort(deps.env) : deps.env;
  const started = { ip, log, signal: deps.signal, warn, env };
  if (built) return startBuiltTarget(built, leg, destinations, started);
  if (!url) return startBuiltinTarget(deps.self, leg, destinations, ip);
  if (command === undefined) return attachTarget(url, pid, exporter?.text);
  return startCommandTarget({ ...started, ips, command, name: command, url });
}

/** Adds to the run file what is known of a target once it is there. */
export async function noteTarget(file: RunFile, recorder: Recorder, { url, pid }: Target): Promise<void> {
  if (!file.target.urls.includes(url.text)) file.target.urls.push(url.text);
  const running =
    pid === null ? null : await readSnapshot({ targetPid: pid, ports: url.ports, socketPaths: socketPathsOf([url]) });
  if (running) file.target.descriptorLimit = finiteOrNull(running.targetFiles);
  if (pid !== null && process.platform === 'linux') {
    // Those that take connections come first: a shell or npm may have started them.
    file.target.runtime = readRuntimeOf([...(running?.targetListeners?.pids ?? []), ...listTree([pid])]) ?? null;
  }
  file.target.processes = Math.max(
    url.ports.length,
    url.family === 'unix' ? 1 : 0,
    running?.targetListeners?.pids.length ?? 0,
  );
  recorder.runFile(file);
}
