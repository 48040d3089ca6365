import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createWsProtocol } from '../../fleet/protocols/ws.ts';
import type { DeflateMode } from '../../fleet/protocols/ws-extension.ts';

export const SLOT = 2;
export const MAX_MESSAGE_BYTES = 70_000;

export type WsFinding = readonly [what: string, ...details: unknown[]];
export interface WsSubject {
  readonly ws: ReturnType<typeof createWsProtocol>;
  /** What was found so far; payload pieces of a message are joined. */
  readonly found: WsFinding[];
  /** A valid answer to the request that was just made. */
  readonly answer: Buffer;
  /** Feeds a stream in chunks through one buffer that is overwritten in between, as an engine does. */
  feed(stream: Uint8Array, chunkBytes?: readonly number[]): void;
}

export interface WsSubjectOptions {
  /** What is offered. */
  readonly deflate?: DeflateMode;
  /** What the answer says of it. */
  readonly extensions?: string;
}

/** The ws protocol with one slot that has sent its request. */
export function start({ deflate, extensions }: WsSubjectOptions = {}): WsSubject {
  const found: WsFinding[] = [];
  let message = '';
  const ws = createWsProtocol(
    {
      slots: 4,
      path: '/',
      hostHeader: 'localhost',
      maxMessageBytes: MAX_MESSAGE_BYTES,
      seed: new Uint8Array(16),
      deflate,
    },
    {
      onOpen: (_, isDeclined) => found.push(isDeclined ? ['open', 'declined'] : ['open']),
      onHandshakeFailure: (_, outcome, detail) => found.push([outcome, detail]),
      onPayload: (_, bytes, last) => {
        message += Buffer.from(bytes).toString('hex');
        if (last) found.push(['message', message]);
        if (last) message = '';
      },
      onAnswer: () => assert.fail('ws has no answers'),
      onReply: (_, bytes) => found.push(['reply', bytes[0]! & 0x0f, unmasked(bytes)]),
      onPeerClose: (_, detail) => found.push(['peer close', detail]),
      onProtocolError: (_, detail, reason) =>
        found.push([reason === 'too-large' ? 'too large' : 'protocol error', detail]),
    },
  );
  const answer = answerTo(ws.hello(SLOT)!, extensions);
  const buffer = Buffer.alloc(200_000);
  return {
    ws,
    found,
    answer,
    feed(stream, chunkBytes = []) {
      let at = 0;
      for (let i = 0; at < stream.length; i++) {
        const length = Math.min(stream.length - at, chunkBytes[i % chunkBytes.length] ?? stream.length);
        buffer.set(stream.subarray(at, at + length));
        ws.onBytes(SLOT, buffer.subarray(0, length));
        buffer.fill(0xee, 0, length);
        at += length;
      }
    },
  };
}

/** A valid answer to an upgrade request. */
export function answerTo(request: Uint8Array, extensions?: string): Buffer {
  const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(Buffer.from(request).toString())![1]!;
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return Buffer.from(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      (extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`) +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

/** The same with its handshake done. */
export function opened(options: WsSubjectOptions = {}): WsSubject {
  const subject = start(options);
  subject.feed(subject.answer);
  assert.deepEqual(subject.found.splice(0), [['open']]);
  return subject;
}

/** Payload of one of our short frames, as hex. */
export const unmasked = (frame: Uint8Array): string =>
  Buffer.from(frame.subarray(6).map((byte, i) => byte ^ frame[2 + (i % 4)]!)).toString('hex');

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What follows from breaking the protocol: a close frame with the code, then the finding. */
export const violation = (code: number, detail: string): WsFinding[] => [
  ['reply', 8, code.toString(16).padStart(4, '0')],
  [code === 1009 ? 'too large' : 'protocol error', detail],
];
