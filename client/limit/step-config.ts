import { type FindLimitConfig, talkersOf } from '../../config/find-limit-config.ts';
import { paceOf } from '../../config/legs.ts';
import type { RunConfig } from '../../config/run-config.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import { evenLevels, peakOf } from '../../core/values/plan.ts';

/** One round of so many pays what only the first connections cost. */
const WARM_UP = 100;
/** At a pace of few a second a warm-up is to take no longer than this. */
const WARM_UP_SECONDS = 0.5;
/** A forecast takes as many levels as tell a step from a line. */
const FORECAST_LEVELS = 5;

/**
 * The run that a step is.
 *
 * @param at connections, or opens or messages a second
 * @param out its run folder
 */
export function stepConfig(config: FindLimitConfig, at: number, out: string): RunConfig {
  const { run, of, holdMs } = config;
  const [first] = run.plan.legs;
  const top = connectionsAt(config, at);
  const connectsPerSecond = of === 'opens' ? at : (run.connectsPerSecond ?? paceOf(first!.transport, top));
  const leg: Leg = {
    ...first!,
    ...(of === 'messages' && { behaviour: atRate(first!.behaviour, at) }),
    warmUp: Math.min(WARM_UP, Math.floor(top / 2), Math.floor(connectsPerSecond * WARM_UP_SECONDS)),
    levels: [top],
    connectsPerSecond,
  };
  return {
    ...atTop(config, leg),
    name: `${of}-${at}`,
    out,
    talkMs: holdMs,
    settleTimeoutMs: 0,
    // The level is there for the opens alone.
    brief: { stayMs: of === 'opens' ? 0 : holdMs },
  };
}

/** The most connections that a step has open. */
export function connectionsAt(config: FindLimitConfig, at: number): number {
  if (config.of === 'connections') return at;
  return config.of === 'messages' ? talkersOf(config) : Math.max(1, Math.ceil((at * config.holdMs) / 1000));
}

/** The same as {@link connectionsAt}, the other way round. */
export function mostAt(config: FindLimitConfig, connections: number): number {
  if (config.of === 'connections') return connections;
  return config.of === 'messages'
    ? Number.MAX_SAFE_INTEGER
    : Math.max(1, Math.floor((connections * 1000) / config.holdMs));
}

/** A few levels below a top, so that a forecast can be made of them. */
export function forecastConfig(config: FindLimitConfig, top: number, out: string): RunConfig {
  const { run, holdMs } = config;
  const [first] = run.plan.legs;
  const levels = evenLevels(top, FORECAST_LEVELS);
  const connectsPerSecond = run.connectsPerSecond ?? paceOf(first!.transport, top);
  const warmUp = Math.min(WARM_UP, Math.floor(levels[0]! / 2));
  const leg = { ...first!, warmUp, levels, connectsPerSecond };
  return { ...atTop(config, leg), name: 'forecast', out, talkMs: holdMs, connectsPerSecond };
}

/** What a collection would free counts towards a limit all the same. */
const atTop = ({ run, memoryLimitBytes }: FindLimitConfig, leg: Leg): RunConfig => ({
  ...run,
  endsAboveBytes: memoryLimitBytes,
  plan: { legs: [leg], launches: 1 },
  connections: peakOf(leg),
  collect: run.collect ?? 'off',
  quiet: true,
});

function atRate(behaviour: Leg['behaviour'], perSecond: number): Leg['behaviour'] {
  return 'perSecond' in behaviour ? { ...behaviour, perSecond } : behaviour;
}
