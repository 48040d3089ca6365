import type { Outcome } from '../../core/values/outcomes.ts';
import { strangerIn } from './stranger.ts';

/** Why an answer to a first request doesn't make a connection usable. */
export interface Refusal {
  readonly outcome: Extract<Outcome, 'rejected' | 'bad-handshake' | 'closed-early' | 'opening-refused'>;
  readonly detail: string;
  /** It isn't HTTP/1.x at all. */
  readonly isStranger?: true;
}

/** A response head, taken apart but not judged. */
export interface ResponseHead {
  /** Minor version of HTTP/1.x: 0 or 1. */
  readonly minor: number;
  /** Three digits. */
  readonly status: number;
  /** For people: `HTTP 403 Forbidden`. */
  readonly statusText: string;
  /** By lower-case name; what came several times is joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A response head may not be longer, its empty line included. */
export const MAX_HEAD_BYTES = 16_384;
const HEAD_END = '\r\n\r\n';
const PROTOCOL_PREFIX = 'HTTP/1.';
const STATUS_LINE = /^HTTP\/1\.(\d) (\d{3})(?: (.*))?$/;
/** RFC 9110, section 5.5: no control characters, but for the tab. */
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\u0080-\u00ff]*?)[ \t]*$/;
const SHOWN_BYTES = 40;
const MAX_SHOWN_REASON = 80;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Where the response head in `bytes` ends. A line has to end in CR LF: RFC 9112, section 2.2, lets a recipient take LF
 * alone, and curl, Go and Python do, but Node.js, and with it `ws`, does not. What connects here would not connect there.
 *
 * @returns the index after its empty line; 0 when more has to come; a refusal when it can't become a head any more
 */
export function findHeadEnd(bytes: Buffer): number | Refusal {
  const prefix = bytes.toString('latin1', 0, PROTOCOL_PREFIX.length);
  if (!PROTOCOL_PREFIX.startsWith(prefix)) {
    const stranger = strangerIn(bytes);
    if (stranger === undefined) return 0;
    return {
      ...bad(stranger === '' ? `the answer is not HTTP: it begins with ${shown(bytes)}` : stranger),
      isStranger: true,
    };
  }
  const at = bytes.indexOf(HEAD_END, 0, 'latin1');
  const isWhole = at >= 0 && at + HEAD_END.length <= MAX_HEAD_BYTES;
  const end = isWhole ? at + HEAD_END.length : Math.min(bytes.length, MAX_HEAD_BYTES);
  if (hasBareLineFeed(bytes, end)) return bad(`the lines of the response head end in LF without CR: ${shown(bytes)}`);
  if (isWhole) return end;
  return bytes.length >= MAX_HEAD_BYTES ? bad(`response head above ${MAX_HEAD_BYTES} bytes`) : 0;
}

function hasBareLineFeed(bytes: Buffer, end: number): boolean {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0 && at < end; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (bytes[at - 1] !== CARRIAGE_RETURN) return true;
  }
  return false;
}

/** The status line of a head. @param head up to its empty line, which may be included */
export function readStatusLine(head: string): Omit<ResponseHead, 'headers'> | Refusal {
  const end = head.indexOf('\r\n');
  const line = end < 0 ? head : head.slice(0, end);
  const match = STATUS_LINE.exec(line);
  if (!match) return bad(`malformed status line ${JSON.stringify(line.slice(0, SHOWN_BYTES))}`);
  const [, minor, code = '', reason = ''] = match;
  const words = reason.slice(0, MAX_SHOWN_REASON).replace(/\p{Cc}/gu, '?');
  return { minor: Number(minor), status: Number(code), statusText: `HTTP ${code} ${words}`.trimEnd() };
}

/** The header lines of a head. @param head up to its empty line, which may be included */
export function readHeaders(head: string): ReadonlyMap<string, string> | Refusal {
  const headers = new Map<string, string>();
  const lines = head.endsWith(HEAD_END) ? head.slice(0, -HEAD_END.length) : head;
  for (const line of lines.split('\r\n').slice(1)) {
    const match = HEADER_LINE.exec(line);
    if (!match) return bad(`malformed header line ${JSON.stringify(line.slice(0, SHOWN_BYTES))}`);
    const name = match[1]!.toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? match[2]! : `${before}, ${match[2]!}`);
  }
  return headers;
}

/** An answer before the final one (RFC 9110, section 15.2), to be read over; 101 is none, since it ends the exchange. */
export const isInterim = (status: number): boolean => status >= 100 && status < 200 && status !== 101;

/** So many interim answers before a final one, each as long as a head may be, are read over. */
export const MOST_INTERIM = 16;
export const tooManyInterim = (): Refusal => bad(`more than ${MOST_INTERIM} interim answers (1xx) and no final one`);

/** Whether a line can stand in a head, or behind the last chunk. */
export const isHeaderLine = (line: string): boolean => HEADER_LINE.test(line);

/** The members of a header that is a list, in lower case; empty ones don't count (RFC 9110, section 5.6.1.2). */
export const tokensOf = (value: string | undefined): string[] =>
  value
    ?.toLowerCase()
    .split(/[ \t]*,[ \t]*/)
    .filter((token) => token !== '') ?? [];

export const bad = (detail: string): Refusal => ({ outcome: 'bad-handshake', detail });

export const NO_ANSWER = 'no answer';
/** For people: the server sent FIN when so much had come. */
export const closedAfter = (came: string): string =>
  came === NO_ANSWER ? 'the server closed without an answer' : `the server closed after ${came}`;

/** For people: what of a response head came so far. `pieces` of it are kept while it isn't whole. */
export function cameOfHead(pieces: Uint8Array | undefined, interim: number): string {
  const before = interim === 0 ? '' : `${interim} interim ${interim === 1 ? 'answer' : 'answers'} (1xx) and `;
  if (pieces === undefined || pieces.length === 0) return interim === 0 ? NO_ANSWER : `${before}no final one`;
  return `${before}${pieces.length} bytes of a response head, which begins with ${shown(pieces)}`;
}

/** Details end up in a log: whatever a server sent is cut and quoted. */
export const named = (value: string | undefined): string =>
  value === undefined ? 'missing' : JSON.stringify(value.slice(0, SHOWN_BYTES));
export const shown = (bytes: Uint8Array): string =>
  JSON.stringify(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SHOWN_BYTES)).toString('latin1'));
