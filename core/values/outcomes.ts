/**
 * How an attempt to open a connection ended. Closed list: it labels metrics, heads columns and is a key of
 * `summary.json`. Every attempt ends in exactly one of these; the first cause wins.
 */
export const OUTCOMES = [
  /** Usable: TCP established, for ws the upgrade verified, for http the first request answered, for sse a stream begun. */
  'open',
  /** RST in answer to our SYN: nothing listens there. */
  'refused',
  /** Not usable within the open timeout. */
  'timed-out',
  /** RST before it was usable. */
  'reset',
  /** The peer closed in order before it was usable; of http also: it said that it would, with its first answer. */
  'closed-early',
  /** The peer answered with a status that refuses: another than 101 to an upgrade or 200 for a stream, 4xx or 5xx to a first request. */
  'rejected',
  /** The peer answered something that is not a valid handshake. */
  'bad-handshake',
  /** The handshake went well, and what had to follow didn't: a step of the opening, or a subprotocol. */
  'opening-refused',
  /** Nobody who is trusted vouches for the target's certificate. */
  'cert-untrusted',
  /** The target's certificate, or one above it, is no longer valid, or not yet. */
  'cert-expired',
  /** The target's certificate is for other names. */
  'cert-name',
  /** The target ended the TLS handshake by a fatal alert; the text says which. */
  'tls-alert',
  /** No route, network down, host down. */
  'unreachable',
  /** No local port left for this source and destination. */
  'no-ports',
  /** No file descriptor left, in this process or in the system. */
  'no-fds',
  /** The kernel had no memory for one more socket. */
  'no-memory',
  /** We gave up on it: the run stopped while it was opening. */
  'cancelled',
  /** Anything else the system said; the text is in events.jsonl. */
  'error',
] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const OUTCOME_INDEX = Object.fromEntries(OUTCOMES.map((name, i) => [name, i])) as Record<Outcome, number>;

/** Why an open connection is no longer open, seen from the client. The first cause wins. */
export const CLOSE_REASONS = [
  /** The plan asked for fewer, or the run ended. */
  'by-us',
  /** FIN, a WebSocket close frame, `Connection: close` or the end of an event stream from the peer, unasked. */
  'by-peer',
  /** The peer ended it, in order or not, while it read slowly, as it was asked to: that is the peer's defence, and no loss. */
  'by-defence',
  /** RST from the peer. */
  'reset',
  /** The peer broke the protocol. */
  'protocol-error',
  /** The peer ended it by a fatal alert of TLS: it may refuse a client's certificate as late as this. */
  'tls-alert',
  /** A message of the peer, or what had come of it, took more than we keep for it; see docs/architecture.md. */
  'too-large',
  /** The peer sent without a pause, for longer than we wait for one: more than we can read. */
  'flood',
  /** The peer took so little of what it was sent that more waited than we keep for it. */
  'slow-reader',
  /** The transport failed: keep-alive or retransmission ran out, network down. */
  'lost',
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];
export const CLOSE_REASON_INDEX = Object.fromEntries(CLOSE_REASONS.map((name, i) => [name, i])) as Record<
  CloseReason,
  number
>;

/** Closes that were not wanted: neither our own, nor what slow readers were there to bring about. */
export const LOSS_REASONS: readonly CloseReason[] = CLOSE_REASONS.filter(
  (reason) => reason !== 'by-us' && reason !== 'by-defence',
);

/** Open connections that were lost. */
export const lostIn = (closeReasons: Readonly<Record<CloseReason, number>>): number =>
  LOSS_REASONS.reduce((sum, reason) => sum + closeReasons[reason], 0);

/** Those that the peer, or what lies between, brings about: when they happen may tell why. */
export const PEER_LOSSES: ReadonlySet<CloseReason> = new Set(['by-peer', 'reset', 'tls-alert', 'lost']);

/** Classes of HTTP status, of answers on connections that are open. */
export const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** Why the reference server no longer has a connection that it had accepted. */
export const SERVER_CLOSE_REASONS = [
  /** The client closed in order. */
  'by-peer',
  /** The client reset it, or it broke. */
  'reset',
  /** No complete handshake in time. */
  'handshake-timeout',
  /** A handshake that isn't one: bad request line, headers too large, wrong version, missing key. */
  'bad-handshake',
  /** TLS broke: a handshake that isn't one, no common version, an alert of a client that doesn't trust us, a bad record. */
  'tls-failed',
  /** A frame that breaks RFC 6455 (unmasked, reserved bits, bad opcode, bad UTF-8), or a later request that isn't one. */
  'protocol-error',
  /** A message or frame over the payload limit. */
  'too-large',
  /** Past the server's own connection limit: told so, and closed. */
  'over-limit',
  /** Too much was queued for all who don't read what they are sent, and most of it for this client. */
  'slow-reader',
  /** The server is stopping. */
  'shutdown',
] as const;
export type ServerCloseReason = (typeof SERVER_CLOSE_REASONS)[number];

/** Counts that add up at every sample: attempts = opening + open + failed + closed. */
export interface Counts {
  readonly attempts: number;
  readonly opening: number;
  readonly open: number;
  readonly failed: number;
  readonly closed: number;
}
export const zeroOutcomes = (): Record<Outcome, number> =>
  Object.fromEntries(OUTCOMES.map((name) => [name, 0])) as Record<Outcome, number>;
