import { throughoutOf } from '../core/behaviours/behaviours.ts';
import type { Leg } from '../core/schemas/leg.ts';
import type { OptionValues, Variables } from './read-options.ts';
import { FLEET_OPTIONS } from './run/fleet-options.ts';
import type { IsNamed, RunConfig } from './run-config-shape.ts';
import { RUN_OPTIONS } from './run-options.ts';
import { readRedisAccess } from './worker/redis-options.ts';
import { REDIS_OF_ENV, REDIS_VARIABLE, readRedisUrl } from './worker/redis-url.ts';

/** What has no meaning for connections of other machines, or can't be done for them yet. */
const REFUSED = {
  cert: 'each worker shows its own, connrig worker --cert FILE --key FILE',
  key: 'each worker has its own, connrig worker --cert FILE --key FILE',
  sources: 'workers have addresses of their own',
} as const;

const BEHAVIOURS: Readonly<Partial<Record<RunConfig['behaviour']['kind'], string>>> = {
  broadcast: 'who is to receive a message is known within one machine alone',
};

/** What a run over several machines is refused for, or one that names details of a fleet and no fleet. */
export function fleetProblems(config: RunConfig, legs: readonly Leg[], named: IsNamed): string[] {
  if (config.fleet === undefined) {
    return (['fleetWorkers', 'fleetPrefix', 'fleetToken', 'redisPassword', 'redisCa'] as const)
      .filter(named)
      .map((key) => `--${FLEET_OPTIONS[key].name}: there is no fleet without --fleet redis://10.0.0.1:6379`);
  }
  const problems: string[] = [];
  const kinds = [config.behaviour.kind, throughoutOf(config.behaviour).kind];
  for (const kind of new Set(kinds)) {
    if (BEHAVIOURS[kind]) problems.push(`--behaviour ${kind} and --fleet: ${BEHAVIOURS[kind]}; leave one of them out`);
  }
  for (const [key, why] of Object.entries(REFUSED) as [keyof typeof REFUSED, string][]) {
    if (config[key] !== undefined)
      problems.push(`--${RUN_OPTIONS[key].name} and --fleet: ${why}; leave one of them out`);
  }
  if (config.data !== undefined && config.fleetToken === undefined) {
    problems.push(
      '--data and --fleet: rows go to the workers through Redis, and without a token anybody there could read them; export the same CONNRIG_FLEET_TOKEN here and for each worker',
    );
  }
  if (legs.some(({ family }) => family === 'unix')) {
    problems.push('--fleet: a Unix socket can not be reached from other machines; give a URL with a host');
  }
  return problems;
}

/** Where the fleet of a run meets, as its options and the environment say. @param problems a sentence is added for each */
export function fleetAccess(
  values: Readonly<Partial<Record<'fleet' | 'redisPassword' | 'redisCa', unknown>>>,
  env: Variables,
  problems: string[],
): Pick<RunConfig, 'fleet' | 'fleetCa'> {
  const { fleet, redisPassword, redisCa } = values as OptionValues<typeof FLEET_OPTIONS>;
  const given = fleet === REDIS_OF_ENV ? readRedisUrl(env[REDIS_VARIABLE] ?? '') : { value: fleet };
  if ('problem' in given) problems.push(`--fleet without a URL takes it of ${REDIS_VARIABLE}: ${given.problem}`);
  if ('problem' in given || given.value === undefined) return { fleet: undefined, fleetCa: undefined };
  const { url, ca } = readRedisAccess(given.value, { redisPassword, redisCa }, problems);
  return { fleet: url, fleetCa: ca };
}
