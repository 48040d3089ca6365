import type { RunConfig } from '../config/run-config.ts';
import { RigError } from '../core/values/errors.ts';
import { warmUpBelow } from '../core/values/plan.ts';
import { socketPathsOf } from '../core/values/urls.ts';
import { chooseDrive } from './choose-engine.ts';
import { isOurs } from './environment.ts';
import { AT_SOCKET, type LegSetup, type Place, setUpLeg, setUpLegs } from './leg-setup.ts';
import { mostConnections } from './preflight/check.ts';
import { checkPlaces, demandOf, findingsOf } from './preflight/check-plan.ts';
import type { Finding } from './preflight/finding.ts';
import type { Need } from './preflight/machine-demand.ts';
import { readSnapshot, type Snapshot } from './preflight/snapshot.ts';
import { resolveHost } from './target-address.ts';

/** What preflight says of a plan. */
export interface Examined {
  /** What the leg needs that asks most of this machine. */
  readonly need: Need;
  /** For each limit, what the leg says that fits it least. */
  readonly findings: readonly Finding[];
  readonly most: ReturnType<typeof mostConnections>;
  readonly snapshot: Snapshot;
  readonly setups: readonly LegSetup[];
  /** Why the plan can't be carried out from here whatever the limits are, such as a loopback interface that is down. */
  readonly obstacle: RigError | undefined;
}

/**
 * Holds a plan against this machine as a run does before it begins. Nothing is started, written or connected to; hosts are looked up.
 *
 * @throws RigError EHOST, EUSAGE: where there is no plan to hold against it
 */
export async function examinePlan(config: RunConfig): Promise<Examined> {
  const ports = config.urls.flatMap((url) => url.ports);
  const snapshot = await readSnapshot({ ports, socketPaths: socketPathsOf(config.urls), targetPid: config.pid });
  const drive = await chooseDrive(config, snapshot.filesHard, () => {});
  const places = await Promise.all(
    config.urls.map(async (url) => (url.family === 'unix' ? AT_SOCKET : placeOf(await resolveHost(url)))),
  );
  const setups = setUpLegs(config, places, drive, snapshot);
  const obstacle = await checkPlaces(setups, config).then(() => undefined, asObstacle);
  const legs = setups.map((setup) => ({ setup, ...demandOf(setup, snapshot, config) }));
  const largest = legs.reduce((most, leg) => (leg.need.connections > most.need.connections ? leg : most));
  const needAt = (connections: number): Need =>
    demandOf(setUpFor(connections, largest.setup, config, snapshot), snapshot, config).need;
  return {
    need: largest.need,
    findings: leastFitting(legs.map(({ need, limits }) => findingsOf(need, limits, config.fleet !== undefined))),
    most: mostConnections(needAt, largest.limits),
    snapshot,
    setups,
    obstacle,
  };
}

function asObstacle(error: unknown): RigError {
  if (error instanceof RigError && error.code === 'EUNREACHABLE') return error;
  throw error;
}

/** An address of this machine where there is one: that is what its limits go for. */
function placeOf(ips: readonly string[]): Place {
  return { ip: ips.find((ip) => isOurs(ip)) ?? ips[0]!, ips };
}

/** The same leg with another number of connections at its top. */
function setUpFor(
  connections: number,
  { leg, index, ip, ips, layout, securedBy }: LegSetup,
  config: RunConfig,
  has: Snapshot,
): LegSetup {
  const levels = [connections];
  const other = { ...leg, levels, warmUp: warmUpBelow(levels) };
  const legs = config.plan.legs.map((one, i) => (i === index ? other : one));
  return setUpLeg(
    { ...config, plan: { ...config.plan, legs } },
    index,
    { ip, ips },
    { engine: layout.engine, securedBy },
    has,
  );
}

const WORST = { fail: 3, warn: 2, unknown: 1, ok: 0 } as const;

/** Legs run one after another, so each of them has to fit by itself. */
function leastFitting(all: ReadonlyArray<readonly Finding[]>): Finding[] {
  const found = new Map<string, Finding>();
  for (const finding of all.flat()) {
    const before = found.get(finding.what);
    const isWorse =
      !before || WORST[finding.ok] > WORST[before.ok] || (finding.ok === before.ok && finding.needed > before.needed);
    // At the place of the first one, so that the order of the checks stays.
    if (isWorse) found.set(finding.what, finding);
  }
  return [...found.values()];
}
