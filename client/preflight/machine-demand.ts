import type { ProtocolName } from '../../core/protocols/names.ts';
import type { EngineName } from '../../fleet/engines/index.ts';

/** What a plan asks of this machine. */
export interface Need {
  /** Most connections open at once. */
  readonly connections: number;
  /** Opens per second; decides how much comes at once for a listener to take. */
  readonly connectsPerSecond: number;
  readonly workers: number;
  /** Descriptor tables that the client's connections are spread over: 1, or one for each worker. */
  readonly descriptorTables: number;
  /** Distinct destination addresses (IP and port). */
  readonly destinations: number;
  /** Distinct source addresses; 1 when the system chooses. */
  readonly sources: number;
  readonly protocol: ProtocolName;
  /** The target's end is on this machine too: it needs files and memory of its own. */
  readonly targetOnThisMachine: boolean;
  /** Processes the target spreads its connections over; 1 when not known. */
  readonly targetProcesses: number;
  /** The target, which is on this machine, takes a thread for each connection. */
  readonly threadPerConnection: boolean;
  /** Estimates for one connection, user space and kernel. */
  readonly clientBytesPerConnection: number;
  readonly targetBytesPerConnection: number;
}

/**
 * Estimates to check a plan by before anything is measured, on the high side: 4.3 KB of kernel memory an end, and in
 * user space what a client of each engine and a Node server with `ws` may take while many come at once.
 */
export const ESTIMATED_BYTES = {
  client: { epoll: { tcp: 4_500, ws: 4_500, http: 4_500 }, node: { tcp: 9_000, ws: 9_500, http: 9_500 } },
  target: { tcp: 9_000, ws: 12_000, http: 14_000 },
} as const satisfies { client: Record<EngineName, PerProtocol>; target: PerProtocol };
type PerProtocol = Readonly<Record<ProtocolName, number>>;

/** A need with the usual values: one destination, the system's source, a target elsewhere. */
export function needOf(need: Partial<Need> & Pick<Need, 'connections'>): Need {
  const protocol = need.protocol ?? 'ws';
  return {
    connectsPerSecond: 2000,
    workers: 1,
    descriptorTables: 1,
    destinations: 1,
    sources: 1,
    targetOnThisMachine: false,
    targetProcesses: 1,
    threadPerConnection: false,
    clientBytesPerConnection: ESTIMATED_BYTES.client.node[protocol],
    targetBytesPerConnection: ESTIMATED_BYTES.target[protocol],
    ...need,
    protocol,
  };
}
