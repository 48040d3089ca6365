import type { Template } from '../../core/opening/template.ts';
import { cameOfHead, closedAfter, type Refusal } from './http-head.ts';
import { createResponseReader } from './http-reader.ts';
import { EVENT_STREAM, type Framing } from './http-response.ts';
import { Pieces } from './pieces.ts';
import type { ProtocolEvents, RequestProtocol, Slot } from './protocol.ts';
import { type FillText, prepareRequest, type RequestWords, requestTemplate } from './request-words.ts';
import { wantsTls } from './stranger.ts';

export interface HttpProtocolOptions {
  /** How many slots there are; state for all of them is made at once, 7 bytes each. */
  readonly slots: number;
  /** Request target, with query, of the first request and of heartbeats: `/`. */
  readonly path: string;
  /** Request target of what is asked on open connections; the same unless said. */
  readonly requestPath?: string | undefined;
  /** Value of the Host header: `127.0.0.1:3000`. */
  readonly hostHeader: string;
  /** What requests say beyond the usual, and what fills their holes. */
  readonly words?: RequestWords | undefined;
  readonly fill?: FillText | undefined;
}

/** Where a slot is. What arrives in IDLE and OVER is not looked at. */
const IDLE = 0;
/** The first request isn't answered yet. */
const OPENING = 1;
const OPEN = 2;
/** The peer closed, or broke the protocol. */
const OVER = 3;

/** For people: the answer goes on for as long as the connection is open. */
export const BEGINS_STREAM = 'which begins an event stream';

const REQUEST_TIMEOUT = 408;
/** So much of a refusal's body is looked at. */
const LOOKED_AT_BYTES = 512;

/**
 * HTTP/1.1 keep-alive. A connection is usable once its first request is answered, in whole, by a server that keeps it
 * open. GET alone, without a body; never more than the caller asks for at a time.
 */
export function createHttpProtocol(options: HttpProtocolOptions, events: ProtocolEvents): RequestProtocol {
  const { slots, path, requestPath = path, hostHeader, words, fill } = options;
  const phases = new Uint8Array(slots);
  const pieces = new Pieces();
  /** First answers whose heads have come and whose bodies have not ended. */
  const unended = new Map<Slot, Framing>();
  let lastHead: Framing | undefined;
  const reader = createResponseReader({ slots, pieces }, { onHead, onBody, onComplete, onUnasked, onViolation });
  const requestFor = (target: string | Template): ((slot: Slot) => Buffer) =>
    prepareRequest(
      requestTemplate('GET ', target, ` HTTP/1.1\r\nHost: ${hostHeader}\r\n`, words?.headers ?? '', '\r\n'),
      fill,
    );
  const opening = requestFor(words?.path ?? path);
  const request = requestFor(words?.requestPath ?? requestPath);

  function onHead(slot: Slot, framing: Framing, bytes: Uint8Array, headEnd: number): void {
    if (phases[slot] !== OPENING) return;
    lastHead = framing;
    const refusal = refusalIn(framing, bytes, headEnd);
    if (!refusal) return;
    over(slot);
    events.onHandshakeFailure(slot, refusal.outcome, refusal.detail);
  }

  function onBody(slot: Slot, bytes: Uint8Array): void {
    if (phases[slot] === OPEN) events.onPayload(slot, bytes, false);
  }

  function onComplete(slot: Slot, statusClass: number, keepsOpen: boolean): void {
    if (phases[slot] === OPENING) {
      phases[slot] = OPEN;
      events.onOpen(slot);
      return;
    }
    events.onAnswer(slot, statusClass, keepsOpen);
    if (keepsOpen || phases[slot] !== OPEN) return;
    over(slot);
    events.onPeerClose(slot, 'answered with Connection: close');
  }

  /** RFC 9110, section 15.5.9: a server that closes an idle connection may say so beforehand. */
  function onUnasked(slot: Slot, { status, statusText }: Framing): void {
    const wasOpen = phases[slot] === OPEN;
    phases[slot] = OVER;
    if (!wasOpen) return;
    if (status === REQUEST_TIMEOUT) events.onPeerClose(slot, statusText);
    else events.onProtocolError(slot, `${statusText}, which nobody asked for`);
  }

  function onViolation(slot: Slot, detail: string, isStranger?: boolean): void {
    const phase = phases[slot];
    phases[slot] = OVER;
    if (phase === OPENING) events.onHandshakeFailure(slot, 'bad-handshake', detail, isStranger);
    else if (phase === OPEN) events.onProtocolError(slot, detail);
  }

  function over(slot: Slot): void {
    phases[slot] = OVER;
    reader.stop(slot);
  }

  /** For people: what of the first answer has come. */
  function cameSoFar(slot: Slot): string {
    const framing = unended.get(slot);
    return framing ? cameOfBody(framing) : cameOfHead(pieces.get(slot), reader.interims(slot));
  }

  function ask(slot: Slot, bytes: Buffer): Uint8Array {
    reader.expect(slot);
    return bytes;
  }

  return {
    name: 'http',
    awaitsAnswer: true,
    cameSoFar,
    hello(slot) {
      unended.delete(slot);
      phases[slot] = OPENING;
      reader.start(slot);
      return ask(slot, opening(slot));
    },
    onBytes(slot, bytes) {
      const phase = phases[slot];
      if (phase === OPEN) reader.read(slot, bytes);
      if (phase !== OPENING) return;
      lastHead = undefined;
      reader.read(slot, bytes);
      if (phases[slot] !== OPENING) unended.delete(slot);
      else if (lastHead) unended.set(slot, lastHead);
    },
    onEnd(slot) {
      const phase = phases[slot];
      if (phase !== OPENING && phase !== OPEN) return;
      const came = phase === OPENING ? cameSoFar(slot) : '';
      unended.delete(slot);
      const where = reader.end(slot);
      // The end may have completed an answer, and that said all there is to say.
      if (phases[slot] !== phase) return;
      phases[slot] = OVER;
      if (phase === OPEN) events.onPeerClose(slot, `FIN${END_WHERE[where]}`);
      else events.onHandshakeFailure(slot, 'closed-early', closedAfter(came));
    },
    request: (slot) => ask(slot, request(slot)),
    heartbeat: (slot) => ask(slot, opening(slot)),
    goodbye: () => undefined,
    release(slot) {
      phases[slot] = IDLE;
      unended.delete(slot);
      reader.stop(slot);
    },
  };
}

/** Why the head of a first answer makes no connection that stays. */
function refusalIn(framing: Framing, bytes: Uint8Array, headEnd: number): Refusal | undefined {
  const { minor, status, statusText, keepsOpen, body, mediaType } = framing;
  if (status >= 400) {
    const behind = Buffer.from(bytes.subarray(headEnd, headEnd + LOOKED_AT_BYTES)).toString('latin1');
    return {
      outcome: 'rejected',
      detail: wantsTls(status, behind) ? `${statusText}: the server wants TLS` : statusText,
    };
  }
  if (keepsOpen) return undefined;
  if (mediaType === EVENT_STREAM) return { outcome: 'closed-early', detail: `${statusText}, ${BEGINS_STREAM}` };
  const byVersion = minor === 0 ? 'HTTP/1.0 and no Connection: keep-alive' : 'Connection: close';
  const why = body === 'to-end' ? 'a body that ends with the connection' : byVersion;
  return { outcome: 'closed-early', detail: `${statusText} with ${why}: the server keeps no connection open` };
}

const END_WHERE = {
  idle: '',
  unanswered: ' with a request unanswered',
  midway: ' in the middle of an answer',
} as const;

function cameOfBody({ statusText, body, mediaType }: Framing): string {
  if (mediaType === EVENT_STREAM) return `the whole head of ${statusText}, ${BEGINS_STREAM}`;
  const which = typeof body === 'number' ? `body of ${body} bytes` : `${body} body`;
  return `the whole head of ${statusText}, whose ${which} has not ended`;
}
