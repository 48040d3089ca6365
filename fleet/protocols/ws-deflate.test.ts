import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { constants, createDeflateRaw, type DeflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  array,
  asyncProperty,
  boolean,
  constantFrom,
  assert as holds,
  nat,
  property,
  tuple,
  uint8Array,
} from 'fast-check';
import {
  answerTo,
  hex,
  MAX_MESSAGE_BYTES,
  opened,
  SLOT,
  start,
  violation,
  type WsFinding,
  type WsSubject,
} from '../../test/support/ws-subject.ts';
import { createWsProtocol } from './ws.ts';

const CHOSEN = 'permessage-deflate';
const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };
const RSV1 = 0x40;
const HELLO = Buffer.from('Hello');
/** "Hello" as RFC 7692, section 7.2.3.1, has it. */
const HELLO_DEFLATED = hex('f2 48 cd c9 c9 07 00');

const stateless = (): WsSubject =>
  opened({ deflate: 'no-context-takeover', extensions: `${CHOSEN}; server_no_context_takeover` });
const takingOver = (more = ''): WsSubject => opened({ deflate: 'on', extensions: CHOSEN + more });
const said = (...messages: Uint8Array[]): WsFinding[] =>
  messages.map((message) => ['message', Buffer.from(message).toString('hex')]);

/** A frame as a server sends it. */
function frame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const header = length < 126 ? [first, length] : [first, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), payload]);
}
const compressed = (payload: Uint8Array): Buffer => frame(0x82 | RSV1, payload);
const deflated = (payload: Uint8Array): Buffer => deflateRawSync(payload, SYNC).subarray(0, -4);

/** The compressor of a server that refers to what it said before. */
class ServerWindow {
  readonly #stream: DeflateRaw;
  readonly #out: Buffer[] = [];
  constructor(windowBits = 15) {
    this.#stream = createDeflateRaw({ windowBits }).on('data', (piece: Buffer) => this.#out.push(piece));
  }
  deflated(message: Uint8Array): Promise<Buffer> {
    this.#stream.write(message);
    return new Promise((resolve) => {
      this.#stream.flush(constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(this.#out.splice(0)).subarray(0, -4)));
    });
  }
}

/** The compressed payload of one of our frames; asserts that it is one. */
function payloadOf(ours: Uint8Array): Buffer {
  assert.equal(ours[0], 0x82 | RSV1, 'a final binary frame marked as compressed');
  const dataAt = (ours[1]! & 0x7f) === 126 ? 8 : 6;
  return Buffer.from(ours.subarray(dataAt).map((byte, i) => byte ^ ours[dataAt - 4 + (i % 4)]!));
}

test('what a server may send compressed', () => {
  const cases: Array<[string, Buffer, WsFinding[]]> = [
    ['as in the RFC', compressed(HELLO_DEFLATED), said(HELLO)],
    [
      'in fragments, a ping between',
      Buffer.concat([
        frame(0x01 | RSV1, HELLO_DEFLATED.subarray(0, 3)),
        hex('89 01 05'),
        frame(0, hex('')),
        frame(0x80, HELLO_DEFLATED.subarray(3)),
      ]),
      [['reply', 10, '05'], ...said(HELLO)],
    ],
    ['a block that is not compressed', compressed(hex('00 05 00 fa ff 48 65 6c 6c 6f 00')), said(HELLO)],
    ['a last block (section 7.2.3.4)', compressed(hex('f3 48 cd c9 c9 07 00 00')), said(HELLO)],
    ['two blocks (section 7.2.3.5)', compressed(hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00')), said(HELLO)],
    ['an empty message', compressed(hex('00')), said(Buffer.of())],
    ['an empty last fragment', Buffer.concat([frame(0x41, HELLO_DEFLATED), frame(0x80, hex(''))]), said(HELLO)],
    [
      'not compressed, between',
      Buffer.concat([hex('81 01 61'), compressed(HELLO_DEFLATED), hex('81 01 62')]),
      [...said(hex('61'), HELLO, hex('62'))],
    ],
  ];
  for (const [name, stream, expected] of cases) {
    for (const make of [stateless, takingOver]) {
      for (const chunkBytes of [[], [1]]) {
        const { feed, found } = make();
        feed(stream, chunkBytes);
        assert.deepEqual(found, expected, `${name} in chunks of ${chunkBytes[0] ?? 'all'}`);
      }
    }
  }
});

test('what a server may not send compressed, with the close code that says so', async () => {
  const bomb = deflated(Buffer.alloc(MAX_MESSAGE_BYTES + 1));
  const window = new ServerWindow();
  await window.deflated(Buffer.from('said before'));
  const referring = await window.deflated(Buffer.from('said before'));
  const cases: Array<[Buffer, WsFinding[]]> = [
    [hex('c9 00'), violation(1002, 'control frame marked as compressed')],
    [hex('c8 02 03 e8'), violation(1002, 'control frame marked as compressed')],
    [hex('41 01 00 c0 01 00'), violation(1002, 'continuation marked as compressed; only a first frame may be')],
    [hex('01 01 61 c0 01 00'), violation(1002, 'continuation marked as compressed; only a first frame may be')],
    [hex('a2 00'), violation(1002, 'reserved bits set, without an extension that uses them')],
    [hex('d2 00'), violation(1002, 'reserved bits set, without an extension that uses them')],
    [hex('c3 00'), violation(1002, 'reserved opcode 3')],
    [compressed(hex('07 00')), violation(1007, "compressed message that can't be inflated: invalid block type")],
    [
      compressed(referring),
      violation(1007, "compressed message that can't be inflated: invalid distance too far back"),
    ],
    [compressed(bomb), violation(1009, `message inflates to more than the limit of ${MAX_MESSAGE_BYTES} bytes`)],
  ];
  for (const [stream, expected] of cases) {
    for (const chunkBytes of [[], [1]]) {
      const { ws, feed, found } = stateless();
      feed(Buffer.concat([stream, compressed(HELLO_DEFLATED), hex('89 00')]), chunkBytes);
      ws.onEnd(SLOT);
      assert.deepEqual(found, expected, stream.subarray(0, 16).toString('hex'));
      assert.equal(ws.goodbye(SLOT), undefined, 'our close frame has been sent');
    }
  }
});

test('a message may refer to what was said, and not to before that', () => {
  const words = Buffer.from('forty bytes, none of which comes again..');
  const referring = compressed(deflateRawSync(words, { ...SYNC, dictionary: words }).subarray(0, -4));
  const known = takingOver();
  known.feed(Buffer.concat([compressed(deflated(words)), referring]));
  assert.deepEqual(known.found, said(words, words));
  const unknown = takingOver();
  unknown.feed(Buffer.concat([compressed(HELLO_DEFLATED), referring]));
  assert.deepEqual(unknown.found, [
    ...said(HELLO),
    ...violation(1007, "compressed message that can't be inflated: invalid distance too far back"),
  ]);
});

test('the largest message allowed passes', () => {
  const { feed, found } = stateless();
  const largest = Buffer.alloc(MAX_MESSAGE_BYTES, 'ab');
  feed(compressed(deflated(largest)));
  assert.deepEqual(found, said(largest));
});

test('compressed without having been agreed on: refused, offered or not', () => {
  for (const subject of [opened(), declined()]) {
    subject.feed(compressed(HELLO_DEFLATED));
    assert.deepEqual(subject.found, violation(1002, 'reserved bits set, without an extension that uses them'));
  }
});

/** A server that had nothing to say of our offer. */
function declined(): WsSubject {
  const subject = start({ deflate: 'on' });
  subject.feed(subject.answer);
  assert.deepEqual(subject.found.splice(0), [['open', 'declined']]);
  return subject;
}

test('a server that declines gets messages as they are', () => {
  const sent = declined().ws.message(SLOT, HELLO);
  assert.deepEqual([sent[0], sent.length], [0x82, 6 + HELLO.length]);
});

test('an answer that the offer does not allow makes no connection', () => {
  const { feed, answer, found } = start({ deflate: 'no-context-takeover', extensions: CHOSEN });
  feed(answer);
  assert.deepEqual(found, [
    ['bad-handshake', 'the server accepted permessage-deflate without server_no_context_takeover, which was asked for'],
  ]);
});

test('each of our messages stands for itself, inside the window that was agreed on', () => {
  // The same again, so many bytes later. zlib has no compressor for a window of 2^8 bytes, but the one that it takes
  // instead, of 2^9, refers 250 bytes back at most.
  for (const [bits, distance, reaches] of [
    [8, 240, true],
    [8, 257, false],
    [9, 1000, false],
    [15, 1000, true],
  ] as const) {
    const random = randomBytes(distance);
    const twice = Buffer.concat([random, random]);
    const { ws } = takingOver(`; client_max_window_bits=${bits}`);
    for (let i = 0; i < 2; i++) {
      const payload = payloadOf(ws.message(SLOT, twice));
      assert.deepEqual(inflateRawSync(payload, { ...SYNC, windowBits: bits }), twice);
      assert.equal(payload.length < 1.5 * distance, reaches, `${payload.length} B with ${bits} bits`);
    }
    assert.deepEqual(inflateRawSync(payloadOf(ws.message(SLOT, Buffer.of())), SYNC), Buffer.of());
  }
});

test('a slot that is used again has neither the terms nor the words of the connection before', async () => {
  const window = new ServerWindow();
  const { ws, feed, found, answer } = start({ deflate: 'on', extensions: CHOSEN });
  feed(answer);
  feed(compressed(await window.deflated(HELLO)));
  feed(frame(0x41, HELLO_DEFLATED.subarray(0, 3)));
  ws.release(SLOT);
  const request = Buffer.from(ws.hello(SLOT)!);
  found.length = 0;
  feed(answerTo(request, CHOSEN));
  feed(compressed(await window.deflated(HELLO)));
  assert.equal(found.at(-1)![0], 'protocol error');
  ws.release(SLOT);
  feed(answerTo(Buffer.from(ws.hello(SLOT)!)));
  assert.equal(ws.message(SLOT, HELLO)[0], 0x82);
});

test('any messages, cut into any fragments and chunks, with or without a window', async () => {
  const pieces = array(
    nat(60).map((n) => n + 1),
    { minLength: 1, maxLength: 20 },
  );
  const message = tuple(uint8Array({ maxLength: 300 }), constantFrom(1, 3, 40, 150), boolean());
  const stream = asyncProperty(
    array(message, { minLength: 1, maxLength: 12 }),
    pieces,
    constantFrom(0, 8, 9, 15),
    async (messages, chunkBytes, windowBits) => {
      const subject = windowBits === 0 ? stateless() : takingOver(`; server_max_window_bits=${windowBits}`);
      let window = new ServerWindow(windowBits || 15);
      const frames: Buffer[] = [];
      for (const [seed, times, isCompressed] of messages) {
        const payload = Buffer.concat(Array<Uint8Array>(times).fill(seed));
        if (windowBits === 0) window = new ServerWindow();
        frames.push(...fragmentsOf(isCompressed ? await window.deflated(payload) : payload, isCompressed, chunkBytes));
      }
      subject.feed(Buffer.concat(frames), chunkBytes);
      const wanted = messages.map(([seed, times]) => Buffer.concat(Array<Uint8Array>(times).fill(seed)));
      assert.deepEqual(
        subject.found.filter(([what]) => what !== 'reply'),
        said(...wanted),
      );
    },
  );
  await holds(stream, { numRuns: 200 });
});

/** The frames of one message, pings between them. */
function fragmentsOf(payload: Uint8Array, isCompressed: boolean, lengths: readonly number[]): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0, i = 0; i === 0 || at < payload.length; i++) {
    const length = Math.min(60_000, lengths[i % lengths.length]! * 100);
    const isLast = at + length >= payload.length;
    const first = (i === 0 ? 0x02 | (isCompressed ? RSV1 : 0) : 0) | (isLast ? 0x80 : 0);
    frames.push(frame(first, payload.subarray(at, at + length)), hex('89 00'));
    at += length;
  }
  return frames;
}

test('random compressed bytes never throw and end in at most one failure, with nothing after it', () => {
  const random = property(uint8Array({ maxLength: 400 }), boolean(), (bytes, takesOver) => {
    const { ws, feed, found } = takesOver ? takingOver() : stateless();
    feed(Buffer.concat([compressed(bytes), compressed(bytes)]));
    ws.onEnd(SLOT);
    assert.equal(found.filter(([what]) => what === 'protocol error' || what === 'peer close').length, 1);
    assert.notEqual(found.at(-1)![0], 'message');
  });
  holds(random, { numRuns: 500 });
});

test('half-sent messages of many connections are bounded: the largest ends as too large, the others go on', () => {
  const MIB = 2 ** 20;
  const ended: Array<[slot: number, reason: string | undefined, detail: string]> = [];
  let messages = 0;
  const ws = createWsProtocol(
    { slots: 40, path: '/', hostHeader: 'localhost', deflate: 'on' },
    {
      onOpen: () => undefined,
      onHandshakeFailure: (_, outcome, detail) => assert.fail(`${outcome} ${detail}`),
      onPayload: (_, __, last) => {
        if (last) messages++;
      },
      onAnswer: () => assert.fail('ws has no answers'),
      onReply: () => undefined,
      onPeerClose: (_, detail) => assert.fail(detail),
      onProtocolError: (slot, detail, reason) => ended.push([slot, reason, detail]),
    },
  );
  const hello = deflated(HELLO);
  const slots = Array.from({ length: 40 }, (_, i) => i);
  for (const slot of slots) ws.onBytes(slot, answerTo(ws.hello(slot)!, CHOSEN));
  /** The beginning of a message, all zeros: it inflates to nothing that matters. */
  const begin = (bytes: number): Buffer => Buffer.concat([longHead(0x02 | RSV1, bytes), Buffer.alloc(bytes)]);
  ws.onBytes(0, frame(0x02 | RSV1, hello.subarray(0, 3)));
  ws.onBytes(1, begin(15 * MIB));
  ws.onBytes(2, begin(8 * MIB));
  assert.equal(ended.length, 0);
  ws.onBytes(3, begin(4 * MIB));
  assert.deepEqual(
    ended.map(([slot, reason]) => [slot, reason]),
    [[1, 'too-large']],
  );
  assert.match(ended[0]![2], /^half-sent compressed messages take more than 25165824 bytes together/);
  ws.onBytes(0, frame(0x80, hello.subarray(3)));
  assert.equal(messages, 1);
  // What one has that is gone or closing is room for others.
  ws.release(2);
  ws.goodbye(3);
  ws.onBytes(4, begin(15 * MIB));
  ws.onBytes(5, begin(8 * MIB));
  assert.equal(ended.length, 1);
});

function longHead(first: number, length: number): Buffer {
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
