import { canStartAnew, isPaceOpen, type RunConfig } from '../config/run-config.ts';
import { type RecordedLeg, toRecordedLeg } from '../core/schemas/leg.ts';
import { defaultFolder } from './conductor/recorder.ts';
import { leastLegMs } from './least-time.ts';
import { defaultName } from './run.ts';

/** A leg with what is known of it beforehand. */
type PlannedLeg = RecordedLeg & {
  readonly leastMs: number;
  /** Connections may open faster, by what the target bears. */
  readonly isPaceOpen: boolean;
};

/** A plan as others may read it, before anything of it is carried out. */
export interface PlanOutline {
  readonly legs: ReadonlyArray<PlannedLeg>;
  /** The target is started anew for each, and all legs are walked. */
  readonly launches: number;
  /** How many there may be, where more are made for want of an answer. */
  readonly mostLaunches: number;
  readonly restMs: number;
  /** For how long round trips are counted at each level, where connections talk. */
  readonly talkMs: number;
  /** For how long connections are replaced at each level, where they are; for how long the top level goes on, or null. */
  readonly churnMs: number;
  readonly soakMs: number | null;
  /** All launches together: ramps, rests and what is waited for in any case. Readings, and a target's own time, come on top. */
  readonly leastMs: number;
  /** Where the record would go. */
  readonly folder: string;
  /** What a run finds out when it begins, since that takes a connection or a process. One clause each. */
  readonly unchecked: readonly string[];
}

export function outlinePlan(config: RunConfig, now: Date): PlanOutline {
  const { plan, restMs, talkMs, churnMs, soakMs, maxLaunches, out, name } = config;
  const given = {
    restMs,
    talkMs,
    churnMs,
    soakMs,
    isRead: isRead(config),
    maySkip: config.precisionPercent !== undefined,
  };
  const legs = plan.legs.map((leg) => {
    const isOpen = isPaceOpen(config, leg);
    return { ...toRecordedLeg(leg), isPaceOpen: isOpen, leastMs: leastLegMs(leg, { ...given, isPaceOpen: isOpen }) };
  });
  return {
    legs,
    launches: plan.launches,
    mostLaunches: asksForMore(config) ? Math.max(plan.launches, maxLaunches) : plan.launches,
    restMs,
    talkMs,
    churnMs,
    soakMs: soakMs ?? null,
    leastMs: plan.launches * legs.reduce((sum, { leastMs }) => sum + leastMs, 0),
    folder: out ?? defaultFolder(now, name ?? defaultName(config)),
    unchecked: uncheckedOf(config),
  };
}

const isRead = ({ urls, command, pid, exporter }: RunConfig): boolean =>
  urls.length === 0 || command !== undefined || pid !== undefined || exporter !== undefined;

/** Further launches are for questions that those of the plan leave open. */
const asksForMore = (config: RunConfig): boolean =>
  canStartAnew(config) &&
  (config.baseline !== undefined || (config.failIf ?? []).length > 0 || config.precisionPercent !== undefined);

function uncheckedOf(config: RunConfig): string[] {
  const { urls, command, target, pid, exporter, inspect, plan, metrics, live, openings } = config;
  const isThere = urls.length > 0 && command === undefined;
  const isSecured = plan.legs.some(({ transport }) => transport === 'tls');
  return [
    ...(isThere ? [`whether anybody accepts at ${urls.map(({ text }) => text).join(', ')}`] : []),
    ...(command === undefined ? [] : ['whether the command starts, and accepts at its ports']),
    ...(target === undefined ? [] : [`whether ${target.manifest.name} can be built`]),
    ...(isSecured && urls.length > 0 ? ['whether its certificate is trusted: one handshake tells'] : []),
    ...(openings.some(({ recorded }) => recorded !== null)
      ? ['whether it takes how connections sign in: connrig try tells']
      : []),
    ...(exporter === undefined ? [] : [`whether the exporter at ${exporter.text} answers, from one process`]),
    ...((inspect?.length ?? 0) === 0 ? [] : ['whether an inspector answers there']),
    ...(pid === undefined ? [] : [`whether process ${pid} is still there by then`]),
    ...(metrics || live ? ['whether the addresses of --metrics and --live are free'] : []),
  ];
}
