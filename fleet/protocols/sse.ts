import { EventIds } from './event-ids.ts';
import { createEventReader } from './event-reader.ts';
import { cameOfHead, closedAfter, named, type Refusal, readHeaders } from './http-head.ts';
import { createResponseReader } from './http-reader.ts';
import { EVENT_STREAM, type Framing } from './http-response.ts';
import { Pieces } from './pieces.ts';
import type { Protocol, ProtocolEvents, Slot } from './protocol.ts';
import { redirectDetail } from './redirect.ts';
import { type FillText, prepareRequest, type RequestWords, requestTemplate } from './request-words.ts';
import { wantsTls } from './stranger.ts';

export interface SseProtocolOptions {
  /** How many slots there are; state for all of them is made at once, 8 bytes each, and 48 for an event id that is kept. */
  readonly slots: number;
  /** Request target, with query: `/events`. */
  readonly path: string;
  /** Value of the Host header: `127.0.0.1:3000`. */
  readonly hostHeader: string;
  /** What requests say beyond the usual, and what fills their holes. */
  readonly words?: RequestWords | undefined;
  readonly fill?: FillText | undefined;
}

/** Where a slot is. What arrives in IDLE and OVER is not looked at. */
const IDLE = 0;
/** The request isn't answered yet. */
const OPENING = 1;
const OPEN = 2;
/** The stream has ended, or was broken off by one of the two. */
const OVER = 3;

const OK = 200;
/** So much of a refusal's body is looked at. */
const LOOKED_AT_BYTES = 512;
const ENDED = 'the stream ended';
const NO_BYTES = new Uint8Array(0);
const HEAD_END = Buffer.from('\r\n\r\n');

type ToRequest = (slot: Slot) => Buffer;

/**
 * Server-sent events over HTTP/1.x (HTML standard, section 9.2). A connection is usable once the head of an event stream has
 * come, and for as long as that goes on. Each event is a message. A stream that the server ended is gone on with by a
 * later connection, which says what the last event was.
 */
export function createSseProtocol(options: SseProtocolOptions, events: ProtocolEvents): Protocol {
  const { slots, path, hostHeader, words, fill } = options;
  const phases = new Uint8Array(slots);
  const pieces = new Pieces();
  const ids = new EventIds(slots);
  let retryMs: number | undefined;
  const reader = createResponseReader({ slots, pieces }, { onHead, onBody, onComplete, onUnasked, onViolation });
  const stream = createEventReader(slots, {
    onData: (slot, bytes) => events.onPayload(slot, bytes, false),
    onEvent: (slot) => events.onPayload(slot, NO_BYTES, true),
    onId: (slot, id) => ids.set(slot, id),
    onRetry: (_, afterMs) => {
      retryMs = afterMs;
    },
  });
  const own = ` HTTP/1.1\r\nHost: ${hostHeader}\r\nAccept: ${EVENT_STREAM}\r\nCache-Control: no-cache\r\n`;
  const [request, resuming] = ['\r\n', 'Last-Event-ID: '].map((end) =>
    prepareRequest(requestTemplate('GET ', words?.path ?? path, own, words?.headers ?? '', end), fill),
  ) as [ToRequest, ToRequest];

  function onHead(slot: Slot, framing: Framing, bytes: Uint8Array, headEnd: number): void {
    const refusal = refusalIn(framing, bytes, headEnd);
    if (refusal) {
      over(slot);
      events.onHandshakeFailure(slot, refusal.outcome, refusal.detail);
      return;
    }
    phases[slot] = OPEN;
    events.onOpen(slot);
  }

  function onBody(slot: Slot, bytes: Uint8Array): void {
    if (phases[slot] === OPEN) stream.read(slot, bytes);
  }

  function onComplete(slot: Slot, _: number, keepsOpen: boolean): void {
    if (phases[slot] !== OPEN) return;
    over(slot);
    events.onPeerClose(slot, ENDED, keepsOpen);
  }

  /** Nothing is read behind the one answer that was asked for. */
  function onUnasked(slot: Slot): void {
    over(slot);
  }

  function onViolation(slot: Slot, detail: string, isStranger?: boolean): void {
    const phase = phases[slot];
    over(slot);
    if (phase === OPENING) events.onHandshakeFailure(slot, 'bad-handshake', detail, isStranger);
    else if (phase === OPEN) events.onProtocolError(slot, detail);
  }

  function over(slot: Slot): void {
    phases[slot] = OVER;
    reader.stop(slot);
    stream.forget(slot);
    ids.leave(slot);
  }

  /** For people: what of the answer's head has come. */
  const cameSoFar = (slot: Slot): string => cameOfHead(pieces.get(slot), reader.interims(slot));

  return {
    name: 'sse',
    awaitsAnswer: true,
    cameSoFar,
    get retryMs() {
      return retryMs;
    },
    hello(slot) {
      phases[slot] = OPENING;
      ids.clear(slot);
      reader.start(slot);
      reader.expect(slot);
      stream.start(slot);
      const last = ids.take(slot);
      return last ? Buffer.concat([resuming(slot), last, HEAD_END]) : request(slot);
    },
    onBytes(slot, bytes) {
      const phase = phases[slot];
      if (phase === OPENING || phase === OPEN) reader.read(slot, bytes);
    },
    onEnd(slot) {
      const phase = phases[slot];
      if (phase !== OPENING && phase !== OPEN) return;
      const came = phase === OPENING ? cameSoFar(slot) : '';
      reader.end(slot);
      // A body that goes to the end of the connection is complete by it.
      if (phases[slot] !== phase) return;
      over(slot);
      if (phase === OPEN) events.onPeerClose(slot, 'FIN before the end of the stream');
      else events.onHandshakeFailure(slot, 'closed-early', closedAfter(came));
    },
    goodbye(slot) {
      // Nobody goes on with what we end ourselves.
      ids.clear(slot);
      if (phases[slot] === OPEN) over(slot);
      return undefined;
    },
    release(slot) {
      over(slot);
      phases[slot] = IDLE;
    },
  };
}

/** Why the head of an answer begins no event stream. */
function refusalIn(framing: Framing, bytes: Uint8Array, headEnd: number): Refusal | undefined {
  const { status, statusText, body, mediaType, coding } = framing;
  if (status !== OK) {
    const behind = Buffer.from(bytes.subarray(headEnd, headEnd + LOOKED_AT_BYTES)).toString('latin1');
    const headers = readHeaders(Buffer.from(bytes.subarray(0, headEnd)).toString('latin1'));
    const location = 'outcome' in headers ? undefined : headers.get('location');
    const redirected = redirectDetail(status, statusText, location);
    const detail = redirected ?? (wantsTls(status, behind) ? `${statusText}: the server wants TLS` : statusText);
    return { outcome: 'rejected', detail };
  }
  if (mediaType !== EVENT_STREAM) {
    const what = mediaType === undefined ? 'no Content-Type' : `Content-Type ${named(mediaType)}`;
    return {
      outcome: 'bad-handshake',
      detail: `${statusText} with ${what}, where an event stream has ${EVENT_STREAM}`,
    };
  }
  if (coding !== undefined) {
    return {
      outcome: 'bad-handshake',
      detail: `${statusText} with Content-Encoding ${named(coding)}, which nobody asked for`,
    };
  }
  return body === 0 ? { outcome: 'closed-early', detail: `${statusText} with an event stream of no bytes` } : undefined;
}
