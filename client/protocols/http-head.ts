import type { Outcome } from '../../core/outcomes.ts';

/** Why an answer to a first request doesn't make a connection usable. */
export interface Refusal {
  readonly outcome: Extract<Outcome, 'rejected' | 'bad-handshake' | 'closed-early'>;
  readonly detail: string;
}

/** A response head, taken apart but not judged. */
export interface ResponseHead {
  /** Of HTTP/1.x: 0 or 1. */
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
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const SHOWN_BYTES = 40;

/**
 * Where the response head in `bytes` ends.
 *
 * @returns the index after its empty line; 0 when more has to come; a refusal when it can't become a head any more
 */
export function findHeadEnd(bytes: Buffer): number | Refusal {
  const prefix = bytes.toString('latin1', 0, PROTOCOL_PREFIX.length);
  if (!PROTOCOL_PREFIX.startsWith(prefix)) return bad(`the answer is not HTTP: it begins with ${shown(bytes)}`);
  const at = bytes.indexOf(HEAD_END, 0, 'latin1');
  if (at >= 0 && at + HEAD_END.length <= MAX_HEAD_BYTES) return at + HEAD_END.length;
  return at >= 0 || bytes.length >= MAX_HEAD_BYTES ? bad(`response head above ${MAX_HEAD_BYTES} bytes`) : 0;
}

/** The status line of a head. @param head up to its empty line, which may be included */
export function readStatusLine(head: string): Omit<ResponseHead, 'headers'> | Refusal {
  const end = head.indexOf('\r\n');
  const line = end < 0 ? head : head.slice(0, end);
  const match = STATUS_LINE.exec(line);
  if (!match) return bad(`malformed status line ${JSON.stringify(line.slice(0, SHOWN_BYTES))}`);
  const [, minor, code = '', reason = ''] = match;
  return { minor: Number(minor), status: Number(code), statusText: `HTTP ${code} ${reason}`.trimEnd() };
}

/** The header lines of a head. @param head up to its empty line, which may be included */
export function readHeaders(head: string): ReadonlyMap<string, string> | Refusal {
  const headers = new Map<string, string>();
  for (const line of head.trimEnd().split('\r\n').slice(1)) {
    const match = HEADER_LINE.exec(line);
    if (!match) return bad(`malformed header line ${JSON.stringify(line.slice(0, SHOWN_BYTES))}`);
    const name = match[1]!.toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? match[2]! : `${before}, ${match[2]!}`);
  }
  return headers;
}

/** The members of a header that is a list, in lower case. */
export const tokensOf = (value: string | undefined): string[] => value?.toLowerCase().split(/[ \t]*,[ \t]*/) ?? [];

export const bad = (detail: string): Refusal => ({ outcome: 'bad-handshake', detail });

/** Details end up in a log: whatever a server sent is cut and quoted. */
export const named = (value: string | undefined): string =>
  value === undefined ? 'missing' : JSON.stringify(value.slice(0, SHOWN_BYTES));
export const shown = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1', 0, SHOWN_BYTES));
