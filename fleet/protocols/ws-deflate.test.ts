import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  DEFLATE_CHOSEN,
  deflateMessage,
  HELLO,
  HELLO_DEFLATED,
  listMessages,
  makeCompressedFrame,
  makeServerFrame,
  openStateless,
  openTakingOver,
  RSV1,
  ServerWindow,
  SYNC,
} from '../../test/support/ws-deflate.ts';
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

/** The compressed payload of one of our frames; asserts that it is one. */
function payloadOf(ours: Uint8Array): Buffer {
  assert.equal(ours[0], 0x82 | RSV1, 'a final binary frame marked as compressed');
  const dataAt = (ours[1]! & 0x7f) === 126 ? 8 : 6;
  return Buffer.from(ours.subarray(dataAt).map((byte, i) => byte ^ ours[dataAt - 4 + (i % 4)]!));
}

test('what a server may send compressed', () => {
  const cases: Array<[string, Buffer, WsFinding[]]> = [
    ['as in the RFC', makeCompressedFrame(HELLO_DEFLATED), listMessages(HELLO)],
    [
      'in fragments, a ping between',
      Buffer.concat([
        makeServerFrame(0x01 | RSV1, HELLO_DEFLATED.subarray(0, 3)),
        hex('89 01 05'),
        makeServerFrame(0, hex('')),
        makeServerFrame(0x80, HELLO_DEFLATED.subarray(3)),
      ]),
      [['reply', 10, '05'], ...listMessages(HELLO)],
    ],
    [
      'a block that is not compressed',
      makeCompressedFrame(hex('00 05 00 fa ff 48 65 6c 6c 6f 00')),
      listMessages(HELLO),
    ],
    ['a last block (section 7.2.3.4)', makeCompressedFrame(hex('f3 48 cd c9 c9 07 00 00')), listMessages(HELLO)],
    [
      'two blocks (section 7.2.3.5)',
      makeCompressedFrame(hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00')),
      listMessages(HELLO),
    ],
    ['an empty message', makeCompressedFrame(hex('00')), listMessages(Buffer.of())],
    [
      'an empty last fragment',
      Buffer.concat([makeServerFrame(0x41, HELLO_DEFLATED), makeServerFrame(0x80, hex(''))]),
      listMessages(HELLO),
    ],
    [
      'not compressed, between',
      Buffer.concat([hex('81 01 61'), makeCompressedFrame(HELLO_DEFLATED), hex('81 01 62')]),
      [...listMessages(hex('61'), HELLO, hex('62'))],
    ],
  ];
  for (const [name, stream, expected] of cases) {
    for (const make of [openStateless, openTakingOver]) {
      for (const chunkBytes of [[], [1]]) {
        const { feed, found } = make();
        feed(stream, chunkBytes);
        assert.deepEqual(found, expected, `${name} in chunks of ${chunkBytes[0] ?? 'all'}`);
      }
    }
  }
});

test('what a server may not send compressed, with the close code that says so', async () => {
  const bomb = deflateMessage(Buffer.alloc(MAX_MESSAGE_BYTES + 1));
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
    [
      makeCompressedFrame(hex('07 00')),
      violation(1007, "compressed message that can't be inflated: invalid block type"),
    ],
    [
      makeCompressedFrame(referring),
      violation(1007, "compressed message that can't be inflated: invalid distance too far back"),
    ],
    [
      makeCompressedFrame(bomb),
      violation(1009, `message inflates to more than the limit of ${MAX_MESSAGE_BYTES} bytes`),
    ],
  ];
  for (const [stream, expected] of cases) {
    for (const chunkBytes of [[], [1]]) {
      const { ws, feed, found } = openStateless();
      feed(Buffer.concat([stream, makeCompressedFrame(HELLO_DEFLATED), hex('89 00')]), chunkBytes);
      ws.onEnd(SLOT);
      assert.deepEqual(found, expected, stream.subarray(0, 16).toString('hex'));
      assert.equal(ws.goodbye(SLOT), undefined, 'our close frame has been sent');
    }
  }
});

test('a message may refer to what was said, and not to before that', () => {
  const words = Buffer.from('forty bytes, none of which comes again..');
  const referring = makeCompressedFrame(deflateRawSync(words, { ...SYNC, dictionary: words }).subarray(0, -4));
  const known = openTakingOver();
  known.feed(Buffer.concat([makeCompressedFrame(deflateMessage(words)), referring]));
  assert.deepEqual(known.found, listMessages(words, words));
  const unknown = openTakingOver();
  unknown.feed(Buffer.concat([makeCompressedFrame(HELLO_DEFLATED), referring]));
  assert.deepEqual(unknown.found, [
    ...listMessages(HELLO),
    ...violation(1007, "compressed message that can't be inflated: invalid distance too far back"),
  ]);
});

test('the largest message allowed passes', () => {
  const { feed, found } = openStateless();
  const largest = Buffer.alloc(MAX_MESSAGE_BYTES, 'ab');
  feed(makeCompressedFrame(deflateMessage(largest)));
  assert.deepEqual(found, listMessages(largest));
});

test('compressed without having been agreed on: refused, offered or not', () => {
  for (const subject of [opened(), declined()]) {
    subject.feed(makeCompressedFrame(HELLO_DEFLATED));
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
  const { feed, answer, found } = start({ deflate: 'no-context-takeover', extensions: DEFLATE_CHOSEN });
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
    const { ws } = openTakingOver(`; client_max_window_bits=${bits}`);
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
  const { ws, feed, found, answer } = start({ deflate: 'on', extensions: DEFLATE_CHOSEN });
  feed(answer);
  feed(makeCompressedFrame(await window.deflated(HELLO)));
  feed(makeServerFrame(0x41, HELLO_DEFLATED.subarray(0, 3)));
  ws.release(SLOT);
  const request = Buffer.from(ws.hello(SLOT)!);
  found.length = 0;
  feed(answerTo(request, DEFLATE_CHOSEN));
  feed(makeCompressedFrame(await window.deflated(HELLO)));
  assert.equal(found.at(-1)![0], 'protocol error');
  ws.release(SLOT);
  feed(answerTo(Buffer.from(ws.hello(SLOT)!)));
  assert.equal(ws.message(SLOT, HELLO)[0], 0x82);
});
