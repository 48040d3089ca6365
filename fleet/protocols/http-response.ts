import { bad, named, type Refusal, type ResponseHead, readHeaders, readStatusLine, tokensOf } from './http-head.ts';

/** How a response goes on after its head (RFC 9112, section 6.3), for requests other than HEAD and CONNECT. */
export interface Framing extends Pick<ResponseHead, 'minor' | 'status' | 'statusText'> {
  /** Bytes of its body; `chunked` when it says so itself, `to-end` when only the connection's end ends it. */
  readonly body: number | 'chunked' | 'to-end';
  /** The server keeps the connection afterwards. */
  readonly keepsOpen: boolean;
  /** What the body is, in lower case and without parameters: `text/event-stream`. */
  readonly mediaType: string | undefined;
  /** How the body is coded beside that: `gzip`. */
  readonly coding: string | undefined;
}

/** The type of server-sent events. */
export const EVENT_STREAM = 'text/event-stream';
/** A body, or a chunk of one, has to be shorter: so its rest can be counted in 32 bits. */
export const MAX_BODY_BYTES = 2 ** 32 - 1;

/** @param head up to its empty line, which may be included */
export function framingOf(head: string): Framing | Refusal {
  const first = readStatusLine(head);
  if ('outcome' in first) return first;
  const { minor, status, statusText } = first;
  if (status < 100 || status > 599) return bad(`${statusText}: there is no such status`);
  if (status === 101) return bad(`${statusText}: nobody asked for another protocol`);
  const headers = readHeaders(head);
  if ('outcome' in headers) return headers;
  const body = bodyOf(status, headers);
  if (typeof body === 'object') return body;
  const connection = tokensOf(headers.get('connection'));
  const stays = minor === 0 ? connection.includes('keep-alive') : !connection.includes('close');
  const mediaType = headers.get('content-type')?.replace(/;.*$/, '').trim().toLowerCase();
  const coding = tokensOf(headers.get('content-encoding')).find((token) => token !== 'identity');
  return { minor, status, statusText, body, keepsOpen: stays && body !== 'to-end', mediaType, coding };
}

function bodyOf(status: number, headers: ReadonlyMap<string, string>): Framing['body'] | Refusal {
  if (status < 200 || status === 204 || status === 304) return 0;
  const encoding = headers.get('transfer-encoding');
  // It outranks a length.
  if (encoding !== undefined) return tokensOf(encoding).at(-1) === 'chunked' ? 'chunked' : 'to-end';
  const length = headers.get('content-length');
  if (length === undefined) return 'to-end';
  // The same one several times is allowed.
  const lengths = new Set(tokensOf(length));
  const [only = ''] = lengths;
  if (lengths.size > 1 || !/^\d+$/.test(only)) return bad(`Content-Length is ${named(length)}, not a number`);
  const bytes = Number(only);
  return bytes <= MAX_BODY_BYTES ? bytes : bad(`a body of ${only} bytes; the limit is ${MAX_BODY_BYTES}`);
}
