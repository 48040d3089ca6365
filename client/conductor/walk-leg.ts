import { isPaceOpen, type RunConfig } from '../../config/run-config.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import { RigError } from '../../core/values/errors.ts';
import { lostIn } from '../../core/values/outcomes.ts';
import { unmeasuredOf } from '../../core/values/unmeasured.ts';
import { toWarning, type Warn } from '../../core/values/warnings.ts';
import type { SlowEnds } from '../../fleet/behaviours/behaviour.ts';
import type { RemoteEvents } from '../../fleet/remote/remote-plan.ts';
import type { Trouble } from '../../fleet/wire.ts';
import { openMeters } from '../../memory/meter-set.ts';
import type { RunDeps } from '../deps.ts';
import { exporterOf } from '../exporter-source.ts';
import type { AttendedTarget } from '../launch/attended.ts';
import type { Target } from '../launch/target.ts';
import type { LegSetup } from '../leg-setup.ts';
import { withoutZone } from '../securing.ts';
import { Acceptance } from './acceptance.ts';
import type { BegunSoak } from './begun-soak.ts';
import { followCost, isPreciseBy } from './cost-so-far.ts';
import { followMeters } from './following-meters.ts';
import { fleetCapacity, segmentOf, shareStatesOf } from './leg-course.ts';
import { startLegFleet } from './leg-fleet.ts';
import { LegWalk } from './leg-walk.ts';
import { lossWarning } from './losses.ts';
import { MemoryGuard } from './memory-guard.ts';
import type { Recorder } from './recorder.ts';
import { startTicking } from './ticking.ts';

interface LegGiven {
  readonly config: RunConfig;
  readonly deps: RunDeps;
  readonly recorder: Recorder;
  readonly file: RunFile;
  readonly elapsedMs: () => number;
  readonly warn: Warn;
  /** In which leg of which launch a soak is gone on with. */
  readonly begun?: BegunSoak | undefined;
}

/**
 * One leg in one launch: its fleet and its meters are there for as long as it takes.
 *
 * @returns why it has no result, if it has none
 * @throws RigError what ended it early
 */
export async function walkLeg(
  { config, deps, recorder, file, elapsedMs, warn, begun }: LegGiven,
  setup: LegSetup,
  attended: AttendedTarget,
  launch: number,
): Promise<RigError | undefined> {
  const { leg, index, ip, local } = setup;
  const { target } = attended;
  const { url } = target;
  const recorded = file.plan.legs[index]!;
  const goingOn = begun?.launch === launch && begun.leg === index ? begun : undefined;
  const at = { launch, leg: index, protocol: leg.protocol, ...segmentOf(goingOn) };
  const troubles: Trouble[] = [];
  const slowEnds: SlowEnds[] = [];
  let defect: Error | undefined;
  const noteTrouble = (trouble: Trouble): void => {
    troubles.push(trouble);
    recorder.event({ type: 'trouble', elapsedMs: elapsedMs(), ...at, ...trouble });
  };
  const fleetEvents: RemoteEvents = {
    onTrouble: noteTrouble,
    onAgreed: (agreement) => recorder.event({ type: 'agreed', elapsedMs: elapsedMs(), ...at, agreement }),
    onSlow: (ends) => void slowEnds.push(...ends),
    onDefect: (error) => {
      defect ??= error;
    },
    onPlaced: (shares) => {
      file.generator.legs[index]!.shares = [...shares];
      recorder.runFile(file);
    },
    onForeign: (what) => warn(toWarning('WFLEETFOREIGN', { what, isSigned: config.fleetToken !== undefined })),
    onRedisBack: (back) => {
      recorder.event({ type: 'redis-back', elapsedMs: elapsedMs(), ...at, ...back });
      if (back.isEmpty) warn(toWarning('WREDIS', back));
    },
    onMoved: (moved) => {
      recorder.event({ type: 'share-moved', elapsedMs: elapsedMs(), ...at, ...moved });
      warn(toWarning('WSHARE', moved));
    },
    onBehind: (behind) => {
      recorder.event({ type: 'share-behind', elapsedMs: elapsedMs(), ...at, ...behind });
      warn(toWarning('WBEHIND', behind));
    },
    onWarning: warn,
  };
  const fleet = await startLegFleet(config, setup, target, fleetEvents, deps);
  const meters = followMeters(
    () => attended.process,
    ({ pid, inspectors, forced }) =>
      openMeters({
        pids: pid === null ? [] : [pid],
        adminUrl: target.adminUrl ?? undefined,
        adminToken: target.adminToken ?? undefined,
        inspectors,
        forced,
        exporter: exporterOf(config),
        targetIsElsewhere: !local,
        ports: url.ports,
        ip: ip === '' ? undefined : ip,
        socketPath: url.socketPath,
        clientPid: process.pid,
      }),
  );
  let stopTicking = (): void => {};
  const costSoFar = followCost(
    () => walk.points,
    (points) => deps.costSoFar?.(file, points, index) ?? null,
  );
  const guard = new MemoryGuard({
    url: url.text,
    // What slow readers are sent may grow without a bound. For others capacity is planned by it, and a run may pass it.
    limitBytes: config.endsAboveBytes ?? (leg.behaviour.kind === 'slow' ? config.memoryLimitBytes : undefined),
    tally: fleet.tally,
  });
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
      socketPath: url.socketPath,
      pid: target.pid,
      isLocal: local,
      isOfFleet: config.fleet !== undefined,
      meters,
    }),
    talkMs: config.talkMs,
    endsAreHere: local || config.fleet === undefined,
    slowForMs: config.slowForMs,
    slowEnds: () => slowEnds,
    brief: config.brief,
    ports: local ? url.ports : [],
    restart: config.restart && {
      attended,
      plan: config.restart,
      ip: withoutZone(ip),
      ports: url.ports,
      socketPath: url.socketPath,
    },
    vanishForMs: config.vanishForMs,
    churnMs: config.churnMs,
    soakMs: config.soakMs,
    goingOn,
    isPrecise: () =>
      config.precisionPercent !== undefined && isPreciseBy(walk.points, costSoFar(), config.precisionPercent),
    pace: {
      perSecond: recorded.connectsPerSecond,
      isOpen: isPaceOpen(config, leg),
      isFound: launch > 0,
      found: (perSecond) => {
        recorded.connectsPerSecond = perSecond;
        recorder.runFile(file);
      },
    },
    watched: {
      url: nameAddress(url, ip),
      protocol: leg.protocol,
      planned: fleetCapacity(leg),
      signal: deps.signal,
      tally: fleet.tally,
      troubles: () => troubles,
      targetDeath: attended.death,
      oomKills: () => attended.process.oomKills(),
      defect: () => defect ?? recorder.failure,
      memory: () => guard.error,
      progress: () => walk.progress(),
      pardoned: () => walk.pardoned,
    },
  });
  const state = () => walk.state;
  const live = { ...at, name: leg.name, fleet, meters, state };
  for (const observer of deps.observers) observer.legStarted?.(live);
  try {
    const { plan } = config;
    const { onProgress } = deps;
    const { churnMs, soakMs } = config;
    const follows = { guard, elapsedMs, state, costSoFar, onProgress, goesOn: { churnMs, soakMs }, goingOn };
    stopTicking = startTicking({ plan, launch, index, fleet, meters, recorder, ...follows });
    await walk.walk();
    const lost = lossWarning(leg, walk.progress());
    if (lost) warn(lost);
    // The levels were read before it was interrupted.
    return goingOn ? undefined : unmeasuredIn(walk, setup, launch, plan.launches, file.target.kind);
  } finally {
    stopTicking();
    await fleet.stop();
    const { declined, outcomes } = fleet.tally();
    const kept = Math.max(0, ...walk.points.map(({ progress }) => progress.tls?.keptObjects ?? 0));
    if (kept > 0 && setup.securedBy === 'openssl') warn(toWarning('WTLSKEPT', { kept, open: fleetCapacity(leg) }));
    if (declined > 0) warn(toWarning('WDEFLATE', { declined, open: outcomes.open }));
    recorder.sample({
      type: 'leg-end',
      elapsedMs: elapsedMs(),
      ...at,
      ...shareStatesOf(fleet),
      progress: walk.progress(),
    });
    for (const observer of deps.observers) observer.legEnded?.();
  }
}

function unmeasuredIn(
  walk: LegWalk,
  { leg }: LegSetup,
  launch: number,
  launches: number,
  kind: RunFile['target']['kind'],
): RigError | undefined {
  const lost = lostIn(walk.progress().closeReasons);
  const found = unmeasuredOf({ leg, launch, launches, kind, holds: walk.holds, lost });
  return found && new RigError(found.code, found.message, { hint: found.hint });
}

/** Where a name has led to. */
export const nameAddress = ({ host, text }: Target['url'], ip: string): string =>
  host === ip || ip === '' ? text : `${text} (${ip})`;
