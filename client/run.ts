import { join } from 'node:path';
import { baselineWarnings } from '../config/baseline.ts';
import { canStartAnew, type RunConfig } from '../config/run-config.ts';
import type { RunFile } from '../core/schemas/record.ts';
import { EXIT, type ExitCode, exitCodeOf, RigError } from '../core/values/errors.ts';
import { redactText } from '../core/values/secrets.ts';
import { systemError } from '../core/values/system-errors.ts';
import { socketPathsOf } from '../core/values/urls.ts';
import { toWarning, type Warn } from '../core/values/warnings.ts';
import { BoundedLog } from '../files/bounded-log.ts';
import { type BuiltTarget, buildTarget } from '../lab/build.ts';
import type { TargetSource } from '../lab/catalogue.ts';
import { askExporter } from './ask-exporter.ts';
import { chooseDrive } from './choose-engine.ts';
import { type BegunSoak, findBegunSoak, goingOnNotice, orToGoOnWith } from './conductor/begun-soak.ts';
import { discreet, secretsOf } from './conductor/discreet-recorder.ts';
import { defaultFolder, openRecorder } from './conductor/recorder.ts';
import { walkLegs } from './conductor/walk-legs.ts';
import type { RunDeps } from './deps.ts';
import { isOurs } from './environment.ts';
import { exporterOf } from './exporter-source.ts';
import { AT_SOCKET, type LegSetup, type Place, setUpLeg, setUpLegs } from './leg-setup.ts';
import { observed } from './observer.ts';
import { checkFleet } from './preflight/check-fleet.ts';
import { checkPlan } from './preflight/check-plan.ts';
import { whereItListens } from './preflight/listeners.ts';
import { checkSocket } from './preflight/look-at-socket.ts';
import { shakeHands } from './preflight/shake-hands.ts';
import { readSnapshot } from './preflight/snapshot.ts';
import { goneOnRunFile, openingRunFile, recordedConfig } from './run-file.ts';
import { securingOf } from './securing.ts';
import { chooseAddress, resolveHost } from './target-address.ts';

export interface RunResult {
  readonly folder: string;
  readonly exitCode: ExitCode;
  /** Why the run ended early, or has no result; undefined when it went all the way. */
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
  const name = config.name ?? defaultName(config);
  const begun =
    config.soakMs === undefined || config.out === undefined
      ? undefined
      : findBegunSoak(config.out, recordedConfig(config));
  const folder = openRecorder(config.out ?? defaultFolder(startedAt, name), begun !== undefined);
  const startedAtMs = performance.now() - (begun ? passedMs(begun, startedAt) : 0);
  const secrets = secretsOf(config);
  const recorder = discreet(observed(folder, deps.observers), secrets);
  try {
    const elapsedMs = (): number => performance.now() - startedAtMs;
    const warn: Warn = ({ code, text }) => {
      deps.onNotice(redactText(text, secrets));
      recorder.event({ type: 'warning', elapsedMs: elapsedMs(), text, code });
    };
    const ports = config.urls.flatMap((url) => url.ports);
    const limits = await readSnapshot({ ports, socketPaths: socketPathsOf(config.urls), targetPid: config.pid });
    const file = begun
      ? goneOnRunFile(begun.file)
      : await openingRunFile(name, startedAt, config, deps.version, limits);
    recorder.runFile(file);
    if (begun) {
      const { launch, leg, segment } = begun;
      const { protocol } = config.plan.legs[leg]!;
      deps.onNotice(goingOnNotice(begun));
      recorder.event({ type: 'gone-on', elapsedMs: elapsedMs(), launch, leg, protocol, segment });
    }
    // Not even this fits: nothing could tell how the run went.
    if (recorder.failure) throw recorder.failure;

    let error: unknown;
    const failWith = (reason: unknown): void => {
      error = reason;
      const { code, message, hint } = asRigError(reason);
      recorder.event({ type: 'error', elapsedMs: elapsedMs(), code, message, hint });
    };
    try {
      const drive = await chooseDrive(config, limits.filesHard, warn);
      const places = await findPlaces(config, warn);
      const setups = setUpLegs(config, places, drive, limits);
      file.generator = { ...file.generator, engine: drive.engine, legs: setups.map(recordOf) };
      recorder.runFile(file);
      for (const warning of await checkPlan(setups, limits, config)) warn(warning);
      await checkFleet(setups, config, deps);
      for (const warning of config.baseline ? baselineWarnings(config.baseline, config.plan) : []) warn(warning);
      for (const setup of setups) await tryTls(config, setup);
      // One that is started anew isn't there yet.
      if (config.command === undefined) for (const url of config.urls) await checkSocket(url);
      const built = config.target && (await build(config.target, recorder.folder, deps));
      if (built) file.target.built = recordOfBuilt(built);
      const exporter = exporterOf(config);
      if (exporter) await askExporter(exporter, warn);
      const setUpAgain = async ({ index, ips }: LegSetup, ip: string): Promise<LegSetup> => {
        const setup = setUpLeg(config, index, { ip, ips }, drive, limits);
        file.generator.legs[index] = recordOf(setup);
        for (const warning of await checkPlan([setup], limits, config)) warn(warning);
        return setup;
      };
      const given = { config, built, setups, setUpAgain, deps, recorder, file, elapsedMs, warn, begun };
      const unmeasured = await walkLegs(given);
      if (unmeasured) failWith(unmeasured);
    } catch (thrown) {
      failWith(orToGoOnWith(systemError(thrown) ?? thrown, recorder.folder));
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

/** Since the run began, whatever a clock was set to meanwhile. */
const passedMs = ({ file, elapsedMs }: BegunSoak, now: Date): number =>
  Math.max(elapsedMs, now.getTime() - Date.parse(file.startedAt));

/** For each URL the addresses of its host, and which of them to connect to. */
async function findPlaces({ urls, pid, command }: RunConfig, warn: Warn): Promise<Place[]> {
  const all = await Promise.all(urls.map((url) => (url.family === 'unix' ? [] : resolveHost(url))));
  const listening = pid === undefined ? undefined : await whereItListens(pid);
  const places: Place[] = [];
  for (const [index, url] of urls.entries()) {
    const ips = all[index]!;
    if (url.family === 'unix') places.push(AT_SOCKET);
    else if (command === undefined) {
      const { ip, why } = await chooseAddress(url, ips, listening);
      if (why !== undefined) warn(toWarning('WADDRESS', { url: url.text, why }));
      places.push({ ip, ips });
    } else {
      // It isn't there yet, and is going to be on this machine; nowhere is more room than at 127.0.0.1.
      const own = ips.some(isOurs) ? ips.filter(isOurs) : ips;
      places.push({ ip: own.find((ip) => ip.startsWith('127.')) ?? own[0]!, ips: own });
    }
  }
  return places;
}

/** Only a target that is there already can be tried before anything starts. */
async function tryTls(config: RunConfig, { url, ip, ...setup }: LegSetup): Promise<void> {
  const securing = url && !canStartAnew(config) ? securingOf(config, setup, { url }) : undefined;
  if (securing) await shakeHands(securing, url!, ip, config.fleet !== undefined);
}

/** What a run is called that nobody has named. */
export function defaultName({ target, urls, plan }: RunConfig): string {
  if (target) return target.manifest.name;
  return urls.length === 0 ? 'builtin' : plan.legs.map(({ name }) => name).join('-');
}

/** What the build prints is in `build.log`, if it prints anything. */
function build(source: TargetSource, folder: string, { env, signal, onNotice }: RunDeps): Promise<BuiltTarget> {
  const onCut = (): void => onNotice('the build prints a lot: build.log keeps the first and the last of it');
  const log = new BoundedLog(join(folder, 'build.log'), { onCut });
  let isTold = false;
  return buildTarget(source, {
    env,
    signal,
    onOutput(text) {
      if (!isTold) onNotice(`building ${source.manifest.name}`);
      isTold = true;
      log.append(text);
    },
  });
}

const recordOfBuilt = ({ source, tools, deployed }: BuiltTarget): NonNullable<RunFile['target']['built']> => ({
  name: source.manifest.name,
  language: source.manifest.language,
  what: source.manifest.what,
  tools: tools.map(({ name, version, said }) => ({ name, version, said })),
  deployedBytes: deployed.bytes,
});

const recordOf = ({
  leg,
  layout,
  destinations,
  local,
  ip,
  securedBy,
}: LegSetup): RunFile['generator']['legs'][number] => ({
  workers: layout.workers,
  ownTables: layout.ownTables,
  sources: [...layout.sources],
  destinations,
  targetIsLocal: local,
  securedBy: leg.tls ? securedBy : null,
  ...(ip !== '' && { ip }),
});

function asRigError(error: unknown): RigError {
  if (error instanceof RigError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RigError('EDEFECT', message, { hint: 'please report this with the run folder', cause: error });
}
