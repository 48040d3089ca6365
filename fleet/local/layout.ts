import type { EngineName } from '../engines/index.ts';

/** How a fleet is laid out over this machine. */
export interface FleetLayout {
  readonly engine: EngineName;
  readonly workers: number;
  /** Workers that open connections side by side; see fillShare. */
  readonly lanes: number;
  /** Each worker has a descriptor table of its own, since one table wouldn't hold all connections. */
  readonly ownTables: boolean;
  /** Source IPs to bind to, in turn; empty: the system chooses. */
  readonly sources: readonly string[];
  /** Local ports that the engine gives out itself; undefined: the system chooses. */
  readonly portRange: readonly [first: number, last: number] | undefined;
}

/** What a layout follows from. */
export interface LayoutNeed {
  readonly engine: EngineName;
  /** Most connections open at once. */
  readonly connections: number;
  /** Distinct (IP, port) that connections go to. */
  readonly destinations: number;
  /** The target is at a loopback address of IPv4, whose whole net is ours to connect from. */
  readonly loopback: boolean;
  /** As asked for; undefined: as many as it takes. */
  readonly workers: number | undefined;
  readonly sources: readonly string[] | undefined;
  /** This machine's limit; null where unknown. */
  readonly descriptorLimit: number | null;
  readonly ephemeralPorts: readonly [first: number, last: number] | null;
  readonly cores: number;
}

/** Descriptors of a table that are not connections: standard streams, the main thread's event loop, run folder. */
const TABLE_RESERVE = 64;
/** Each worker's event loop was in the common table before it got its own, so all of them may be in every table. */
const RESERVE_PER_WORKER = 8;
/**
 * Up to this share of a pair's port range the kernel finds a free port at once. Above, the engine gives out ports itself.
 * That stays quick, but ports that are bound by number are closed to every other program's connect for as long as they are
 * in use or in TIME_WAIT.
 */
const PORTS_FILL = 0.5;
/** Node binds to a source before it knows the destination, which takes a port from all of them: only when it must. */
const PORTS_FILL_NODE = 0.95;

/**
 * As few workers and sources as the plan needs: threads cost memory, and one core is left to a server on this machine.
 * What was asked for is taken as it is; whether it suffices is for preflight to say.
 */
export function layoutFleet(need: LayoutNeed): FleetLayout {
  const tables = tablesFor(need.connections, need.descriptorLimit ?? Number.POSITIVE_INFINITY);
  const ownTables = need.engine === 'epoll' && tables > 1;
  const sources = need.sources ?? loopbackSources(need);
  const spareCores = Math.max(1, need.cores - 1);
  const workers = need.workers ?? Math.max(ownTables ? tables : 1, spareCores);
  return {
    engine: need.engine,
    workers,
    lanes: need.workers === undefined ? Math.min(workers, spareCores) : workers,
    ownTables,
    sources,
    portRange:
      need.engine !== 'node' && isCrowded(need, sources.length) ? (need.ephemeralPorts ?? undefined) : undefined,
  };
}

/** Tables that hold so many connections; 1 when even many wouldn't. */
function tablesFor(connections: number, limit: number): number {
  for (let tables = 1; limit - TABLE_RESERVE > tables * RESERVE_PER_WORKER; tables++) {
    if (tables * (limit - TABLE_RESERVE - tables * RESERVE_PER_WORKER) >= connections) return tables;
  }
  return 1;
}

/**
 * The most connections that threads of one process hold by its descriptors: with many tables each has fewer left.
 *
 * @param workers as asked for; undefined: as many as it takes
 */
export function mostByDescriptors(engine: EngineName, limit: number, workers: number | undefined): number {
  const ofTables = (tables: number): number =>
    Math.max(0, tables * (limit - TABLE_RESERVE - tables * RESERVE_PER_WORKER));
  const ofOne = Math.max(0, limit - TABLE_RESERVE - (workers ?? 1) * RESERVE_PER_WORKER);
  // Sockets of rings are no open files, and a thread has as many rings as it takes.
  if (engine === 'uring') return Number.POSITIVE_INFINITY;
  if (engine === 'node') return ofOne;
  const best = Math.max(1, Math.floor((limit - TABLE_RESERVE) / (2 * RESERVE_PER_WORKER)));
  return Math.max(ofOne, ofTables(workers ?? best));
}

/** `127.0.0.1`, `127.0.0.2` …: as many as the ports of one don't suffice for. */
function loopbackSources({ engine, connections, destinations, loopback, ephemeralPorts }: LayoutNeed): string[] {
  if (!loopback || ephemeralPorts === null) return [];
  const fill = engine === 'node' ? PORTS_FILL_NODE : PORTS_FILL;
  const count = Math.ceil(connections / (portsOf(ephemeralPorts) * fill * destinations));
  if (count <= 1) return [];
  return Array.from({ length: count }, (_, i) => `127.0.${Math.floor(i / 254)}.${(i % 254) + 1}`);
}

function isCrowded({ connections, destinations, ephemeralPorts }: LayoutNeed, sources: number): boolean {
  if (ephemeralPorts === null) return false;
  return connections > portsOf(ephemeralPorts) * PORTS_FILL * destinations * Math.max(1, sources);
}

const portsOf = ([first, last]: readonly [first: number, last: number]): number => last - first + 1;
