import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { literalTemplate } from '../../core/opening/template.ts';
import { createSseProtocol } from './sse.ts';

const SLOTS = 4;
const SLOT = 2;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const TO_END = `${HEAD}\r\n`;

type Finding = readonly [what: string, ...details: unknown[]];

interface Subject {
  readonly sse: ReturnType<typeof createSseProtocol>;
  /** What was found so far, by all slots; an event by its data. */
  readonly found: Finding[];
  /** The request that a slot begins with. */
  hello(slot?: number): string;
  /** Feeds a stream in chunks, through one buffer that is overwritten in between, as an engine does. */
  feed(stream: string, slot?: number, chunkBytes?: number): void;
}

function start(): Subject {
  const found: Finding[] = [];
  const data = new Map<number, string>();
  const sse = createSseProtocol(
    { slots: SLOTS, path: '/events?a=b', hostHeader: 'localhost:80' },
    {
      onOpen: () => found.push(['open']),
      onHandshakeFailure: (_, outcome, detail) => found.push([outcome, detail]),
      onPayload: (slot, bytes, last) => {
        const all = (data.get(slot) ?? '') + Buffer.from(bytes).toString('latin1');
        data.set(slot, last ? '' : all);
        if (last) found.push(['event', all]);
      },
      onAnswer: () => assert.fail('nobody asks on a stream'),
      onReply: () => assert.fail('a stream has nothing to reply'),
      onPeerClose: (_, detail, keepsOpen) => found.push(['peer close', detail, keepsOpen]),
      onProtocolError: (_, detail) => found.push(['protocol error', detail]),
    },
  );
  return {
    sse,
    found,
    hello: (slot = SLOT) => Buffer.from(sse.hello(slot)!).toString('latin1'),
    feed(stream, slot = SLOT, chunkBytes = stream.length) {
      const bytes = Buffer.from(stream, 'latin1');
      const buffer = Buffer.alloc(chunkBytes);
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        const piece = bytes.subarray(at, at + chunkBytes);
        buffer.set(piece);
        sse.onBytes(slot, buffer.subarray(0, piece.length));
        buffer.fill(0xee);
      }
    },
  };
}

/** A slot whose stream goes on. */
function opened(head = TO_END): Subject {
  const subject = start();
  subject.hello();
  subject.feed(head);
  assert.deepEqual(subject.found.splice(0), [['open']]);
  return subject;
}

test('what requests say beyond the usual stands behind our own lines, also where a stream is gone on with', () => {
  const unheard = {
    onOpen() {},
    onHandshakeFailure() {},
    onPayload() {},
    onAnswer() {},
    onReply() {},
    onPeerClose() {},
  };
  const headers = literalTemplate(Buffer.from('Authorization: Bearer x\r\n'));
  const sse = createSseProtocol(
    { slots: SLOTS, path: '/', hostHeader: 'h:1', words: { headers } },
    { ...unheard, onProtocolError() {} },
  );
  const hello = (): string[] => Buffer.from(sse.hello(SLOT)!).toString('latin1').split('\r\n').slice(2);
  assert.deepEqual(hello(), [
    'Accept: text/event-stream',
    'Cache-Control: no-cache',
    'Authorization: Bearer x',
    '',
    '',
  ]);
  sse.onBytes(SLOT, Buffer.from(`${TO_END}id: 7\n\n`));
  sse.release(SLOT);
  assert.deepEqual(hello().slice(2), ['Authorization: Bearer x', 'Last-Event-ID: 7', '', '']);
});

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

test('it asks for an event stream that no cache answers, and is open with the head of one', () => {
  const { hello, feed, found, sse } = start();
  assert.equal(
    hello(),
    'GET /events?a=b HTTP/1.1\r\nHost: localhost:80\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n\r\n',
  );
  assert.equal(sse.cameSoFar(SLOT), 'no answer');
  feed(CHUNKED.slice(0, 20));
  assert.match(sse.cameSoFar(SLOT), /^20 bytes of a response head/);
  feed(CHUNKED.slice(20));
  assert.deepEqual(found, [['open']]);
});

test('events of a body in chunks, of one that ends with the connection, of one with a length and of HTTP/1.0', () => {
  const events = ': hi\n\ndata: a\ndata: b\n\nevent: x\ndata: c\n\n';
  const expected = [['open'], ['event', 'a\nb'], ['event', 'c']];
  const streams: ReadonlyArray<[stream: string, end: Finding[]]> = [
    [CHUNKED + [...events].map(chunk).join(''), []],
    [TO_END + events, []],
    [TO_END.replace('1.1', '1.0') + events, []],
    [`${HEAD}Content-Length: 1000\r\n\r\n${events}`, []],
    [`HTTP/1.1 103 Early Hints\r\n\r\n${CHUNKED}${chunk(events)}0\r\n\r\n`, [['peer close', 'the stream ended', true]]],
    [`${HEAD}Content-Length: ${events.length}\r\n\r\n${events}`, [['peer close', 'the stream ended', true]]],
  ];
  for (const [stream, end] of streams) {
    const { hello, feed, found } = start();
    hello();
    feed(stream);
    assert.deepEqual(found, [...expected, ...end]);
  }
});

test('property: however a stream in chunks comes in pieces, it is the same stream', () => {
  const events = fc.array(fc.constantFrom('data: a\n\n', 'id: 1\n\n', ':\r\n', 'data: b\r\n\r\n', 'data:'), {
    maxLength: 9,
  });
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (parts, size, chunkBytes) => {
      const text = parts.join('');
      const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      const findings = [chunkBytes, 100_000].map((pieceBytes) => {
        const { hello, feed, found } = start();
        hello();
        feed(`${CHUNKED}${chunks.map(chunk).join('')}0\r\n\r\n`, SLOT, pieceBytes);
        return found;
      });
      assert.deepEqual(findings[0], findings[1]);
      assert.equal(findings[0]!.at(-1)![0], 'peer close');
    }),
  );
});

const refusals: ReadonlyArray<[answer: string, outcome: string, detail: RegExp]> = [
  ['HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', 'rejected', /^HTTP 404 Not Found$/],
  ['HTTP/1.1 204 No Content\r\n\r\n', 'rejected', /^HTTP 204 No Content$/],
  ['HTTP/1.1 302 Found\r\nLocation: /in?token=1\r\n\r\n', 'rejected', /^HTTP 302 Found, redirected to "\/in"$/],
  [
    'HTTP/1.1 400 Bad\r\n\r\nClient sent an HTTP request to an HTTPS server.',
    'rejected',
    /^HTTP 400 Bad: the server wants TLS$/,
  ],
  [
    'HTTP/1.1 200 OK\r\nContent-Type: text/HTML;x=y\r\nContent-Length: 0\r\n\r\n',
    'bad-handshake',
    /^HTTP 200 OK with Content-Type "text\/html", where an event stream has text\/event-stream$/,
  ],
  ['HTTP/1.1 200 OK\r\n\r\n', 'bad-handshake', /^HTTP 200 OK with no Content-Type, where/],
  [`${HEAD}Content-Encoding: gzip\r\n\r\n`, 'bad-handshake', /with Content-Encoding "gzip", which nobody asked for$/],
  [`${HEAD}Content-Length: 0\r\n\r\n`, 'closed-early', /^HTTP 200 OK with an event stream of no bytes$/],
  ['SSH-2.0-OpenSSH\r\n', 'bad-handshake', /^the answer is not HTTP/],
  [`${CHUNKED.slice(0, -4)}\n\r\n`, 'bad-handshake', /LF without CR/],
];
for (const [answer, outcome, detail] of refusals) {
  test(`${JSON.stringify(answer.slice(0, 60))} begins no stream: ${outcome}`, () => {
    const { hello, feed, found } = start();
    hello();
    feed(answer);
    assert.equal(found.length, 1);
    assert.equal(found[0]![0], outcome);
    assert.match(String(found[0]![1]), detail);
  });
}

test('FIN ends a stream whose body goes to the end, breaks off one in chunks, and is early before the head', () => {
  const ends: ReadonlyArray<[came: string, finding: Finding[]]> = [
    [TO_END, [['open'], ['peer close', 'the stream ended', false]]],
    [CHUNKED, [['open'], ['peer close', 'FIN before the end of the stream', undefined]]],
    ['', [['closed-early', 'the server closed without an answer']]],
  ];
  for (const [came, finding] of ends) {
    const { hello, feed, found, sse } = start();
    hello();
    feed(came);
    sse.onEnd(SLOT);
    assert.deepEqual(found, finding);
  }
});

test('a chunk without a size breaks the protocol of an open stream', () => {
  const { feed, found } = opened(CHUNKED);
  feed('x\r\n');
  assert.equal(found[0]![0], 'protocol error');
});

const lastIdIn = (request: string): string | undefined => /^Last-Event-ID: (.*)\r$/m.exec(request)?.[1];

test('a later connection goes on where a stream ended, whichever slot it has; each end is taken up once', () => {
  const { sse, hello, feed } = start();
  for (const slot of [0, 1, 2]) hello(slot);
  for (const slot of [0, 1, 2]) {
    feed(`${TO_END}id: of ${slot}\ndata: x\n\nid: cut`, slot);
    sse.onEnd(slot);
    sse.release(slot);
  }
  assert.deepEqual(
    [3, 0, 1, 2].map((slot) => lastIdIn(hello(slot))),
    ['of 0', 'of 1', 'of 2', undefined],
  );
});

test('what comes of an id: a reset leaves it, an attempt that fails hands it on, what we close ourselves takes it along', () => {
  const { sse, hello, feed } = start();
  hello(0);
  feed(`${TO_END}id: a\n\n`, 0);
  sse.release(0);
  assert.equal(lastIdIn(hello(1)), 'a');
  feed('HTTP/1.1 503 Busy\r\n\r\n', 1);
  sse.release(1);
  assert.equal(lastIdIn(hello(0)), 'a');
  // Open again, with nothing new said.
  feed(TO_END, 0);
  sse.onEnd(0);
  sse.release(0);
  assert.equal(lastIdIn(hello(1)), 'a');
  feed(TO_END, 1);
  assert.equal(sse.goodbye(1), undefined);
  sse.release(1);
  assert.equal(lastIdIn(hello(0)), undefined);
});

test('an id that is too long is no id: the stream begins anew', () => {
  const { sse, hello, feed } = start();
  hello(0);
  feed(`${TO_END}id: a\n\nid: ${'x'.repeat(48)}\n\n`, 0);
  sse.release(0);
  assert.equal(lastIdIn(hello(0)), undefined);
});

test('what the server says about coming back is told; nothing of what comes behind our goodbye is', () => {
  const { sse, feed, found } = opened();
  assert.equal(sse.retryMs, undefined);
  feed('retry: 1500\n\ndata: a\n\n');
  assert.equal(sse.retryMs, 1500);
  sse.goodbye(SLOT);
  feed('data: b\n\n');
  sse.onEnd(SLOT);
  assert.deepEqual(found, [['event', 'a']]);
});
