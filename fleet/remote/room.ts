/** How many connections of a plan a machine has room for, and what bounds that. Pure. */
import { humanBytes, humanCount } from '../../core/values/units.ts';
import { mostByDescriptors } from '../local/layout.ts';
import type { WorkerOffer } from './messages.ts';
import type { RemotePlan } from './remote-plan.ts';

/** What of a plan its room depends on. */
export interface RoomPlan extends Pick<RemotePlan, 'layout' | 'takes'> {
  /** Distinct (IP, port). */
  readonly destinations: readonly unknown[];
}

/** What bounds a worker: what it was told (`--max`), its descriptors, those of the machine, its ports, its memory. */
export type BoundName = 'max' | 'descriptors' | 'files' | 'ports' | 'memory';

export interface Bound {
  readonly of: BoundName;
  readonly connections: number;
  /** What it is, for people: "its ports: …". */
  readonly sentence: string;
  /** @returns what to paste, where there is to be room for so many */
  readonly hint: (connections: number) => string;
}

export interface WorkerRoom {
  readonly worker: string;
  readonly host: string;
  /** The most connections; Infinity: no bound is known. */
  readonly connections: number;
  /** The narrowest one first. */
  readonly bounds: readonly Bound[];
}

/** Other workers with which it shares a machine, or the ports of a network namespace; itself included. */
interface Sharing {
  readonly machine: number;
  readonly network: number;
}

/** What a worker takes before its first connection: a process, a thread for each core, and code. */
const BASE_BYTES = 150 * 2 ** 20;
const WIDEST_PORTS = 65_535 - 1024 + 1;

/** Rooms of workers that hold shares side by side: those on one machine have its memory, files and ports together. */
export function roomsOf(offers: readonly WorkerOffer[], plan: RoomPlan): WorkerRoom[] {
  return offers.map((offer) => {
    const among = (same: (other: WorkerOffer) => boolean): number => offers.filter(same).length;
    return roomOf(offer, plan, {
      machine: among(({ machine }) => machine === offer.machine),
      network: among(({ machine, network }) => machine === offer.machine && network === offer.network),
    });
  });
}

export function roomOf(offer: WorkerOffer, plan: RoomPlan, sharing: Sharing = { machine: 1, network: 1 }): WorkerRoom {
  const { worker, host } = offer;
  const bounds = [
    maxBound(offer),
    descriptorBound(offer, plan),
    filesBound(offer, sharing),
    portsBound(offer, plan, sharing),
    memoryBound(offer, plan, sharing),
  ]
    .filter((bound) => bound !== undefined)
    .sort((a, b) => a.connections - b.connections);
  return { worker, host, connections: bounds[0]?.connections ?? Number.POSITIVE_INFINITY, bounds };
}

/** Threads that open connections: what its weight among workers with room enough is. */
export const weightOf = ({ cores }: Pick<WorkerOffer, 'cores'>, sharing = 1): number =>
  Math.max(1, cores - 1) / sharing;

function maxBound({ most }: WorkerOffer): Bound | undefined {
  if (most === null) return undefined;
  return {
    of: 'max',
    connections: most,
    sentence: '--max',
    hint: (connections) => `connrig worker --max ${connections}`,
  };
}

/** Threads take descriptor tables of their own, so that the limit of one bounds all of them together far above it. */
function descriptorBound({ descriptors }: WorkerOffer, { layout }: RoomPlan): Bound | undefined {
  if (descriptors === null) return undefined;
  const connections = mostByDescriptors(layout.engine, descriptors, layout.workers);
  if (connections === Number.POSITIVE_INFINITY) return undefined;
  return {
    of: 'descriptors',
    connections,
    sentence: `its open files: ulimit -n is ${humanCount(descriptors)}`,
    hint: (connections) => `ulimit -n ${Math.max(2 * descriptors, Math.min(connections + 1024, 2 ** 20))}`,
  };
}

/** All tables of all processes are in it. */
function filesBound({ systemFilesLeft }: WorkerOffer, { machine }: Sharing): Bound | undefined {
  if (systemFilesLeft === null) return undefined;
  return {
    of: 'files',
    connections: Math.floor(systemFilesLeft / machine),
    sentence: `open files of its machine: fs.file-max leaves ${humanCount(systemFilesLeft)}${shared(machine)}`,
    hint: (connections) => `sysctl -w fs.file-max=${Math.max(connections * machine * 2, 2 ** 20)}`,
  };
}

/** A port can be used once for each pair of a source and a destination. On loopback there are as many sources as it takes. */
function portsBound(
  { ports, sources }: WorkerOffer,
  { layout, destinations, takes }: RoomPlan,
  { network }: Sharing,
): Bound | undefined {
  if (ports === null || (layout.loopback && sources === 0)) return undefined;
  const own = Math.max(1, sources);
  // Addresses of its own nobody else has.
  const sharing = sources > 0 ? 1 : network;
  const pairs = own * destinations.length;
  const at = (each: number): number => Math.floor((each * pairs) / takes.ports / sharing);
  return {
    of: 'ports',
    connections: at(ports),
    sentence: `its ports: ${humanCount(ports)} × ${counted(own, 'source')} × ${counted(destinations.length, 'destination')}${
      takes.ports > 1 ? ', some of which rest in TIME_WAIT' : ''
    }${shared(sharing)}`,
    hint: (connections) =>
      connections <= at(WIDEST_PORTS)
        ? 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"'
        : `connrig worker --source with ${Math.ceil((connections * takes.ports) / (WIDEST_PORTS * destinations.length))} addresses of that machine, or a URL with more ports`,
  };
}

function memoryBound(
  { memoryAvailableBytes, memoryLimitBytes }: WorkerOffer,
  { takes, layout }: RoomPlan,
  { machine }: Sharing,
): Bound | undefined {
  const bytes = Math.min(memoryAvailableBytes / machine, memoryLimitBytes);
  const each = takes.bytes[layout.engine];
  return {
    of: 'memory',
    connections: Math.max(0, Math.floor((bytes - BASE_BYTES) / each)),
    sentence: `its memory: ${humanBytes(bytes)}, about ${humanBytes(each)} for a connection`,
    hint: () => 'connrig worker on one more machine, or fewer --connections',
  };
}

const shared = (count: number): string => (count > 1 ? `, for ${count} workers` : '');
const counted = (count: number, noun: string): string => `${humanCount(count)} ${noun}${count === 1 ? '' : 's'}`;
