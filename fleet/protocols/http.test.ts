import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, constantFrom, assert as holds, nat, property, uint8Array } from 'fast-check';
import { createHttpProtocol } from './http.ts';

const SLOT = 2;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n';

type Finding = readonly [what: string, ...details: unknown[]];
interface Subject {
  readonly http: ReturnType<typeof createHttpProtocol>;
  /** What was found so far; pieces of a body are joined. */
  readonly found: Finding[];
  /** Feeds a stream in chunks through one buffer that is overwritten in between, as an engine does. */
  feed(stream: string | Uint8Array, chunkBytes?: readonly number[]): void;
}

/** A slot that has sent its first request. */
function start(): Subject {
  const found: Finding[] = [];
  let body = '';
  const http = createHttpProtocol(
    { slots: 4, path: '/first', requestPath: '/later?x=1', hostHeader: 'localhost:80' },
    {
      onOpen: () => {
        body = '';
        found.push(['open']);
      },
      onHandshakeFailure: (_, outcome, detail) => found.push([outcome, detail]),
      onPayload: (_, bytes) => {
        body += Buffer.from(bytes).toString('latin1');
      },
      onAnswer: (_, statusClass, staysOpen) => {
        found.push(['answer', statusClass, body, staysOpen]);
        body = '';
      },
      onReply: () => assert.fail('http has nothing to reply'),
      onPeerClose: (_, detail) => found.push(['peer close', detail]),
      onProtocolError: (_, detail) => found.push(['protocol error', detail]),
    },
  );
  http.hello(SLOT);
  const buffer = Buffer.alloc(200_000);
  return {
    http,
    found,
    feed(text, chunkBytes = []) {
      const stream = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
      let at = 0;
      for (let i = 0; at < stream.length; i++) {
        const length = Math.min(stream.length - at, chunkBytes[i % chunkBytes.length] ?? stream.length);
        buffer.set(stream.subarray(at, at + length));
        http.onBytes(SLOT, buffer.subarray(0, length));
        buffer.fill(0xee, 0, length);
        at += length;
      }
    },
  };
}

/** A slot whose first request is answered, and which has made so many more. */
function opened(asked = 1): Subject {
  const subject = start();
  subject.feed(OK);
  assert.deepEqual(subject.found.splice(0), [['open']]);
  for (let i = 0; i < asked; i++) subject.http.request(SLOT);
  return subject;
}

test('a request has a target and a Host header, and nothing else', () => {
  const { http } = start();
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  assert.equal(text(http.hello(SLOT)!), 'GET /first HTTP/1.1\r\nHost: localhost:80\r\n\r\n');
  assert.equal(text(http.request(SLOT)), 'GET /later?x=1 HTTP/1.1\r\nHost: localhost:80\r\n\r\n');
  assert.equal(text(http.heartbeat(SLOT)), 'GET /first HTTP/1.1\r\nHost: localhost:80\r\n\r\n');
  assert.equal(http.goodbye(SLOT), undefined);
  assert.equal(http.awaitsAnswer, true);
});

test('what a server may answer', () => {
  const answers: ReadonlyArray<[answer: string, statusClass: number, body: string, staysOpen: boolean]> = [
    [OK, 2, 'ok', true],
    ['HTTP/1.1 200\r\nCONTENT-LENGTH:\t0 \r\n\r\n', 2, '', true],
    ['HTTP/1.1 404 Not Found\r\nContent-Length: 3, 3\r\n\r\nabc', 4, 'abc', true],
    ['HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n', 2, '', true],
    ['HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', 3, '', true],
    ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx', 2, 'x', true],
    [`${CHUNKED}0\r\n\r\n`, 2, '', true],
    [`${CHUNKED}00A;name="a;b"\r\n0123456789\r\n1 \r\nx\r\n0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n`, 2, '0123456789x', true],
    ['HTTP/1.1 500 Oops\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 5, '', true],
    [
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 201 X\r\nContent-Length: 0\r\n\r\n',
      2,
      '',
      true,
    ],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, \r\nConnection: ,\r\n\r\n0\r\n\r\n', 2, '', true],
    ['HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx', 2, 'x', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', 2, 'x', false],
  ];
  for (const [answer, statusClass, body, staysOpen] of answers) {
    for (const chunks of [[], [1], [7, 2]]) {
      const { feed, found } = opened();
      feed(answer, chunks);
      const closed: Finding[] = staysOpen ? [] : [['peer close', 'answered with Connection: close']];
      assert.deepEqual(found, [['answer', statusClass, body, staysOpen], ...closed], answer);
    }
  }
});

test('what a server may not answer, each with the sentence that says why', () => {
  const long = 'a'.repeat(20_000);
  const wrong: ReadonlyArray<[answer: string, detail: RegExp]> = [
    ['HTTP/2 200\r\n\r\n', /^the answer is not HTTP: it begins with "HTTP\/2/],
    ['HTTP/1.1 20 OK\r\n\r\n', /^malformed status line "HTTP\/1.1 20 OK"$/],
    [`${CHUNKED}0\r\nno colon\r\n\r\n`, /^malformed trailer line "no colon"$/],
    [`${CHUNKED}0\r\nX: a\rb\r\n\r\n`, /^malformed trailer line/],
    ['HTTP/1.1 600 Much\r\n\r\n', /^HTTP 600 Much: there is no such status$/],
    ['HTTP/1.1 101 Switching\r\n\r\n', /^HTTP 101 Switching: nobody asked for another protocol$/],
    ['HTTP/1.1 200 OK\r\nno colon\r\n\r\n', /^malformed header line "no colon"$/],
    [`HTTP/1.1 200 OK\r\nX: ${long}`, /^response head above 16384 bytes$/],
    [`HTTP/1.1 200 OK\r\nX: ${long}\r\n\r\n`, /^response head above 16384 bytes$/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n', /^Content-Length is "3, 4", not a number$/],
    ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', /^Content-Length is "-1", not a number$/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\n', /^a body of 4294967296 bytes; the limit is 4294967295$/],
    [`${CHUNKED}\r\n`, /^the size of a chunk is ""$/],
    [`${CHUNKED}0x5\r\n`, /^the size of a chunk is "0x5"$/],
    [`${CHUNKED}100000000\r\n`, /^the size of a chunk is "100000000"$/],
    [`${CHUNKED}5\n`, /^a line between chunks without CR: "5\\n"$/],
    [`${CHUNKED}1\r\nxy\r\n`, /^more bytes in a chunk than its size: "y"$/],
    [`${CHUNKED}1;${long}`, /^a line between chunks above 1024 bytes$/],
    [`${CHUNKED}0\r\n${'X: 0123456789\r\n'.repeat(2000)}\r\n`, /^trailers above 16384 bytes$/],
  ];
  for (const [answer, detail] of wrong) {
    for (const chunks of [[], [1000], [3]]) {
      const { feed, found, http } = opened();
      feed(answer, chunks);
      feed(OK);
      http.onEnd(SLOT);
      assert.equal(found.length, 1, answer.slice(0, 60));
      assert.equal(found[0]![0], 'protocol error');
      assert.match(String(found[0]![1]), detail);
      const first = start();
      first.feed(answer, chunks);
      assert.deepEqual(first.found, [['bad-handshake', found[0]![1]]]);
    }
  }
});

test('a body of 4 GiB less a byte is counted to its end', () => {
  const { feed, found } = opened(2);
  feed('HTTP/1.1 200 OK\r\nContent-Length: 4294967295\r\n\r\n');
  const piece = Buffer.alloc(200_000);
  feed(piece);
  assert.deepEqual(found, []);
});

test('requests that were made one behind the other are answered in turn; one more answer was not asked for', () => {
  const { feed, found } = opened(3);
  feed(`${OK}${OK}${OK}${OK}`, [11]);
  const answer: Finding = ['answer', 2, 'ok', true];
  assert.deepEqual(found, [answer, answer, answer, ['protocol error', 'HTTP 200 OK, which nobody asked for']]);
});

test('a head is not taken for the one before it, however much they have in common', () => {
  const { feed, found } = opened(3);
  feed('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nA');
  feed('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789', [5]);
  feed('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nB');
  assert.deepEqual(
    found.map(([, , body]) => body),
    ['A', '0123456789', 'B'],
  );
});

test('FIN says where it came', () => {
  const ends: ReadonlyArray<[asked: number, text: string, reason: string]> = [
    [0, '', 'FIN'],
    [1, '', 'FIN with a request unanswered'],
    [1, 'HTTP/1.1 2', 'FIN in the middle of an answer'],
    [1, OK.slice(0, -1), 'FIN in the middle of an answer'],
    [1, `${CHUNKED}0\r\n`, 'FIN in the middle of an answer'],
  ];
  for (const [asked, text, reason] of ends) {
    const { http, feed, found } = opened(asked);
    feed(text);
    http.onEnd(SLOT);
    http.onEnd(SLOT);
    assert.deepEqual(found, [['peer close', reason]]);
  }
  const { http, feed, found } = opened();
  feed('HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nall of ', [4]);
  feed('it');
  http.onEnd(SLOT);
  assert.deepEqual(found, [
    ['answer', 2, 'all of it', false],
    ['peer close', 'answered with Connection: close'],
  ]);
  const early = start();
  early.feed(OK.slice(0, -1));
  early.http.onEnd(SLOT);
  assert.deepEqual(early.found, [
    ['closed-early', 'the server closed after the whole head of HTTP 200 OK, whose body of 2 bytes has not ended'],
  ]);
});

test('a slot released in the middle of anything starts afresh', () => {
  for (const midway of [
    '',
    'HTTP/1.1 2',
    OK.slice(0, -1),
    `${CHUNKED}5\r\nab`,
    `${CHUNKED}5`,
    `${CHUNKED}0\r\nX: 1\r\n`,
  ]) {
    const { http, feed, found } = opened(5);
    feed(midway);
    http.release(SLOT);
    feed(OK);
    http.onEnd(SLOT);
    assert.deepEqual(found, [], midway);
    http.hello(SLOT);
    feed(OK, [3]);
    http.request(SLOT);
    feed(OK);
    assert.deepEqual(found, [['open'], ['answer', 2, 'ok', true]], midway);
  }
});

test('any chunking of a valid stream gives the same findings', () => {
  const answers = [OK, `${CHUNKED}3\r\nabc\r\n0\r\n\r\n`, 'HTTP/1.1 100 C\r\n\r\nHTTP/1.1 204 N\r\n\r\n'];
  holds(
    property(
      array(constantFrom(...answers), { minLength: 1, maxLength: 6 }),
      array(nat(40), { minLength: 1 }),
      (stream, cuts) => {
        const [whole, cut] = [opened(stream.length), opened(stream.length)];
        whole.feed(stream.join(''));
        cut.feed(
          stream.join(''),
          cuts.map((size) => size + 1),
        );
        assert.equal(whole.found.length, stream.length);
        assert.deepEqual(cut.found, whole.found);
      },
    ),
  );
});

test('random bytes never throw and end in at most one failure, with nothing after it', () => {
  const pieces = constantFrom(
    'HTTP/1.1 ',
    '200',
    ' OK',
    '\r\n',
    '\r\n\r\n',
    'Content-Length: ',
    '3',
    'chunked',
    'a',
    '0',
  );
  const text = array(pieces, { maxLength: 30 }).map((parts) => Buffer.from(`${CHUNKED}${parts.join('')}`));
  for (const bytes of [uint8Array({ maxLength: 300 }), text]) {
    holds(
      property(bytes, nat(20), (stream, cut) => {
        const { feed, found, http } = opened(2);
        feed(stream, [cut + 1]);
        http.onEnd(SLOT);
        const ends = found.findIndex(([what]) => what !== 'answer');
        assert.equal(ends, found.length - 1);
      }),
    );
  }
});
