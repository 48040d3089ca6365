import type { Leg } from '../core/plan.ts';
import { peakOf } from '../core/plan.ts';
import type { TargetUrl } from '../core/urls.ts';
import type { RunConfig } from './config/run-config.ts';
import type { EngineName } from './engines/index.ts';
import { isOurs } from './environment.ts';
import { type FleetLayout, layoutFleet } from './fleet/layout.ts';
import type { Snapshot } from './preflight/snapshot.ts';

/** One leg with everything about it that is known before it begins. */
export interface LegSetup {
  readonly leg: Leg;
  readonly index: number;
  /** Where it connects to; undefined: to a server of ours that is yet to be started. */
  readonly url: TargetUrl | undefined;
  readonly ip: string;
  /** The target's end of its connections lies in this machine's kernel. */
  readonly local: boolean;
  /** Distinct (IP, port) to connect to; for our own server one for each of its processes. */
  readonly destinations: number;
  readonly layout: FleetLayout;
}

const LOOPBACK = '127.0.0.1';
/** Descriptors a process of our server keeps for itself: refusals, admin port, the process; somewhat less in fact. */
const SERVER_RESERVE = 128;

/**
 * @param ips where each URL's host was found, in the order of the URLs; empty for the built-in server
 */
export function setUpLegs(config: RunConfig, ips: readonly string[], engine: EngineName, has: Snapshot): LegSetup[] {
  return config.plan.legs.map((leg, index) => {
    const url = config.urls[index];
    const ip = ips[index] ?? LOOPBACK;
    const connections = peakOf(leg);
    const destinations = url?.ports.length ?? config.processes ?? processesFor(connections, has);
    const layout = layoutFleet({
      engine,
      connections,
      destinations,
      loopback: ip.startsWith('127.'),
      workers: config.workers,
      sources: config.sources,
      descriptorLimit: has.filesHard,
      ephemeralPorts: has.portRange,
      cores: has.cores,
    });
    return { leg, index, url, ip, local: isOurs(ip), destinations, layout };
  });
}

/** As many processes of our own server as their descriptor limits ask for. */
function processesFor(connections: number, { filesHard }: Snapshot): number {
  if (filesHard === null) return 1;
  return Math.max(1, Math.ceil(connections / Math.max(1, filesHard - SERVER_RESERVE)));
}
