import type { Outcome } from '../../core/outcomes.ts';

/** Why an answer to an upgrade request doesn't make a WebSocket. */
export interface Refusal {
  readonly outcome: Extract<Outcome, 'rejected' | 'bad-handshake'>;
  readonly detail: string;
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

/**
 * Judges a whole response head by RFC 6455, section 4.1, for a client that offered neither extensions nor
 * subprotocols.
 *
 * @param head up to its empty line, which may be included
 * @param expectedAccept asked for only when the status is 101
 * @returns undefined when the connection is a WebSocket now
 */
export function judgeHead(head: string, expectedAccept: () => string): Refusal | undefined {
  const [statusLine = '', ...lines] = head.trimEnd().split('\r\n');
  const status = STATUS_LINE.exec(statusLine);
  if (!status) return bad(`malformed status line ${JSON.stringify(statusLine.slice(0, SHOWN_BYTES))}`);
  const [, minor, code = '', reason = ''] = status;
  if (code !== '101') return { outcome: 'rejected', detail: `HTTP ${code} ${reason}`.trimEnd() };
  if (minor === '0') return bad('HTTP/1.0 has no upgrade');

  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = HEADER_LINE.exec(line);
    if (!match) return bad(`malformed header line ${JSON.stringify(line.slice(0, SHOWN_BYTES))}`);
    const name = match[1]!.toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? match[2]! : `${before}, ${match[2]!}`);
  }
  return judgeHeaders(headers, expectedAccept());
}

function judgeHeaders(headers: ReadonlyMap<string, string>, expectedAccept: string): Refusal | undefined {
  const upgrade = headers.get('upgrade');
  if (upgrade?.toLowerCase() !== 'websocket') return bad(`Upgrade header is ${named(upgrade)}, not websocket`);
  const connection = headers.get('connection');
  const tokens = connection?.toLowerCase().split(/[ \t]*,[ \t]*/);
  if (!tokens?.includes('upgrade')) return bad(`Connection header is ${named(connection)}, without upgrade`);
  const accept = headers.get('sec-websocket-accept');
  if (accept !== expectedAccept) return bad(`Sec-WebSocket-Accept is ${named(accept)}, not the answer to our key`);
  const extensions = headers.get('sec-websocket-extensions');
  if (extensions) return bad(`the server chose extension ${named(extensions)}, which was not offered`);
  const subprotocol = headers.get('sec-websocket-protocol');
  if (subprotocol) return bad(`the server chose subprotocol ${named(subprotocol)}, which was not offered`);
  return undefined;
}

/**
 * The last good response head. A server says the same to everyone but for the accept value, so the next head needs to be
 * compared, not judged.
 */
export class KnownHead {
  #head: Buffer | undefined;
  #acceptAt = 0;

  /** @param head judged good, up to and with its empty line */
  remember(head: Buffer, accept: string): void {
    const at = head.indexOf(accept, 0, 'latin1');
    if (at < 0) return;
    this.#head = Buffer.from(head);
    this.#acceptAt = at;
  }

  /** @returns where the head in `bytes` ends, when it is the known one with this accept value; else 0 */
  endIn(bytes: Buffer, accept: string): number {
    const head = this.#head;
    const from = this.#acceptAt;
    const to = from + accept.length;
    if (!head || bytes.length < head.length) return 0;
    const same =
      head.compare(bytes, 0, from, 0, from) === 0 &&
      head.compare(bytes, to, head.length, to, head.length) === 0 &&
      bytes.toString('latin1', from, to) === accept;
    return same ? head.length : 0;
  }
}

const bad = (detail: string): Refusal => ({ outcome: 'bad-handshake', detail });

/** Details end up in a log: whatever a server sent is cut and quoted. */
const named = (value: string | undefined): string =>
  value === undefined ? 'missing' : JSON.stringify(value.slice(0, SHOWN_BYTES));
const shown = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1', 0, SHOWN_BYTES));
