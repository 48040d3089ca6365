import { z } from 'zod';

const count = z.number().int().nonnegative();

/** How the connections of a leg are held, and by whom. */
export const HeldLeg = z.object({
  workers: count,
  /** Each worker had a descriptor table of its own, since one wouldn't have held all connections. */
  ownTables: z.boolean(),
  /** Source IPs that were bound to; none: the system chose. */
  sources: z.array(z.string()),
  /** Distinct (IP, port) that connections went to. */
  destinations: count,
  /** The target's end of the connections lay in this machine's kernel. */
  targetIsLocal: z.boolean(),
  /** By what its connections were secured; null: they were plain. */
  securedBy: z.string().nullable().default(null),
  /** The address of its host that connections went to. */
  ip: z.string().optional(),
  /** Hosts that held shares of its connections, and the most of each; absent where this machine held all. */
  shares: z.array(z.object({ host: z.string(), capacity: count })).optional(),
});
