import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findHeadEnd, MAX_HEAD_BYTES } from './http-head.ts';
import { judgeHead } from './ws-response.ts';

const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const head = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const GOOD = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
const ACCEPTED = `Sec-WebSocket-Accept: ${ACCEPT}`;
const OFFER = { deflate: 'off', subprotocols: [] } as const;
const judge = (lines: readonly string[]): Exclude<ReturnType<typeof judgeHead>, 'interim'> => {
  const judged = judgeHead(head(lines), () => ACCEPT, OFFER);
  return judged === 'interim' ? assert.fail('interim') : judged;
};

test('heads that make a WebSocket', () => {
  const good: Record<string, string[]> = {
    plain: [...GOOD, ACCEPTED],
    'other case, other spaces': [
      'HTTP/1.1 101 ',
      'UPGRADE:WebSocket  ',
      'connection: keep-alive ,\tupGRADE',
      `sec-websocket-accept:\t${ACCEPT}`,
    ],
    'no reason at all': ['HTTP/1.1 101', ...GOOD.slice(1), ACCEPTED],
    'connection in two lines': [...GOOD.slice(0, 2), 'Connection: keep-alive', 'Connection: upgrade', ACCEPTED],
    'white space of the last line, and what is no control character': [
      ...[...GOOD, ACCEPTED],
      'X: caf\u00e9\u0080\u00a0\ta \t',
    ],
    'other headers, an empty one': [...GOOD, 'Server: x: y', 'X-Nothing:', ACCEPTED],
  };
  for (const [name, lines] of Object.entries(good)) assert.deepEqual(judge(lines), { deflate: undefined }, name);
});

test('another status is a rejection that shows the status line', () => {
  const noAccept = (): string => assert.fail('no need to compute it');
  for (const [line, detail] of [
    ['HTTP/1.1 403 Forbidden', 'HTTP 403 Forbidden'],
    ['HTTP/1.1 200 OK', 'HTTP 200 OK, an ordinary answer in place of the upgrade'],
    ['HTTP/1.0 302 Found', 'HTTP 302 Found'],
    ['HTTP/1.1 503', 'HTTP 503'],
  ] as const) {
    assert.deepEqual(judgeHead(head([line, 'broken header']), noAccept, OFFER), { outcome: 'rejected', detail });
  }
});

test('heads that are no valid handshake, each with the sentence that says why', () => {
  const cases: Array<[string[], RegExp]> = [
    [['HTTP/1.1 abc Fine', ...GOOD.slice(1), ACCEPTED], /^malformed status line "HTTP\/1\.1 abc Fine"$/],
    [['HTTP/1.0 101 Switching', ...GOOD.slice(1), ACCEPTED], /^HTTP\/1\.0 has no upgrade$/],
    [[GOOD[0]!, GOOD[2]!, ACCEPTED], /^Upgrade header is missing/],
    [[GOOD[0]!, 'Upgrade: h2c', GOOD[2]!, ACCEPTED], /^Upgrade header is "h2c", not websocket$/],
    [[GOOD[0]!, GOOD[1]!, ACCEPTED], /^Connection header is missing/],
    [[GOOD[0]!, GOOD[1]!, 'Connection: keep-alive', ACCEPTED], /^Connection header is "keep-alive", without upgrade$/],
    [GOOD, /^Sec-WebSocket-Accept is missing/],
    [
      [...GOOD, 'Sec-WebSocket-Accept: nonsense'],
      /^Sec-WebSocket-Accept is "nonsense", not the answer to our key: "s3pPLMBiTxaQ9kYGzzhZRbK\+xOo="$/,
    ],
    [[...GOOD, ACCEPTED, ACCEPTED], /^Sec-WebSocket-Accept is .*, not the answer to our key: "/],
    [[...GOOD, ACCEPTED, 'Sec-WebSocket-Extensions: permessage-deflate'], /extension "permessage-deflate"/],
    [[...GOOD, ACCEPTED, 'Sec-WebSocket-Protocol: chat'], /subprotocol "chat"/],
    [[...GOOD, 'no colon here', ACCEPTED], /^malformed header line "no colon here"$/],
    [[...GOOD, 'X-Folded: a', ' b', ACCEPTED], /^malformed header line " b"$/],
    [[...GOOD, 'Bad Name: a', ACCEPTED], /^malformed header line/],
    [[...GOOD, ACCEPTED, 'X-Nul: a\0b'], /^malformed header line "X-Nul: a\\u0000b"$/],
    [[...GOOD, 'X-Delete: \u007f', ACCEPTED], /^malformed header line/],
    [[...GOOD, ACCEPTED, 'X-Return: a\r'], /^malformed header line "X-Return: a\\r"$/],
  ];
  for (const [lines, detail] of cases) {
    const judged = judge(lines);
    assert.ok('outcome' in judged && judged.outcome === 'bad-handshake', lines.join(' | '));
    assert.match(judged.detail, detail);
  }
});

test('an interim answer is one only with headers that can be read', () => {
  const judged = (lines: readonly string[]): unknown => judgeHead(head(lines), () => ACCEPT, OFFER);
  assert.equal(judged(['HTTP/1.1 103 Early Hints', 'Link: x']), 'interim');
  assert.equal(judged(['HTTP/1.0 100 Continue']), 'interim');
  assert.deepEqual(judged(['HTTP/1.1 103 Early Hints', 'no colon']), {
    outcome: 'bad-handshake',
    detail: 'malformed header line "no colon"',
  });
});

test('the end of a head is found, and what can be none is refused at once', () => {
  const whole = Buffer.from(`${head(GOOD)}frames`);
  assert.equal(findHeadEnd(whole), whole.length - 'frames'.length);
  assert.equal(findHeadEnd(whole.subarray(0, 5)), 0);
  assert.equal(findHeadEnd(whole.subarray(0, -'frames'.length - 1)), 0);
  assert.deepEqual(findHeadEnd(Buffer.from('SSH-2.0-x\r\n')), {
    outcome: 'bad-handshake',
    detail: 'the answer is not HTTP: it begins with "SSH-2.0-x\\r\\n"',
    isStranger: true,
  });
});

test('a head of 16 KiB passes, one byte more does not, and one without an end is refused at 16 KiB', () => {
  const padded = (bytes: number): Buffer => {
    const bare = head([...GOOD, 'X-Pad: ']).length;
    return Buffer.from(head([...GOOD, `X-Pad: ${'a'.repeat(bytes - bare)}`]));
  };
  const refused = { outcome: 'bad-handshake', detail: 'response head above 16384 bytes' };
  assert.equal(findHeadEnd(Buffer.concat([padded(MAX_HEAD_BYTES), Buffer.alloc(100)])), MAX_HEAD_BYTES);
  assert.deepEqual(findHeadEnd(padded(MAX_HEAD_BYTES + 1)), refused);
  assert.equal(findHeadEnd(padded(MAX_HEAD_BYTES + 1).subarray(0, MAX_HEAD_BYTES - 1)), 0);
  assert.deepEqual(findHeadEnd(padded(MAX_HEAD_BYTES * 2).subarray(0, MAX_HEAD_BYTES)), refused);
});
