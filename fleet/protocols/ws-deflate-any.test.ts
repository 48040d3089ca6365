import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  DEFLATE_CHOSEN,
  deflateMessage,
  HELLO,
  listMessages,
  makeCompressedFrame,
  makeServerFrame,
  openStateless,
  openTakingOver,
  RSV1,
  ServerWindow,
} from '../../test/support/ws-deflate.ts';
import { answerTo, hex, SLOT } from '../../test/support/ws-subject.ts';
import { createWsProtocol } from './ws.ts';

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
      const subject = windowBits === 0 ? openStateless() : openTakingOver(`; server_max_window_bits=${windowBits}`);
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
        listMessages(...wanted),
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
    frames.push(makeServerFrame(first, payload.subarray(at, at + length)), hex('89 00'));
    at += length;
  }
  return frames;
}

test('random compressed bytes never throw and end in at most one failure, with nothing after it', () => {
  const random = property(uint8Array({ maxLength: 400 }), boolean(), (bytes, takesOver) => {
    const { ws, feed, found } = takesOver ? openTakingOver() : openStateless();
    feed(Buffer.concat([makeCompressedFrame(bytes), makeCompressedFrame(bytes)]));
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
  const hello = deflateMessage(HELLO);
  const slots = Array.from({ length: 40 }, (_, i) => i);
  for (const slot of slots) ws.onBytes(slot, answerTo(ws.hello(slot)!, DEFLATE_CHOSEN));
  /** The beginning of a message, all zeros: it inflates to nothing that matters. */
  const begin = (bytes: number): Buffer => Buffer.concat([longHead(0x02 | RSV1, bytes), Buffer.alloc(bytes)]);
  ws.onBytes(0, makeServerFrame(0x02 | RSV1, hello.subarray(0, 3)));
  ws.onBytes(1, begin(15 * MIB));
  ws.onBytes(2, begin(8 * MIB));
  assert.equal(ended.length, 0);
  ws.onBytes(3, begin(4 * MIB));
  assert.deepEqual(
    ended.map(([slot, reason]) => [slot, reason]),
    [[1, 'too-large']],
  );
  assert.match(ended[0]![2], /^half-sent compressed messages take more than 25165824 bytes together/);
  ws.onBytes(0, makeServerFrame(0x80, hello.subarray(3)));
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
