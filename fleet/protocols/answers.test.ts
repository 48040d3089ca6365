/** Answers that make no connection are named for what they are, by ws and by http, in whatever pieces they come. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerTo } from '../../test/support/ws-subject.ts';
import { createHttpProtocol } from './http.ts';
import { MOST_INTERIM } from './http-head.ts';
import type { Protocol, ProtocolEvents } from './protocol.ts';
import { createTcpProtocol } from './tcp.ts';
import { createWsProtocol } from './ws.ts';

const SLOT = 1;
const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const TLS_ALERT = '\x15\x03\x01\x00\x02\x02\x46';
const SETTINGS = '\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64';

interface Subject {
  readonly protocol: Protocol;
  /** `open`, or outcome and detail; a stranger is marked. */
  readonly found: string[];
  readonly hello: Uint8Array;
  feed(text: string | Uint8Array, pieceBytes?: number): void;
}

function start(name: 'ws' | 'http' | 'tcp'): Subject {
  const found: string[] = [];
  const events: ProtocolEvents = {
    onOpen: () => found.push('open'),
    onHandshakeFailure: (_, outcome, detail, isStranger = false) =>
      found.push(`${isStranger ? 'stranger, ' : ''}${outcome}: ${detail}`),
    onPayload: () => undefined,
    onAnswer: () => found.push('answer'),
    onReply: () => undefined,
    onPeerClose: (_, detail) => found.push(`peer close: ${detail}`),
    onProtocolError: (_, detail) => found.push(`protocol error: ${detail}`),
  };
  const options = { slots: 2, path: '/', hostHeader: 'h' };
  const make = { ws: createWsProtocol, http: createHttpProtocol, tcp: () => createTcpProtocol(events) };
  const protocol = make[name](options, events);
  const hello = protocol.hello(SLOT) ?? new Uint8Array(0);
  return {
    protocol,
    found,
    hello,
    feed(text, pieceBytes = Number.POSITIVE_INFINITY) {
      const bytes = Buffer.from(text as string, 'latin1');
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        protocol.onBytes(SLOT, Uint8Array.from(bytes.subarray(at, at + pieceBytes)));
      }
    },
  };
}

describe('interim answers', () => {
  for (const pieceBytes of [1, 7, 10_000]) {
    test(`up to ${MOST_INTERIM} are read over before the final one, in pieces of ${pieceBytes}`, () => {
      for (const count of [1, 2, MOST_INTERIM]) {
        const ws = start('ws');
        ws.feed(Buffer.concat([Buffer.from(EARLY.repeat(count)), answerTo(ws.hello), Buffer.of(0x82, 0)]), pieceBytes);
        assert.deepEqual(ws.found, ['open']);
        const http = start('http');
        http.feed(EARLY.repeat(count) + OK, pieceBytes);
        (http.protocol as ReturnType<typeof createHttpProtocol>).request(SLOT);
        http.feed(EARLY.repeat(count) + OK, pieceBytes);
        assert.deepEqual(http.found, ['open', 'answer']);
      }
    });

    test(`one more is a failure of its own, in pieces of ${pieceBytes}`, () => {
      const detail = 'more than 16 interim answers (1xx) and no final one';
      for (const name of ['ws', 'http'] as const) {
        const { feed, found } = start(name);
        feed(EARLY.repeat(MOST_INTERIM + 50), pieceBytes);
        assert.deepEqual(found, [`bad-handshake: ${detail}`]);
      }
      const open = start('http');
      open.feed(OK);
      (open.protocol as ReturnType<typeof createHttpProtocol>).request(SLOT);
      open.feed(EARLY.repeat(MOST_INTERIM + 50), pieceBytes);
      assert.deepEqual(open.found, ['open', `protocol error: ${detail}`]);
    });
  }

  test('an attempt on the same slot begins to count anew', () => {
    for (const name of ['ws', 'http'] as const) {
      const { protocol, feed, found } = start(name);
      feed(EARLY.repeat(MOST_INTERIM));
      protocol.release(SLOT);
      protocol.hello(SLOT);
      feed(EARLY.repeat(MOST_INTERIM));
      assert.deepEqual(found, []);
    }
  });
});

const NAMED: ReadonlyArray<[answer: string, ws: string, http: string]> = [
  [
    'HTTP/1.1 101 Yes\nUpgrade: websocket\n\n',
    'bad-handshake: the lines of the response head end in LF without CR: "HTTP/1.1 101 Yes\\nUpgrade: websocket\\n\\n"',
    '=',
  ],
  [
    'HTTP/1.1 200 OK\r\nContent-Length: 0\nX: y\r\n\r\n',
    'bad-handshake: the lines of the response head end in LF without CR: "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\nX: y\\r"',
    '=',
  ],
  [
    'HTTP/1.1 302 Found\r\nLocation: /in?token=secret#x\r\nContent-Length: 0\r\n\r\n',
    'rejected: HTTP 302 Found, redirected to "/in"',
    'open',
  ],
  [
    'HTTP/1.1 308 Moved\r\nLocation: https://me:pw@h/x\r\nContent-Length: 0\r\n\r\n',
    'rejected: HTTP 308 Moved, redirected to "https://h/x"',
    'open',
  ],
  ['HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n', 'rejected: HTTP 302 Found', 'open'],
  [OK, 'rejected: HTTP 200 OK, an ordinary answer in place of the upgrade', 'open'],
  ['HTTP/1.1 401 A\u001b[31m\r\nContent-Length: 0\r\n\r\n', 'rejected: HTTP 401 A?[31m', '='],
  [TLS_ALERT, 'stranger, bad-handshake: the server speaks TLS: its answer is an alert, protocol_version', '='],
  [
    `\x16\x03\x03\x00\x7a${'x'.repeat(20)}`,
    'stranger, bad-handshake: the server speaks TLS: its answer is a record',
    '=',
  ],
  [SETTINGS, 'stranger, bad-handshake: the server speaks HTTP/2 only: its answer is a SETTINGS frame', '='],
  ['\0\0\0\0\0\0\0\0\0\0', 'stranger, bad-handshake: the answer is not HTTP: it begins with "', '='],
];

for (const pieceBytes of [1, 10_000]) {
  test(`named for what it is, in pieces of ${pieceBytes}`, () => {
    for (const [answer, ws, http] of NAMED) {
      for (const [name, wanted] of [
        ['ws', ws],
        ['http', http === '=' ? ws : http],
      ] as const) {
        const { feed, found } = start(name);
        feed(answer, pieceBytes);
        assert.equal(found.length, 1, `${name}: ${answer}`);
        // A head in pieces is refused at its first bad line.
        assert.equal(found[0]!.slice(0, 60), wanted.slice(0, 60), `${name}: ${found[0]}`);
        if (pieceBytes > 1) assert.ok(found[0]!.startsWith(wanted), `${name}: ${found[0]}`);
      }
    }
  });
}

test('a server that wants TLS and says so in HTTP', () => {
  for (const answer of [
    'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
    'HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n<title>400 The plain HTTP request was sent to HTTPS port</title>',
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\nReason: You're speaking plain HTTP to an SSL-enabled server port.",
  ]) {
    for (const name of ['ws', 'http'] as const) {
      const { feed, found } = start(name);
      feed(answer);
      assert.deepEqual(found, ['rejected: HTTP 400 Bad Request: the server wants TLS']);
    }
  }
});

test('what has come so far', () => {
  const came: ReadonlyArray<['ws' | 'http', string, string]> = [
    ['ws', '', 'no answer'],
    ['ws', 'HTTP/1.1 101 S', '14 bytes of a response head, which begins with "HTTP/1.1 101 S"'],
    ['ws', EARLY, '1 interim answer (1xx) and no final one'],
    ['ws', `${EARLY}${EARLY}HT`, '2 interim answers (1xx) and 2 bytes of a response head, which begins with "HT"'],
    ['ws', '\x15\x03', '2 bytes of a response head, which begins with "\\u0015\\u0003"'],
    ['http', '', 'no answer'],
    ['http', EARLY, '1 interim answer (1xx) and no final one'],
    ['http', OK.slice(0, -1), 'the whole head of HTTP 200 OK, whose body of 2 bytes has not ended'],
    [
      'http',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
      'the whole head of HTTP 200 OK, whose chunked body has not ended',
    ],
  ];
  for (const [name, text, wanted] of came) {
    for (const pieceBytes of [1, 10_000]) {
      const { protocol, feed, found } = start(name);
      feed(text, pieceBytes);
      assert.equal(protocol.cameSoFar(SLOT), wanted);
      assert.deepEqual(found, []);
      protocol.release(SLOT);
      protocol.hello(SLOT);
      assert.equal(protocol.cameSoFar(SLOT), 'no answer');
    }
  }
});

test('tcp: after which words the server closed', () => {
  const words: ReadonlyArray<[string, string]> = [
    ['', 'FIN'],
    ['HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', 'FIN after "HTTP/1.1 400 Bad Request"'],
    ['-ERR max number of clients reached\r\n', 'FIN after "-ERR max number of clients reached"'],
    [TLS_ALERT, 'FIN: the server speaks TLS: its answer is an alert, protocol_version'],
    ['\x01\x02\x03\x04\r\n', 'FIN'],
    ['no line', 'FIN'],
  ];
  for (const [said, wanted] of words) {
    const { protocol, feed, found } = start('tcp');
    feed(said);
    protocol.onBytes(0, Buffer.alloc(0));
    protocol.onBytes(SLOT, Buffer.from(said, 'latin1'));
    protocol.onEnd(SLOT);
    protocol.onEnd(0);
    assert.deepEqual(found, [`peer close: ${wanted}`, 'peer close: FIN']);
  }
});
