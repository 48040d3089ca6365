/** The part of `summary.json` that says how many connections each size of memory holds, see core/schemas/summary.ts. */
import { z } from 'zod';
import { PROTOCOLS } from '../protocols/names.ts';
import { LegName, withLegName } from './leg-name.ts';

const count = z.number().int().nonnegative();

/** A connection costs more while all of them come at once than at rest, and the same memory holds fewer. */
export const TwoCosts = {
  /** Which of the two `connections` is. */
  sizedBy: z.enum(['rest', 'burst']).default('rest'),
  /** At rest; null where more fit than any machine holds. */
  restConnections: count.nullable().default(null),
  /** While everybody reconnects; null where that wasn't measured. */
  burstConnections: count.nullable().default(null),
};

/** What one size of memory comes to for one leg. */
const SizingRow = z.object({
  leg: LegName,
  protocol: z.enum(PROTOCOLS),
  /** Name of the instance type; null: a limit of memory without a name. */
  name: z.string().nullable(),
  instanceBytes: z.number(),
  /** What of it the target may take, before headroom. */
  memoryBytes: z.number(),
  /** The most connections one holds, by what `sizedBy` says. */
  connections: count,
  ...TwoCosts,
  extrapolation: z.number(),
  beyond: z.boolean(),
  /** How many are needed for all connections wanted; null: none fits into one. */
  instances: count.nullable(),
  /** What those hold when as many as may be lost are lost. */
  holds: count.nullable(),
  /** The price of all of them together. */
  pricePerHour: z.number().nullable(),
  pricePerMonth: z.number().nullable(),
  settings: z.object({
    /** For the target, on each instance; limits of a process are for each of them. */
    processes: count,
    openFiles: count,
    /** fs.nr_open; null: as it usually is. */
    nrOpen: count.nullable(),
    somaxconn: count,
    /** net.ipv4.tcp_mem, all three values of it; null: as it usually is. */
    tcpMemPages: z.tuple([count, count, count]).nullable(),
    /** net.netfilter.nf_conntrack_max; null: what the run's machine has is enough. */
    conntrackMax: count.nullable(),
    /** For each process of a Node.js target; null for others. */
    maxOldSpaceMib: count.nullable(),
    memoryMib: count,
  }),
});
export type SizingRow = z.infer<typeof SizingRow>;

export const Sizing = z.object({
  /** How many are wanted. */
  connections: count,
  spare: count,
  currency: z.string(),
  headroomPercent: z.number(),
  rows: z.array(withLegName('leg', SizingRow)),
});
export type Sizing = z.infer<typeof Sizing>;
