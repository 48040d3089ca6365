/**
 * What the reference server's admin port answers as JSON. The server writes it, a meter reads it; the shapes live here
 * because those two never import each other.
 */
import { z } from 'zod';
import { mapSchemes, SCHEMES } from '../protocols/schemes.ts';
import { SERVER_CLOSE_REASONS, type ServerCloseReason } from '../values/outcomes.ts';

const count = z.number().int().nonnegative();

/** A server, or a record, from before there was a reason has none of it. */
const Closed = z.strictObject(
  Object.fromEntries(SERVER_CLOSE_REASONS.map((reason) => [reason, count.default(0)])) as Record<
    ServerCloseReason,
    z.ZodDefault<typeof count>
  >,
);

/** Counts of one scheme since the server started: accepted = handshaking + open + the sum of closed. */
export const CensusOfScheme = z.object({
  accepted: count,
  /** TCP is up, not usable yet: TLS not agreed on, for http nothing answered yet. Always 0 for tcp. */
  handshaking: count,
  open: count,
  closed: Closed,
  bytesIn: count,
  bytesOut: count,
});
export type CensusOfScheme = z.infer<typeof CensusOfScheme>;

/** A server from before there was http, or TLS, had none. */
const NO_CENSUS: CensusOfScheme = {
  accepted: 0,
  handshaking: 0,
  open: 0,
  bytesIn: 0,
  bytesOut: 0,
  closed: Object.fromEntries(SERVER_CLOSE_REASONS.map((reason) => [reason, 0])) as CensusOfScheme['closed'],
};

/** Servers and records from before a scheme was there have none of it. */
const laterOnes = mapSchemes(() => CensusOfScheme.default(NO_CENSUS));
export const Census = z.object({ ...laterOnes, tcp: CensusOfScheme, ws: CensusOfScheme });
export type Census = z.infer<typeof Census>;

/** One process of the server: what its JavaScript engine says of itself, in bytes. */
export const RuntimeMemory = z.object({
  pid: count,
  rssBytes: count,
  heapUsedBytes: count,
  heapTotalBytes: count,
  /** Memory of C++ objects bound to JavaScript ones, array buffers included. */
  externalBytes: count,
  arrayBuffersBytes: count,
});
export type RuntimeMemory = z.infer<typeof RuntimeMemory>;

/** The certificate that a server over TLS proves itself by. */
export const ShownCertificate = z.object({
  /** Whom it names: `CN=connrig`. */
  subject: z.string(),
  /** Until when it is valid, in UTC. */
  notAfter: z.iso.datetime(),
  /** SHA-256 of it, in hexadecimal. */
  fingerprint: z.string(),
  /** The server made it itself when it was started. */
  isMadeHere: z.boolean(),
});
export type ShownCertificate = z.infer<typeof ShownCertificate>;

/** `GET /memory`, and `GET /memory?gc=1` (a full collection in every process first). */
export const ServerMemory = z.object({
  schema: z.literal(1),
  /** Whether a collection was forced just before reading. */
  collected: z.boolean(),
  processes: z.array(RuntimeMemory).min(1),
  census: Census,
  live: z.object({
    /** (RSS now − RSS when last without connections) ÷ open connections; null while none is open. */
    bytesPerConnection: z.number().nullable(),
    idleRssBytes: z.number().nullable(),
  }),
  /** null where nothing is served over TLS. */
  certificate: ShownCertificate.nullable().default(null),
});
export type ServerMemory = z.infer<typeof ServerMemory>;

/** `GET /connections?top=N`: the connections that hold the most, by bytes queued towards the peer. */
export const TopConnections = z.object({
  schema: z.literal(1),
  open: count,
  connections: z.array(
    z.object({
      pid: count,
      protocol: z.enum(SCHEMES),
      peer: z.string(),
      queuedBytes: count,
      bytesIn: count,
      bytesOut: count,
    }),
  ),
});
export type TopConnections = z.infer<typeof TopConnections>;

/** The one line a server prints on stdout with `--json` once it can be connected to. */
export const ServerReady = z.object({
  ready: z.literal(true),
  pid: count,
  /** One URL for each scheme that is served, with a port range where there are several processes. */
  urls: z.array(z.string()).min(1),
  admin: z.string(),
  /** PEM of what a client has to trust, where the server made its certificate itself. */
  caCert: z.string().optional(),
});
export type ServerReady = z.infer<typeof ServerReady>;
