import type { RunConfig } from '../config/run-config.ts';
import type { Leg } from '../core/schemas/leg.ts';
import { peakOf } from '../core/values/plan.ts';
import type { TargetUrl } from '../core/values/urls.ts';
import { type FleetLayout, layoutFleet } from '../fleet/local/layout.ts';
import type { Drive } from './choose-engine.ts';
import { isOurs } from './environment.ts';
import type { Snapshot } from './preflight/snapshot.ts';

/** One leg with everything about it that is known before it begins. */
export interface LegSetup {
  readonly leg: Leg;
  readonly index: number;
  /** Where it connects to; undefined: to a server of ours that is yet to be started. */
  readonly url: TargetUrl | undefined;
  /** What connections go to; empty where that is a Unix socket. */
  readonly ip: string;
  /** All addresses of its host, in the order in which they are tried. */
  readonly ips: readonly string[];
  /** The target's end of its connections lies in this machine's kernel. */
  readonly local: boolean;
  /** Distinct (IP, port) to connect to; for our own server one for each of its processes. */
  readonly destinations: number;
  readonly layout: FleetLayout;
  /** By what its connections are secured, where they are. */
  readonly securedBy: Drive['securedBy'];
}

/** A Unix socket is on this machine, and has no address. */
export const AT_SOCKET: Place = { ip: '', ips: [] };
/** Descriptors a process of our server keeps for itself: refusals, admin port, the process; somewhat less in fact. */
const SERVER_RESERVE = 128;

/** Where a URL's host was found. */
export type Place = Pick<LegSetup, 'ip' | 'ips'>;

/**
 * @param places of the URLs, in their order; empty for the built-in server
 */
export const setUpLegs = (config: RunConfig, places: readonly Place[], drive: Drive, has: Snapshot): LegSetup[] =>
  config.plan.legs.map((_, index) =>
    setUpLeg(config, index, places[index] ?? { ip: config.listen, ips: [config.listen] }, drive, has),
  );

/** One leg alone: again, once it is known at which of several addresses its target listens. */
export function setUpLeg(
  config: RunConfig,
  index: number,
  place: Place,
  { engine, securedBy }: Drive,
  has: Snapshot,
): LegSetup {
  const leg = config.plan.legs[index]!;
  const url = config.urls[index];
  const connections = peakOf(leg);
  const isAtSocket = leg.family === 'unix';
  const { ip, ips } = isAtSocket ? AT_SOCKET : place;
  const destinations = isAtSocket ? 1 : (url?.ports.length ?? config.processes ?? processesFor(connections, has));
  const layout = layoutFleet({
    engine,
    connections,
    destinations,
    loopback: ip.startsWith('127.'),
    workers: config.workers,
    sources: isAtSocket ? [] : config.sources,
    descriptorLimit: has.filesHard,
    ephemeralPorts: isAtSocket ? null : has.portRange,
    cores: has.cores,
  });
  return { leg, index, url, ip, ips, local: isAtSocket || isOurs(ip), destinations, layout, securedBy };
}

/** As many processes of our own server as their descriptor limits ask for. */
function processesFor(connections: number, { filesHard }: Snapshot): number {
  if (filesHard === null) return 1;
  return Math.max(1, Math.ceil(connections / Math.max(1, filesHard - SERVER_RESERVE)));
}
