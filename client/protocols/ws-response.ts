import { bad, named, type Refusal, readHeaders, readStatusLine, tokensOf } from './http-head.ts';

/**
 * Judges a whole response head by RFC 6455, section 4.1, for a client that offered neither extensions nor
 * subprotocols.
 *
 * @param head up to its empty line, which may be included
 * @param expectedAccept asked for only when the status is 101
 * @returns undefined when the connection is a WebSocket now
 */
export function judgeHead(head: string, expectedAccept: () => string): Refusal | undefined {
  const first = readStatusLine(head);
  if ('outcome' in first) return first;
  if (first.status !== 101) return { outcome: 'rejected', detail: first.statusText };
  if (first.minor === 0) return bad('HTTP/1.0 has no upgrade');
  const headers = readHeaders(head);
  if ('outcome' in headers) return headers;
  return judgeHeaders(headers, expectedAccept());
}

function judgeHeaders(headers: ReadonlyMap<string, string>, expectedAccept: string): Refusal | undefined {
  const upgrade = headers.get('upgrade');
  if (upgrade?.toLowerCase() !== 'websocket') return bad(`Upgrade header is ${named(upgrade)}, not websocket`);
  const connection = headers.get('connection');
  if (!tokensOf(connection).includes('upgrade')) {
    return bad(`Connection header is ${named(connection)}, without upgrade`);
  }
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
