import { join } from 'node:path';
import { canStartAnew, type RunConfig } from '../../config/run-config.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { RigError } from '../../core/values/errors.ts';
import { peakOf } from '../../core/values/plan.ts';
import { RUNTIMES, type RuntimeKind, type RuntimeTraits } from '../../core/values/runtimes.ts';
import { toWarning, type Warn } from '../../core/values/warnings.ts';
import { BoundedLog } from '../../files/bounded-log.ts';
import type { BuiltTarget } from '../../lab/build.ts';
import type { RunDeps } from '../deps.ts';
import { AttendedTarget } from '../launch/attended.ts';
import type { LegSetup } from '../leg-setup.ts';
import { shakeHands } from '../preflight/shake-hands.ts';
import { securingOf } from '../securing.ts';
import type { BegunSoak } from './begun-soak.ts';
import { byCircumstances } from './error-hints.ts';
import { noteTarget, startLegTarget } from './leg-target.ts';
import type { Recorder } from './recorder.ts';
import { walkLeg } from './walk-leg.ts';
import { interrupted } from './watch.ts';

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
  readonly warn: Warn;
  /** The soak that is gone on with: what came before it is done. */
  readonly begun: BegunSoak | undefined;
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
  const onCut = (): void => given.warn(toWarning('WOUTPUT'));
  const context = { ...given, log: new BoundedLog(join(given.recorder.folder, 'target.log'), { onCut }) };
  const { config, file, recorder, deps } = context;
  let first: RigError | undefined;
  for (let launch = given.begun?.launch ?? 0; ; launch++) {
    const unmeasured = await walkLaunch(context, launch);
    first ??= unmeasured;
    if (launch + 1 < config.plan.launches) continue;
    const question = first ? null : (deps.openQuestion?.(recorder.folder) ?? null);
    if (question === null) return first;
    if (launch + 1 >= mostLaunches(config)) {
      if (config.precisionPercent !== undefined) given.warn(toWarning('WOPEN', { question, launches: launch + 1 }));
      return first;
    }
    deps.onNotice(`launch ${launch + 2} of at most ${config.maxLaunches}: ${question}`);
    file.plan.launches = launch + 2;
    recorder.runFile(file);
  }
}

/** A target that was there before the run can't be started anew. */
const mostLaunches = (config: RunConfig): number =>
  canStartAnew(config) ? Math.max(config.maxLaunches, config.plan.launches) : 1;

async function walkLaunch(context: LegsContext, launch: number): Promise<RigError | undefined> {
  let first: RigError | undefined;
  const { config, setups, deps, recorder, elapsedMs, begun } = context;
  for (const planned of launch === begun?.launch ? setups.slice(begun.leg) : setups) {
    if (deps.signal.aborted) throw interrupted();
    const target = await startLegTarget(context, planned);
    const attended = new AttendedTarget(target, { config, signal: deps.signal, warn: context.warn });
    let hasDrained = false;
    try {
      const { ip = planned.ip } = target;
      const setup = ip === planned.ip ? planned : await context.setUpAgain(planned, ip);
      const securing = securingOf(config, setup, target);
      // Where it was there before the run, that has been tried.
      if (securing && canStartAnew(config)) await shakeHands(securing, target.url, ip, config.fleet !== undefined);
      await attended.lookInto();
      await noteTarget(context.file, recorder, target);
      const { runtime } = context.file.target;
      if (config.collect === undefined && target.kind === 'pid' && attended.process.inspectors.length === 0)
        adviseOn(runtime, context.warn);
      const unmeasured = await walkLeg(context, setup, attended, launch);
      first ??= unmeasured;
      hasDrained = true;
    } catch (error) {
      const { ip = planned.ip, url, pid, kind } = attended.target;
      const { local, leg } = planned;
      const isLogged = kind === 'command';
      throw await byCircumstances(error, { url, ip, local, pid, connections: peakOf(leg), isLogged });
    } finally {
      const text = attended.death() === undefined ? '' : attended.target.lastOutput();
      if (text !== '') recorder.event({ type: 'target-output', elapsedMs: elapsedMs(), text });
      await attended.stop(hasDrained);
    }
  }
  return first;
}

function adviseOn(runtime: RuntimeKind | null, warn: Warn): void {
  const traits: RuntimeTraits | undefined = runtime === null ? undefined : RUNTIMES[runtime];
  if (!traits?.collection) return;
  const { noun, collection, remedy } = traits;
  warn(toWarning('WGARBAGE', { noun, how: collection.how, perturbs: collection.perturbs, remedy: remedy ?? '' }));
}
