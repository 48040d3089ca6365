import assert from 'node:assert/strict';
import type { Peer } from './peer.ts';

/** How one asks a server of one protocol, byte by byte, and what it has to answer. */
export interface Dialect {
  /** What a connection begins with; empty when the transport alone makes it usable. */
  readonly hello: Buffer;
  welcomed(peer: Peer): Promise<void>;
  /** A question of about so many bytes, in which the number is found again. */
  question(number: number, bytes: number): Buffer;
  /** Reads the answer to it, the whole and nothing else. */
  answered(peer: Peer, number: number, bytes: number): Promise<void>;
}

function payloadOf(number: number, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) payload[i] = (number + i) % 251;
  return payload;
}

const tcp: Dialect = {
  hello: Buffer.alloc(0),
  welcomed: async () => {},
  question: payloadOf,
  async answered(peer, number, bytes) {
    assert.ok((await peer.read(bytes)).equals(payloadOf(number, bytes)), 'what comes back is what was sent');
  },
};

const BINARY = 0x82;
const MASKED = 0x80;
const TWO_BYTES = 126;

function frame(payload: Buffer, mask: readonly number[]): Buffer {
  const isMasked = mask.length > 0 ? MASKED : 0;
  const { length } = payload;
  const head =
    length < TWO_BYTES ? [BINARY, isMasked | length] : [BINARY, isMasked | TWO_BYTES, length >> 8, length & 0xff];
  const masked = mask.length > 0 ? payload.map((byte, i) => byte ^ mask[i % 4]!) : payload;
  return Buffer.concat([Buffer.from([...head, ...mask]), masked]);
}

const ws: Dialect = {
  hello: Buffer.from(
    'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  ),
  async welcomed(peer) {
    const head = (await peer.readUntil('\r\n\r\n')).toString('latin1');
    assert.match(head, /^HTTP\/1\.1 101 /);
    // The answer to the sample key, from RFC 6455, 1.3.
    assert.match(head, /^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/im);
  },
  question: (number, bytes) => frame(payloadOf(number, bytes), [1, 2, 3, 4]),
  async answered(peer, number, bytes) {
    const expected = frame(payloadOf(number, bytes), []);
    assert.ok((await peer.read(expected.length)).equals(expected), 'what comes back is what was sent');
  },
};

/** Asks for a path; what it is padded with goes into a header. */
const request = (path: string, bytes: number): Buffer =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Padding: ${'x'.repeat(Math.min(bytes, 2000))}\r\n\r\n`);

/** Reads a response that says its length. */
async function readResponse(peer: Peer): Promise<{ status: number; body: string }> {
  const head = (await peer.readUntil('\r\n\r\n')).toString('latin1');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1]);
  assert.ok(status > 0 && length >= 0, head);
  assert.doesNotMatch(head, /^connection: close/im);
  return { status, body: (await peer.read(length)).toString() };
}

const http: Dialect = {
  hello: Buffer.alloc(0),
  welcomed: async () => {},
  question: (_, bytes) => request('/', bytes),
  async answered(peer) {
    assert.deepEqual(await readResponse(peer), { status: 200, body: 'hello' });
  },
};

/** Nobody asks on an event stream: it is there, and says nothing of its own accord. */
const sse: Dialect = {
  hello: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n'),
  async welcomed(peer) {
    const head = (await peer.readUntil('\r\n\r\n')).toString('latin1');
    assert.match(head, /^HTTP\/1\.1 200 /);
    assert.match(head, /^content-type: text\/event-stream(;.*)?\r$/im);
  },
  question: () => Buffer.alloc(0),
  answered: async () => {},
};

export const DIALECTS = { tcp, ws, http, sse } as const;

/** One request of its own, on a connection that stays. */
export async function get(peer: Peer, path: string): Promise<{ status: number; body: string }> {
  await peer.send(request(path, 0));
  return readResponse(peer);
}
