import type { ProtocolName } from '../../core/protocols/names.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { FamilyName, SchemeName } from '../../core/protocols/schemes.ts';

/** What a plan asks of this machine. */
export interface Need {
  /** Most connections open at once. */
  readonly connections: number;
  /** Opens per second; decides how much comes at once for a listener to take. */
  readonly connectsPerSecond: number;
  /** Connections replaced per second whose ports then rest in TIME_WAIT, since this end closes first; 0: none. */
  readonly turnoverPerSecond: number;
  /** Connections cut at one moment whose ports then rest in TIME_WAIT, while they come back from others. */
  readonly cutAtOnce: number;
  readonly workers: number;
  /** Descriptor tables that the client's connections are spread over: 1, or one for each worker; Infinity: they are in none. */
  readonly descriptorTables: number;
  /** Distinct destination addresses (IP and port). */
  readonly destinations: number;
  /** Distinct source addresses; 1 when the system chooses. */
  readonly sources: number;
  readonly protocol: ProtocolName;
  /** How the target is addressed. A Unix socket takes no ports, and nothing that TCP does. */
  readonly family: FamilyName;
  /** As the URL of a range of ports would begin. */
  readonly scheme: SchemeName;
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

/** A need with the usual values: one destination, the system's source, a target elsewhere. */
export function needOf(need: Partial<Need> & Pick<Need, 'connections'>): Need {
  const protocol = need.protocol ?? 'ws';
  return {
    connectsPerSecond: 2000,
    turnoverPerSecond: 0,
    cutAtOnce: 0,
    workers: 1,
    descriptorTables: 1,
    destinations: 1,
    sources: 1,
    targetOnThisMachine: false,
    targetProcesses: 1,
    threadPerConnection: false,
    clientBytesPerConnection: DESCRIPTORS[protocol].estimatedBytes.node,
    targetBytesPerConnection: DESCRIPTORS[protocol].estimatedBytes.target,
    family: 'inet',
    scheme: protocol,
    ...need,
    protocol,
  };
}
