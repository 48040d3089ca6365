import { join } from 'node:path';
import { cpuUsage, memoryUsage, resourceUsage } from 'node:process';
import type { RunConfig } from '../../config/run-config.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import { isTalk } from '../../core/values/behaviour.ts';
import { RigError } from '../../core/values/errors.ts';
import { peakOf } from '../../core/values/plan.ts';
import { unmeasuredOf } from '../../core/values/unmeasured.ts';
import { BoundedLog } from '../../files/bounded-log.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import type { Tally } from '../../fleet/local/shared.ts';
import type { Trouble } from '../../fleet/worker/worker.ts';
import type { BuiltTarget } from '../../lab/build.ts';
import { type Meters, openMeters } from '../../memory/meter-set.ts';
import { watchOomKills } from '../../memory/oom-kills.ts';
import type { RunDeps } from '../deps.ts';
import { finiteOrNull } from '../environment.ts';
import { attachTarget } from '../launch/attached.ts';
import { startBuiltTarget } from '../launch/built.ts';
import { startBuiltinTarget } from '../launch/builtin.ts';
import { startCommandTarget } from '../launch/command.ts';
import { type Inspectors, inspectTarget } from '../launch/inspected.ts';
import type { Target } from '../launch/target.ts';
import type { LegSetup } from '../leg-setup.ts';
import { readSnapshot } from '../preflight/snapshot.ts';
import { ProgressMeter } from '../progress.ts';
import { Acceptance } from './acceptance.ts';
import { byCircumstances } from './error-hints.ts';
import { countsOf, fleetCapacity, LegWalk } from './leg-walk.ts';
import { lossWarning } from './losses.ts';
import type { Recorder } from './recorder.ts';
import { interrupted } from './watch.ts';

const TICK_MS = 200;
/** Nobody waits for a close, so many may be under way: peers then get through more of them each time they wake. */
const CLOSE_WINDOW = 4096;
/** An orderly close that takes longer is cut short. */
const CLOSE_TIMEOUT_MS = 5000;

interface LegsGiven {
  readonly config: RunConfig;
  /** What was built for it; undefined when it names no target of the rig's. */
  readonly built: BuiltTarget | undefined;
  readonly setups: readonly LegSetup[];
  /** A leg anew, for another address of its host; recorded. @throws RigError where it can't fit there */
  readonly setUpAgain: (setup: LegSetup, ip: string) => Promise<LegSetup>;
  readonly deps: RunDeps;
  readonly recorder: Recorder;
  /** The run file as it stands; what is learnt about the target is added to it. */
  readonly file: RunFile;
  readonly elapsedMs: () => number;
  readonly warn: (text: string) => void;
}

interface LegsContext extends LegsGiven {
  /** What targets print, all of them. */
  readonly log: BoundedLog;
}

/**
 * Every launch of the plan, and in it every leg, one after the other, each with its target and its fleet.
 *
 * @returns why the first leg that has no result has none; the others are walked all the same
 * @throws RigError what ended the run early
 */
export async function walkLegs(given: LegsGiven): Promise<RigError | undefined> {
  const onCut = (): void =>
    given.warn('the target prints a lot: target.log keeps the first and the last of it, and says how much is left out');
  const context = { ...given, log: new BoundedLog(join(given.recorder.folder, 'target.log'), { onCut }) };
  let first: RigError | undefined;
  for (let launch = 0; launch < context.config.plan.launches; launch++) {
    const unmeasured = await walkLaunch(context, launch);
    first ??= unmeasured;
  }
  return first;
}

async function walkLaunch(context: LegsContext, launch: number): Promise<RigError | undefined> {
  let first: RigError | undefined;
  const { config, setups, deps, recorder, elapsedMs } = context;
  for (const planned of setups) {
    if (deps.signal.aborted) throw interrupted();
    const target = await targetFor(context, planned);
    let inspectors: Inspectors | undefined;
    let hasDrained = false;
    try {
      const { ip = planned.ip } = target;
      const setup = ip === planned.ip ? planned : await context.setUpAgain(planned, ip);
      inspectors = await inspectTarget(config.inspect ?? [], target, deps.signal);
      await noteTarget(context, target);
      const unmeasured = await walkLeg(context, setup, target, inspectors, launch);
      first ??= unmeasured;
      hasDrained = true;
    } catch (error) {
      const { ip = planned.ip, url, pid } = target;
      const { local, leg } = planned;
      throw await byCircumstances(error, { url, ip, local, pid, connections: peakOf(leg) });
    } finally {
      const text = target.death() === undefined ? '' : target.lastOutput();
      if (text !== '') recorder.event({ type: 'target-output', elapsedMs: elapsedMs(), text });
      await inspectors?.close();
      await target.stop(hasDrained);
    }
  }
  return first;
}

/** Each leg has a server of its own when we start it: what an earlier one left in the allocator would look free. */
async function targetFor(context: LegsContext, { url, leg, destinations, ip, ips }: LegSetup): Promise<Target> {
  const { config, built, deps, log, warn } = context;
  const { command, pid, exporter } = config;
  const started = { ip, log, signal: deps.signal, warn };
  if (built) return startBuiltTarget(built, leg.protocol, destinations, started);
  if (!url) return startBuiltinTarget(deps.self, leg.protocol, destinations, config.perMessageDeflate !== 'off');
  if (command === undefined) return attachTarget(url, pid, exporter?.text);
  return startCommandTarget({ ...started, ips, command, name: command, url });
}

async function noteTarget({ file, recorder }: LegsContext, { url, pid }: Target): Promise<void> {
  if (!file.target.urls.includes(url.text)) file.target.urls.push(url.text);
  const running = pid === null ? null : await readSnapshot({ targetPid: pid, ports: url.ports });
  if (running) file.target.descriptorLimit = finiteOrNull(running.targetFiles);
  file.target.processes = Math.max(url.ports.length, running?.targetListeners?.pids.length ?? 0);
  recorder.runFile(file);
}

async function walkLeg(
  context: LegsContext,
  setup: LegSetup,
  target: Target,
  inspectors: Inspectors,
  launch: number,
): Promise<RigError | undefined> {
  const { config, deps, recorder, elapsedMs } = context;
  const { leg, index, ip, local, layout } = setup;
  const { url } = target;
  const at = { launch, leg: index, protocol: leg.protocol };
  const troubles: Trouble[] = [];
  let defect: Error | undefined;
  const fleet = await startFleet(
    {
      layout,
      threadEntry: new URL('./fleet-thread.js', import.meta.url),
      protocol: {
        name: leg.protocol,
        path: url.path,
        hostHeader: hostHeaderOf(url),
        requestPath: config.behaviour.kind === 'request' ? config.behaviour.path : undefined,
        deflate: config.perMessageDeflate,
        sendOnOpen: config.sendOnOpen && new Uint8Array(Buffer.from(config.sendOnOpen.hex, 'hex')),
      },
      capacity: fleetCapacity(leg),
      window: config.window,
      closeWindow: CLOSE_WINDOW,
      openTimeoutMs: config.openTimeoutMs,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      destinations: url.ports.map((port) => ({ ip, port })),
      close: config.close,
      behaviour: config.behaviour,
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
    adminToken: target.adminToken ?? undefined,
    inspectors: inspectors.all,
    exporter: config.exporter && { ...config.exporter, token: config.exporterToken },
    targetIsElsewhere: !local,
    ports: local ? url.ports : [],
    ip,
    clientPid: process.pid,
  });
  const oomKills = target.pid === null ? () => undefined : await watchOomKills(target.pid);
  let stopTicking = (): void => {};
  const walk: LegWalk = new LegWalk({
    leg,
    index,
    launch,
    fleet,
    meters,
    recorder,
    elapsedMs,
    targetIsLocal: local,
    restMs: config.restMs,
    settleTimeoutMs: config.settleTimeoutMs,
    openTimeoutMs: config.openTimeoutMs,
    acceptance: new Acceptance({
      url: url.text,
      ip: withoutZone(ip),
      ports: url.ports,
      pid: target.pid,
      isLocal: local,
      meters,
    }),
    talks: isTalk(config.behaviour.kind),
    talkMs: config.talkMs,
    watched: {
      url: named(url, ip),
      planned: fleetCapacity(leg),
      signal: deps.signal,
      tally: fleet.tally,
      troubles: () => troubles,
      targetDeath: target.death,
      oomKills,
      defect: () => defect ?? recorder.failure,
      progress: () => walk.progress(),
    },
  });
  const live = { ...at, fleet, meters, state: () => walk.state };
  for (const observer of deps.observers) observer.legStarted?.(live);
  try {
    stopTicking = startTicking(context, setup, walk, { launch, fleet, meters });
    await walk.walk();
    const lost = lossWarning(leg.name, walk.progress());
    if (lost) context.warn(lost);
    return unmeasuredIn(context, leg, launch, walk);
  } finally {
    stopTicking();
    await fleet.stop();
    warnOfDeclined(fleet.tally(), context.warn);
    recorder.sample({ type: 'leg-end', elapsedMs: elapsedMs(), ...at, progress: walk.progress() });
    for (const observer of deps.observers) observer.legEnded?.();
  }
}

function unmeasuredIn({ config, file }: LegsContext, leg: Leg, launch: number, walk: LegWalk): RigError | undefined {
  const { launches } = config.plan;
  const { counts, closeReasons } = walk.progress();
  const lost = counts.closed - closeReasons['by-us'];
  const found = unmeasuredOf({ leg, launch, launches, kind: file.target.kind, holds: walk.holds, lost });
  return found && new RigError(found.code, found.message, { hint: found.hint });
}

/** A few times a second: a sample for the record, progress for the person. */
function startTicking(
  context: LegsContext,
  setup: LegSetup,
  walk: LegWalk,
  { launch, fleet, meters }: { launch: number; fleet: Fleet; meters: Meters },
): () => void {
  const { config, deps, recorder, elapsedMs } = context;
  const { leg, index } = setup;
  const progress = new ProgressMeter(config.plan, launch, index);
  const tick = (): void => {
    const tally = fleet.tally();
    const counts = countsOf(tally);
    const { targetBytes } = meters.readQuick();
    const { user, system } = cpuUsage();
    recorder.sample({
      type: 'tick',
      elapsedMs: elapsedMs(),
      launch,
      leg: index,
      protocol: leg.protocol,
      ...walk.state,
      counts,
      outcomes: tally.outcomes,
      targetBytes,
      generatorRssBytes: ownRssBytes(),
      generatorCpuSeconds: (user + system) / 1e6,
    });
    deps.onProgress(progress.at(elapsedMs(), walk.state, counts, targetBytes));
  };
  tick();
  const timer = setInterval(tick, TICK_MS);
  return () => {
    clearInterval(timer);
    tick();
  };
}

/** Else what it measured would pass for the cost of compression. */
function warnOfDeclined({ declined, outcomes }: Tally, warn: (text: string) => void): void {
  if (declined === 0) return;
  const whose = declined === outcomes.open ? 'every connection' : `${declined} of ${outcomes.open} connections`;
  warn(`the server declined permessage-deflate on ${whose}: what compression costs there wasn't measured`);
}

/** Asking takes a file descriptor; when none is left, the peak, which takes none, stands in. */
function ownRssBytes(): number {
  try {
    return memoryUsage.rss();
  } catch {
    return resourceUsage().maxRSS * 1024;
  }
}

/** Where a name has led to. */
const named = ({ host, text }: Target['url'], ip: string): string => (host === ip ? text : `${text} (${ip})`);

/** A zone is this machine's own affair (RFC 6874). */
const withoutZone = (ip: string): string => ip.replace(/%.*/, '');

function hostHeaderOf({ host, ports }: Target['url']): string {
  return `${host.includes(':') ? `[${withoutZone(host)}]` : host}:${ports[0]}`;
}
