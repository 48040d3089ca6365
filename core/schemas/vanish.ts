/** What came of connections that vanished: in the record one sample for each episode, in the summary one part of a leg. */
import { z } from 'zod';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/**
 * How a server came to let go of a connection, by what its kernel showed:
 *
 * - `ping`: its process closed it, and something that it had said was not answered
 * - `silence`: its process closed it, and had said nothing
 * - `keep-alive`: its kernel gave up after probes (SO_KEEPALIVE)
 * - `retransmission`: its kernel gave up after sending data again and again (tcp_retries2, TCP_USER_TIMEOUT)
 */
export const NOTICES = ['ping', 'silence', 'keep-alive', 'retransmission'] as const;
export type Notice = (typeof NOTICES)[number];

/** What vanished connections took at one moment, in bytes. */
const Cost = z.object({
  /** User memory of the target; null when unknown. */
  userBytes: z.number().nullable(),
  /** What the server had sent them, and nobody acknowledged; and the memory that the kernel has for that. null where it isn't seen. */
  unackedBytes: z.number().nullable(),
  unackedMemoryBytes: z.number().nullable(),
});
export type VanishCost = z.infer<typeof Cost>;

/** What both have. */
const shared = {
  level: count,
  vanished: count,
  /** The ones that the server let go of while it was looked at. */
  noticed: count,
  /** How long it was looked at: until all were let go of, or as long as `--vanish-for` says. */
  waitedMs: ms,
  /** Between the look that showed one last and the first that did not, at the most: a notice time is known to half of it. */
  precisionMs: ms,
  /** By what the server's end was seen: the kernel's list of its sockets, or how many files its processes have open; null: by nothing. */
  seenBy: z.enum(['sockets', 'files']).nullable(),
  /** null where only files were counted. */
  notices: z.record(z.enum(NOTICES), count).nullable(),
  /** On how many the server sent data again and again, and keep-alive probes, with no answer to either. */
  retransmitted: count.nullable(),
  probed: count.nullable(),
  /** Those that its process had closed and its kernel still kept at the end, for want of an answer to the FIN. */
  orphans: count.nullable(),
  /** Before they vanished; the most of each while they were held; when the level was whole again. */
  before: Cost,
  most: Cost,
  /** null where that wasn't reached. */
  after: Cost.nullable(),
};

export const VanishSample = z.object({
  type: z.literal('vanish'),
  ...shared,
  /** When the first and the last of them vanished, in ms since the run began. */
  vanishedAtMs: z.tuple([ms, ms]),
  /** How long each was held that was let go of, ascending; of more than 1,000 so many that are evenly spread. */
  noticeMs: z.array(ms),
  /** How often it was looked, and what one look took. */
  looks: count,
  lookMs: ms,
});

export type VanishSample = z.infer<typeof VanishSample>;

export const VanishSummary = z.object({
  ...shared,
  /** Not let go of until the end; null where nobody could tell. */
  stillHeld: count.nullable(),
  /** From when a peer vanished until the server let go of it; null where that is beyond what was seen. */
  noticeP50Ms: ms.nullable(),
  noticeP99Ms: ms.nullable(),
  /** The last one; null where some were still held. */
  noticeAllMs: ms.nullable(),
});
export type VanishSummary = z.infer<typeof VanishSummary>;
