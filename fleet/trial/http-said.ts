import { MAX_HEAD_BYTES } from '../protocols/http-head.ts';
import { framingOf } from '../protocols/http-response.ts';
import type { Said, SaidReader } from './said.ts';

const HEAD_END = '\r\n\r\n';
const LINE_FEED = 10;
const SWITCHED = /^HTTP\/1\.\d 101(?: |$)/;
const RESPONSE = 'HTTP/1.';
const LENGTH = /^content-length[ \t]*:[ \t]*(\d+)[ \t]*$/im;
const CHUNK_SIZE = /^([0-9a-f]+)/i;

/** What comes next. */
type Next =
  | { readonly is: 'head' }
  /** So many bytes of a body. */
  | { readonly is: 'body'; left: number }
  | { readonly is: 'chunk-size' }
  /** So many bytes of a chunk, and the end of its line. */
  | { readonly is: 'chunk'; left: number }
  | { readonly is: 'trailers' }
  /** Whatever it is. */
  | { readonly is: 'bytes' };

/** Requests or answers of HTTP/1.1 on one connection, one behind the other. */
export class HttpSaid implements SaidReader {
  readonly #isServer: boolean;
  readonly #onSwitched: (rest: Buffer) => readonly Said[];
  #kept: Buffer = Buffer.alloc(0);
  #next: Next = { is: 'head' };

  /** @param onSwitched an answer of 101 has come: gives what is behind it as the next protocol has it */
  constructor(isServer: boolean, onSwitched: (rest: Buffer) => readonly Said[] = () => []) {
    this.#isServer = isServer;
    this.#onSwitched = onSwitched;
  }

  read(bytes: Buffer): readonly Said[] {
    let rest: Buffer = Buffer.concat([this.#kept, bytes]);
    const found: Said[] = [];
    this.#kept = Buffer.alloc(0);
    while (rest.length > 0) {
      const before = rest.length;
      const next = this.#next;
      if (next.is === 'head') rest = this.#readHead(rest, found);
      else if (next.is === 'body' || next.is === 'chunk') rest = this.#readCounted(rest, next, found);
      else if (next.is === 'bytes') {
        found.push({ kind: 'bytes', bytes: Buffer.from(rest) });
        break;
      } else rest = this.#readLine(rest, next.is);
      if (rest.length === before) {
        this.#kept = Buffer.from(rest);
        break;
      }
    }
    return found;
  }

  end(): readonly Said[] {
    const rest = this.#kept;
    this.#kept = Buffer.alloc(0);
    return rest.length === 0 ? [] : [{ kind: 'bytes', bytes: rest }];
  }

  #readHead(bytes: Buffer, found: Said[]): Buffer {
    const end = bytes.indexOf(HEAD_END, 0, 'latin1');
    const isForeign = this.#isServer && !RESPONSE.startsWith(bytes.toString('latin1', 0, RESPONSE.length));
    if (isForeign || (end < 0 && bytes.length > MAX_HEAD_BYTES)) {
      this.#next = { is: 'bytes' };
      found.push({ kind: 'bytes', bytes: Buffer.from(bytes) });
      return Buffer.alloc(0);
    }
    if (end < 0) return bytes;
    const head = bytes.toString('latin1', 0, end);
    const rest = bytes.subarray(end + HEAD_END.length);
    found.push({ kind: 'head', lines: bytes.toString('utf8', 0, end).split('\r\n') });
    if (this.#isServer && SWITCHED.test(head)) {
      found.push(...this.#onSwitched(Buffer.from(rest)));
      return Buffer.alloc(0);
    }
    this.#next = this.#isServer ? behindAnswer(`${head}${HEAD_END}`) : behindRequest(head);
    return rest;
  }

  #readCounted(bytes: Buffer, next: Extract<Next, { left: number }>, found: Said[]): Buffer {
    const part = bytes.subarray(0, Math.min(bytes.length, next.left));
    next.left -= part.length;
    if (part.length > 0) found.push({ kind: 'body', bytes: Buffer.from(part) });
    if (next.left === 0) this.#next = next.is === 'body' ? { is: 'head' } : { is: 'chunk-size' };
    return bytes.subarray(part.length);
  }

  #readLine(bytes: Buffer, is: 'chunk-size' | 'trailers'): Buffer {
    const feedAt = bytes.indexOf(LINE_FEED);
    if (feedAt < 0) return bytes;
    const line = bytes.toString('latin1', 0, feedAt).replace(/\r$/, '');
    if (is === 'trailers') {
      if (line === '') this.#next = { is: 'head' };
    } else if (line !== '') {
      // An empty line is the end of the chunk before.
      const size = Number.parseInt(CHUNK_SIZE.exec(line)?.[1] ?? '', 16);
      this.#next = Number.isNaN(size) ? { is: 'bytes' } : size === 0 ? { is: 'trailers' } : { is: 'chunk', left: size };
    }
    return bytes.subarray(feedAt + 1);
  }
}

const behindRequest = (head: string): Next => {
  const left = Number(LENGTH.exec(head)?.[1] ?? 0);
  return left === 0 ? { is: 'head' } : { is: 'body', left };
};

function behindAnswer(head: string): Next {
  const framing = framingOf(head);
  if ('outcome' in framing) return { is: 'bytes' };
  const { body } = framing;
  if (body === 'chunked') return { is: 'chunk-size' };
  if (body === 'to-end') return { is: 'body', left: Number.POSITIVE_INFINITY };
  return body === 0 ? { is: 'head' } : { is: 'body', left: body };
}
