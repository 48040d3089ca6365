/**
 * What a conductor and those who hold connections for it say to each other, whatever carries it: threads share memory (`local/`).
 * A carrier that leaves this process checks what it gets by the schemas of `wire-schemas.ts`; a worker thread has no use for them,
 * and no room.
 */
import type { CloseReason, Counts, Outcome, StatusClass } from '../core/values/outcomes.ts';
import type { VanishedEnds } from './engines/vanisher.ts';

/** Raised with each change that an older side would misunderstand. */
export const WIRE_VERSION = 4;

/** The `stop` of an order that leaves nobody time to part. */
export const BY_RESET = 2;

/** What the conductor wants of the whole fleet. Workers take their share of it. */
export interface Order {
  /** Open connections over the whole fleet. */
  readonly wanted: number;
  /** Opens (or closes) per second over the whole fleet. */
  readonly perSecond: number;
  /** When the ramp towards `wanted` began, by {@link monotonicClock}; another moment is another ramp. */
  readonly startedAtMs: number;
  /** 0 run · 1 give up what is opening, close what is open, then end · 2 the same, by reset. */
  readonly stop: number;
  /** Raised by one for each garbage collection wanted in every worker. */
  readonly collections: number;
  /** 1 while open connections are to do what their behaviour says, 0 while they are to keep still. */
  readonly talking: number;
  /** Raised by one for each episode that is to begin, or for each act of one that has several; see {@link Behaviour.begin}. */
  readonly episodes: number;
}
export const ORDER_FIELDS = [
  'wanted',
  'perSecond',
  'startedAtMs',
  'stop',
  'collections',
  'talking',
  'episodes',
] as const satisfies ReadonlyArray<keyof Order>;

/** Plain counters of a worker, all since the worker started except `opening`, `open`, `closing`, which are now. */
export const TALLY_FIELDS = [
  'attempts',
  'opening',
  'open',
  'failed',
  'closed',
  /** Those of `closed` whose socket isn't gone yet. */
  'closing',
  /** Those of `open`, now, that haven't been read empty for a while, since their peers send more than there is time to read. */
  'flooding',
  /** Opened without the extension that was offered. */
  'declined',
  /** Closes of ours that were cut short, since the peer hadn't answered them in all their time. */
  'unanswered',
  'bytesIn',
  'bytesOut',
  /** What came in on open connections: messages that were whole, or answers of http, and the bytes in them, without framing. */
  'messagesIn',
  'payloadBytesIn',
  /** The same as they were on the wire: with records and handshakes of TLS, where there is TLS. */
  'wireBytesIn',
  'wireBytesOut',
  /** Handshakes of TLS that were completed, and those of them that took up an earlier session. */
  'secured',
  'resumed',
  /** Objects of the TLS library now: for handshakes under way, and for open connections that can't do without one. */
  'tlsObjects',
  'tlsKeptObjects',
  'heartbeats',
  /**
   * Messages sent that the target is to send back, or requests that were due, and what became of them; `pending` is now,
   * like `open`. For polls they are requests sent, and answers.
   */
  'messages',
  'replies',
  'pending',
  /** Those of `replies` that took longer than a second from the planned moment. */
  'lateReplies',
  /** Messages whose connection closed before they were answered; requests that found none in time, too. */
  'lostReplies',
  /** Connections that were due to be closed and replaced, and those that were. */
  'replacementsDue',
  'replaced',
  /** Messages received that another connection of the run had sent: no reply to anything. */
  'fromOthers',
  /**
   * What is published to all: deliveries that were due, and those that came. Then those that came otherwise: behind a later message,
   * a second time, after their deadline, published before the connection opened, back to the publisher, too old to be told.
   */
  'expectedDeliveries',
  'deliveries',
  'disorderedDeliveries',
  'duplicateDeliveries',
  'lateDeliveries',
  'unaskedDeliveries',
  'returnedDeliveries',
  'untoldDeliveries',
  /**
   * Slow connections: those of `open` that read slowly now, and how many were ever told to. Two sums over those that are still
   * open: payload sent to be sent back, and payload that came. The last one is payload that came on any that was told to.
   */
  'slow',
  'slowBegun',
  'slowOwedBytes',
  'slowCameBytes',
  'slowPayloadBytesIn',
  /** Messages and requests that slow ones were to send and didn't, since their sockets took no more. */
  'slowHeldBack',
  /** When the first and the last connection was lost to the peer, by {@link monotonicClock}; 0 while none was. */
  'firstLossAtMs',
  'lastLossAtMs',
  /** Those that are to be cut in the episode and haven't been yet, now. */
  'toCut',
  /** Connections that were cut in episodes, those of them that are open again, and their attempts beyond the first. */
  'cut',
  'back',
  'retries',
  /** Those that wait until they come back, now: nobody else is opened in their place. */
  'away',
  /** Their attempts that were due while there was no room in the window. */
  'heldBack',
  /** Attempts that failed, and open connections that were lost, while an episode went on: no reason to give up. */
  'pardoned',
  /** Those that are to vanish and haven't yet, and those that have and whose sockets are kept, now. The latter count as closed. */
  'vanishing',
  'vanished',
  /** When the episode began, and when the last connection came back, by {@link monotonicClock}; 0 before. */
  'begunAtMs',
  'lastBackAtMs',
  /** Collections done, of those the order asked for. */
  'collections',
  /** The number of the last order that was taken up. */
  'orderSeen',
] as const;
export type TallyField = (typeof TALLY_FIELDS)[number];
/** Where a counter of a worker stands in its block. To be written down as a constant: to look it up by name takes a hundred times as long. */
export type Counter = number & { readonly counter: true };
export const COUNTER = Object.fromEntries(TALLY_FIELDS.map((field, i) => [field, i])) as Readonly<
  Record<TallyField, Counter>
>;

/** Counters of one worker, or summed over all. */
export interface Tally extends Counts, Readonly<Record<TallyField, number>> {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly closeReasons: Readonly<Record<CloseReason, number>>;
  /** Replies by the class of their status, where they have one: answers of http. */
  readonly statuses: Readonly<Record<StatusClass, number>>;
}

/** Distributions of times that every share keeps, all in the buckets of core/stats/histogram.ts: their merge is a sum. */
export const HISTOGRAMS = [
  /** From the planned moment until usable. */
  'openPlanned',
  /** From the actual start until usable: what a closed-loop tool would show. */
  'openActual',
  /** What of that each stage took: until TCP is established, until TLS is (0 without it), until usable. */
  'connecting',
  'securing',
  'handshaking',
  /** How late attempts were started, for whatever reason: the target's slowness fills the window, too. */
  'lag',
  /** How late attempts were started although there was room in the window: our own fault alone. */
  'ownLag',
  /** How late messages were sent: our own fault. */
  'sendLag',
  /** From the planned moment of a message until its reply is there. */
  'rttPlanned',
  /** From when it was sent: what a closed-loop tool would show. */
  'rttActual',
  /** From the planned moment of a message that one publishes to all until one of them has it. */
  'delivery',
  /** Between two events of one stream. */
  'eventGap',
  /** How long an answer to a poll was held: from its request until it was whole. */
  'answerHeld',
  /** From the start of an attempt until it had failed. */
  'failedAfter',
  /** How long a connection had been open that was lost to the peer; how long nothing had been said on it; and by us. */
  'lossAge',
  'lossSilence',
  'lossUnsaid',
  /** Connections that come back are in none of those above: from the cut until open again. */
  'backAfter',
  /** From the start of the attempt that succeeded until open, and what each stage took of it. */
  'admission',
  'returnConnecting',
  'returnSecuring',
  'returnHandshaking',
  /** How late their attempts were started after their wait, and although there was room in the window. */
  'returnLag',
  'returnOwnLag',
  /** No times: how many of their attempts began in each second of the episode, and were in time; the bucket is the second, to 127. */
  'returnsBegun',
  'returnsInTime',
] as const;
export type HistogramName = (typeof HISTOGRAMS)[number];

/**
 * Something that went wrong with connections, in words; each different one is told once by each worker, with how long the first
 * such connection had been open, where it was.
 */
export interface Trouble {
  readonly what: Outcome | CloseReason;
  readonly detail: string;
  readonly openMs?: number;
  readonly silentMs?: number;
}

/** A connection that vanished, and when, by {@link monotonicClock}. */
export interface Vanished extends VanishedEnds {
  readonly atMs: number;
}
