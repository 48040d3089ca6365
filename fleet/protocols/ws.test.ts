import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as holds, nat, property, uint8Array } from 'fast-check';
import {
  answerTo,
  hex,
  opened,
  SLOT,
  start,
  unmasked,
  violation,
  type WsFinding,
} from '../../test/support/ws-subject.ts';
import { createWsProtocol } from './ws.ts';

const bytesOf = (length: number): Buffer => Buffer.alloc(length, 0x61);
const closeFrame = (code: number): Buffer => Buffer.from([0x88, 2, code >> 8, code & 0xff]);

test('handshake: a valid answer opens, and what follows it in the same chunk are frames', () => {
  const { feed, answer, found } = start();
  feed(Buffer.concat([answer, hex('82 03 01 02 03'), hex('8a 00')]));
  assert.deepEqual(found, [['open'], ['message', '010203']]);
});

test('handshake: failures come once, and nothing after them', () => {
  const cases: Array<[string, string, RegExp]> = [
    ['HTTP/1.1 403 Forbidden\r\nX: y\r\n\r\nbody', 'rejected', /^HTTP 403 Forbidden$/],
    ['HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n', 'rejected', /^HTTP 302 Found, redirected to "\/"$/],
    ['\0\u0001\u0002 garbage', 'bad-handshake', /not HTTP/],
    [`HTTP/1.1 101 x\r\nX: ${'a'.repeat(17_000)}`, 'bad-handshake', /above 16384 bytes/],
    ['HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n', 'bad-handshake', /Connection/],
  ];
  for (const [text, outcome, detail] of cases) {
    const { ws, feed, answer, found } = start();
    feed(Buffer.from(text, 'latin1'));
    feed(answer);
    ws.onEnd(SLOT);
    assert.equal(found.length, 1, text);
    assert.equal(found[0]![0], outcome);
    assert.match(String(found[0]![1]), detail);
    assert.equal(ws.goodbye(SLOT), undefined);
  }
});

const CLOSED_HALF =
  'the server closed after 57 bytes of a response head, which begins with "HTTP/1.1 101 Switching Protocols\\r\\nUpgrad"';

test('handshake: closed before it was complete says how much came', () => {
  const silent = start();
  silent.ws.onEnd(SLOT);
  assert.deepEqual(silent.found, [['closed-early', 'the server closed without an answer']]);
  const half = start();
  half.feed(half.answer.subarray(0, 57), [20]);
  half.ws.onEnd(SLOT);
  half.ws.onEnd(SLOT);
  assert.deepEqual(half.found, [['closed-early', CLOSED_HALF]]);
});

test('handshake: a key answers for its own attempt only', () => {
  const { ws, feed, answer, found } = start();
  ws.release(SLOT);
  ws.hello(SLOT);
  feed(answer);
  assert.equal(found[0]![0], 'bad-handshake');
});

test('frames: what a server may send', () => {
  const cases: Array<[string, Buffer, WsFinding[]]> = [
    ['text', hex('81 02 68 69'), [['message', '6869']]],
    ['empty message', hex('82 00'), [['message', '']]],
    ['fragments', hex('01 01 aa 00 01 bb 80 01 cc'), [['message', 'aabbcc']]],
    ['empty fragments', hex('01 00 00 00 80 00'), [['message', '']]],
    ['an empty last fragment', hex('02 01 aa 80 00'), [['message', 'aa']]],
    ['ping', hex('89 02 01 02'), [['reply', 10, '0102']]],
    ['pong', hex('8a 02 01 02'), []],
    [
      'control frames between fragments',
      hex('01 01 aa 89 01 05 8a 00 80 01 bb'),
      [
        ['reply', 10, '05'],
        ['message', 'aabb'],
      ],
    ],
    ['longest ping', Buffer.concat([hex('89 7d'), bytesOf(125)]), [['reply', 10, '61'.repeat(125)]]],
    ['16-bit length', Buffer.concat([hex('82 7e 01 00'), bytesOf(256)]), [['message', '61'.repeat(256)]]],
    [
      '64-bit length',
      Buffer.concat([hex('82 7f 00 00 00 00 00 01 00 00'), bytesOf(65_536)]),
      [['message', '61'.repeat(65_536)]],
    ],
    [
      'two messages',
      hex('81 01 61 82 01 62'),
      [
        ['message', '61'],
        ['message', '62'],
      ],
    ],
  ];
  for (const [name, stream, expected] of cases) {
    for (const chunkBytes of [[], [1]]) {
      const { feed, found } = opened();
      feed(stream, chunkBytes);
      assert.deepEqual(found, expected, `${name} in chunks of ${chunkBytes[0] ?? 'all'}`);
    }
  }
});

test('frames: what a server may not send, with the close code that says so', () => {
  const cases: Array<[Buffer, WsFinding[]]> = [
    [hex('c1 01 61'), violation(1002, 'reserved bits set, without an extension that uses them')],
    [hex('99 00'), violation(1002, 'reserved bits set, without an extension that uses them')],
    [hex('81 81 00 00 00 00 61'), violation(1002, 'masked frame from a server')],
    [hex('89 80 00 00 00 00'), violation(1002, 'masked frame from a server')],
    [hex('83 00'), violation(1002, 'reserved opcode 3')],
    [hex('8b 00'), violation(1002, 'reserved opcode 11')],
    [hex('80 01 61'), violation(1002, 'continuation of no message')],
    [hex('01 01 61 81 01 62'), violation(1002, 'new message inside a fragmented one')],
    [hex('09 00'), violation(1002, 'fragmented control frame')],
    [hex('89 7e 00 7e'), violation(1002, 'control frame above 125 bytes')],
    [hex('88 7f'), violation(1002, 'control frame above 125 bytes')],
    [hex('82 7e 00 7d'), violation(1002, 'frame length not in its shortest form')],
    [hex('82 7f 00 00 00 00 00 00 ff ff'), violation(1002, 'frame length not in its shortest form')],
    [hex('82 7f 80 00 00 00 00 01 00 00'), violation(1002, 'frame length not in its shortest form')],
    [hex('88 01 03'), violation(1002, 'close frame with half a status code')],
    [closeFrame(1005), violation(1002, 'close frame with invalid code 1005')],
    [hex('88 04 03 e8 c3 28'), violation(1007, 'close frame 1000 with a reason that is not UTF-8')],
    [hex('82 7f 00 00 00 00 00 01 11 71'), violation(1009, 'message of at least 70001 bytes; the limit is 70000')],
    [hex('82 7f 7f ff ff ff ff ff ff ff'), violation(1009, `message of at least ${2 ** 63} bytes; the limit is 70000`)],
    [
      Buffer.concat([hex('02 7e 9c 40'), bytesOf(40_000), hex('80 7e 75 31')]),
      violation(1009, 'message of at least 70001 bytes; the limit is 70000'),
    ],
  ];
  for (const [stream, expected] of cases) {
    for (const chunkBytes of [[], [1]]) {
      const { ws, feed, found } = opened();
      feed(Buffer.concat([stream, hex('82 01 61 89 00')]), chunkBytes);
      ws.onEnd(SLOT);
      assert.deepEqual(found, expected, stream.subarray(0, 16).toString('hex'));
      assert.equal(ws.goodbye(SLOT), undefined, 'our close frame has been sent');
    }
  }
});

test('frames: the largest message allowed passes, over fragments too', () => {
  const { feed, found } = opened();
  feed(Buffer.concat([hex('02 7e 9c 40'), bytesOf(40_000), hex('80 7e 75 30'), bytesOf(30_000), hex('82 01 61')]));
  assert.deepEqual(found, [
    ['message', '61'.repeat(70_000)],
    ['message', '61'],
  ]);
});

test('close: the peer asks, its code is echoed, and what it sends after is ignored', () => {
  const { ws, feed, found } = opened();
  feed(Buffer.concat([hex('88 06 03 e9 6c 61 74 65'), hex('82 01 61 89 00 ff')]));
  ws.onEnd(SLOT);
  assert.deepEqual(found, [
    ['reply', 8, '03e9'],
    ['peer close', 'close 1001 late'],
  ]);
  const silent = opened();
  silent.feed(hex('88 00'));
  assert.deepEqual(silent.found, [
    ['reply', 8, ''],
    ['peer close', 'close frame without a code'],
  ]);
});

test('close: we ask, and only the answer matters', () => {
  const { ws, feed, found } = opened();
  const goodbye = ws.goodbye(SLOT)!;
  assert.deepEqual([goodbye[0], unmasked(goodbye)], [0x88, '03e8']);
  assert.equal(ws.goodbye(SLOT), undefined);
  feed(Buffer.concat([hex('82 01 61 89 01 01'), closeFrame(1000)]));
  ws.onEnd(SLOT);
  assert.deepEqual(found, [['peer close', 'close 1000']]);
});

test('close: after our goodbye a violation is found, but no second close frame sent', () => {
  const { ws, feed, found } = opened();
  ws.goodbye(SLOT);
  feed(hex('83 00'));
  assert.deepEqual(found, [['protocol error', 'reserved opcode 3']]);
});

test('close: FIN without a close frame, between messages or inside one', () => {
  const between = opened();
  between.ws.onEnd(SLOT);
  assert.deepEqual(between.found, [['peer close', 'FIN without a close frame']]);
  const inside = opened();
  inside.feed(hex('82 05 61'));
  inside.ws.onEnd(SLOT);
  assert.deepEqual(inside.found, [['peer close', 'FIN without a close frame in the middle of a message']]);
});

test('a slot released in the middle of anything starts afresh', () => {
  for (const midway of ['82', '82 7e 01', '02 05', '89 04 01 02']) {
    const { ws, feed, found } = opened();
    feed(hex(midway));
    ws.release(SLOT);
    feed(hex('61 61 61 61'));
    feed(answerTo(ws.hello(SLOT)!));
    feed(hex('82 01 62'));
    assert.deepEqual(found, [['open'], ['message', '62']], midway);
  }
});

test('releasing a slot from within a finding stops the reading there', () => {
  const found: string[] = [];
  const ws = createWsProtocol(
    { slots: 1, path: '/', hostHeader: 'localhost' },
    {
      onOpen: () => found.push('open'),
      onHandshakeFailure: () => found.push('failure'),
      onPayload: () => found.push('payload'),
      onAnswer: () => found.push('answer'),
      onReply: () => {
        found.push('reply');
        ws.release(0);
      },
      onPeerClose: () => found.push('peer close'),
      onProtocolError: () => found.push('protocol error'),
    },
  );
  ws.onBytes(0, Buffer.concat([answerTo(ws.hello(0)!), closeFrame(1000), hex('82 01 61')]));
  assert.deepEqual(found, ['open', 'reply']);
});

test('any chunking of a valid stream gives the same findings', () => {
  const frames = [
    hex('82 03 01 02 03'),
    hex('01 01 aa 89 01 05 00 00 80 01 bb'),
    Buffer.concat([hex('82 7e 01 2c'), bytesOf(300)]),
    Buffer.concat([hex('89 7d'), bytesOf(125)]),
    hex('82 00'),
    hex('8a 01 01'),
  ];
  const stream = property(
    array(nat(frames.length - 1), { maxLength: 12 }),
    array(
      nat(60).map((n) => n + 1),
      { minLength: 1, maxLength: 20 },
    ),
    (picks, chunkBytes) => {
      const findings = [[], chunkBytes].map((chunks) => {
        const { feed, answer, found } = start();
        feed(Buffer.concat([answer, ...picks.map((i) => frames[i]!), closeFrame(1000)]), chunks);
        return found;
      });
      assert.equal(findings[0]!.at(-1)![0], 'peer close');
      assert.deepEqual(findings[1], findings[0]);
    },
  );
  holds(stream, { numRuns: 300 });
});

test('random bytes never throw and end in at most one failure, with nothing after it', () => {
  const isEnd = ([what]: WsFinding): boolean => !['open', 'message', 'reply'].includes(what);
  const random = property(
    uint8Array({ maxLength: 400 }),
    array(
      nat(30).map((n) => n + 1),
      { minLength: 1, maxLength: 5 },
    ),
    nat(2),
    (bytes, chunkBytes, stage) => {
      const { ws, feed, found } = stage === 0 ? start() : opened();
      if (stage === 2) ws.goodbye(SLOT);
      feed(bytes, chunkBytes);
      ws.onEnd(SLOT);
      assert.equal(found.filter(isEnd).length, 1);
      assert.ok(isEnd(found.at(-1)!));
    },
  );
  holds(random, { numRuns: 1000 });
});

test('pings: each of a few is answered, of hundreds in one piece the first eight and the last', () => {
  const subject = opened();
  const pings = Array.from({ length: 300 }, (_, i) => Buffer.of(0x89, 2, i >> 8, i & 0xff));
  const pong = (i: number): WsFinding => ['reply', 10, i.toString(16).padStart(4, '0')];
  subject.feed(Buffer.concat(pings));
  assert.deepEqual(subject.found.splice(0), [...[0, 1, 2, 3, 4, 5, 6, 7, 299].map(pong)]);
  subject.feed(Buffer.concat(pings.slice(0, 3)));
  assert.deepEqual(subject.found.splice(0), [0, 1, 2].map(pong));
  // A close behind them is answered, and they no longer are.
  subject.feed(Buffer.concat([...pings, hex('88 02 03 e8')]));
  assert.deepEqual(subject.found.slice(8), [
    ['reply', 8, '03e8'],
    ['peer close', 'close 1000'],
  ]);
});
