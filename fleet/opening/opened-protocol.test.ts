import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type OpeningFinding,
  type OpeningSubject,
  type OpeningWords,
  openingSubject,
  planOf,
  serverFrame,
} from '../../test/support/opening-subject.ts';

const ACK = { json: { type: 'connection_ack' } };

/** A ws connection whose upgrade is done; what was found by then is left out. */
function upgraded(words: OpeningWords): OpeningSubject {
  const subject = openingSubject('ws', planOf(words));
  subject.upgrade();
  subject.take();
  return subject;
}

function connected(words: OpeningWords): OpeningSubject {
  const subject = openingSubject('tcp', planOf(words));
  subject.take();
  return subject;
}

function heard(subject: OpeningSubject, ...messages: ReadonlyArray<string | Uint8Array>): OpeningFinding[] {
  for (const message of messages) subject.hear(message);
  return subject.take();
}

test('ws: open once the last step is done, and what comes then is payload', () => {
  const send = '{"type":"connection_init","payload":{"token":"{token}"}}';
  const subject = openingSubject('ws', planOf({ steps: [{ send }, { expect: ACK }, { send: 'sub {n}' }] }));
  subject.upgrade();
  assert.deepEqual(subject.take(), [['said', 'text', send.replace('{token}', 't-1')]]);
  assert.deepEqual(heard(subject, '{"type":"connection_ack","x":1}', 'data'), [
    ['said', 'text', 'sub 1'],
    ['open'],
    ['payload', 'data'],
  ]);
});

test('ws: what follows the last step in the same read is payload, and so are pieces of a message', () => {
  const subject = upgraded({ steps: [{ expect: 'hello' }] });
  subject.feed(
    Buffer.concat([
      serverFrame(Buffer.from('hel'), false),
      serverFrame(Buffer.from('lo'), true, 0),
      serverFrame(Buffer.from('da'), false),
      serverFrame(Buffer.from('ta'), true, 0),
    ]),
  );
  assert.deepEqual(subject.take(), [['open'], ['payload', 'data']]);
});

test('tcp: without a step that waits it is open at once', () => {
  const subject = openingSubject('tcp', planOf({ steps: [{ send: 'hello {n}' }, { send: { hex: '0a' } }] }));
  assert.deepEqual(subject.take(), [['said', 'hello 1'], ['said', '\n'], ['open']]);
  assert.deepEqual(heard(subject, 'x'), [['payload…', 'x']]);
});

test('refusals say which step it was, what it expects and what came instead', () => {
  const cases: Array<[OpeningWords, Array<string | Uint8Array>, string]> = [
    [
      { steps: [{ send: 'hi' }, { expect: ACK }, { send: 'x' }] },
      ['{"type":"error","message":"bad token of somebody"}'],
      'step 2 of 3 expects {"type":"connection_ack"}: the server said "{\\"type\\":\\"error\\",\\"message\\":\\"bad token of …"',
    ],
    [{ steps: [{ expect: 'ok' }] }, ['ok '], 'step 1 of 1 expects "ok": the server said "ok "'],
    [
      { steps: [{ send: '' }, { expect: 'ok {token}' }] },
      ['no t-1'],
      'step 2 of 2 expects "ok {token}": the server said "no ***"',
    ],
    [{ steps: [{ expect: { hex: '00ff' } }] }, [Uint8Array.of(0, 0xfe)], 'the server said "\\u0000þ"'],
    [
      { steps: [{ expect: ACK, take: { sid: 'a.b' } }] },
      ['{"type":"connection_ack","a":1}'],
      'there is no field a.b to take in "{\\"type\\":\\"connection_ack\\",\\"a\\":1}"',
    ],
  ];
  for (const [words, messages, detail] of cases) {
    const found = heard(upgraded(words), ...messages, 'more');
    // We say goodbye, and nothing is found any more.
    assert.deepEqual(
      found.map(([what]) => what),
      ['said', 'opening-refused'],
      detail,
    );
    assert.deepEqual(found[0], ['said', 'close', '03e8']);
    assert.ok(String(found[1]![1]).endsWith(detail), String(found[1]![1]));
  }
});

test('a close in the middle is told with the step and the words of the close', () => {
  const closed = upgraded({ steps: [{ expect: 'ok' }] });
  closed.feed(
    Buffer.concat([Uint8Array.of(0x88, 2 + 12), Uint8Array.of(4401 >> 8, 4401 & 255), Buffer.from('Unauthorized')]),
  );
  assert.deepEqual(closed.take().at(-1), [
    'opening-refused',
    'step 1 of 1 expects "ok": the server closed: close 4401 Unauthorized',
  ]);
  const ended = upgraded({ steps: [{ expect: 'ok' }] });
  ended.protocol.onEnd(2);
  assert.deepEqual(ended.take(), [
    ['opening-refused', 'step 1 of 1 expects "ok": the server closed: FIN without a close frame'],
  ]);
  const stream = connected({ steps: [{ expect: 'ok' }] });
  stream.hear('o');
  stream.protocol.onEnd(2);
  assert.deepEqual(stream.take(), [['opening-refused', 'step 1 of 1 expects "ok": the server closed: FIN']]);
  const broken = upgraded({ steps: [{ expect: 'ok' }] });
  broken.feed(Uint8Array.of(0x83, 0));
  assert.deepEqual(broken.take().at(-1), [
    'opening-refused',
    'step 1 of 1 expects "ok": the server broke the protocol: reserved opcode 3',
  ]);
});

test('a close before the upgrade stays what it is', () => {
  const subject = openingSubject('ws', planOf({ steps: [{ expect: 'ok' }] }));
  subject.take();
  subject.protocol.onEnd(2);
  assert.deepEqual(subject.take(), [['closed-early', 'the server closed without an answer']]);
});

test('a step may have a time of its own, and others may come before', () => {
  const subject = upgraded({
    steps: [
      { expect: 'ok', within: 500, skip: true },
      { expect: 'ready', within: 100 },
    ],
  });
  assert.deepEqual(heard(subject, 'note 1', 'note 2'), []);
  assert.equal(subject.pass(499), 1);
  assert.equal(
    subject.protocol.cameSoFar(2),
    'step 1 of 2 expects "ok", which did not come; what came last is "note 2"',
  );
  assert.deepEqual(heard(subject, 'ok'), []);
  assert.equal(subject.protocol.cameSoFar(2), 'step 2 of 2 expects "ready", which did not come');
  subject.pass(99);
  assert.deepEqual(subject.take(), []);
  subject.pass(1);
  assert.deepEqual(subject.take(), [
    ['said', 'close', '03e8'],
    ['opening-refused', 'step 2 of 2 expects "ready", which did not come within 100 ms'],
  ]);
  assert.equal(subject.pass(1), Number.POSITIVE_INFINITY);
});

test('a wait keeps what comes meanwhile for the steps behind it, and rules answer at once', () => {
  for (const make of [upgraded, connected]) {
    const end = make === connected ? { end: '\n' } : {};
    const line = (text: string): string => (make === connected ? `${text}\n` : text);
    const subject = make({
      ...end,
      steps: [{ wait: 200 }, { send: 'hi' }, { expect: 'ok' }],
      rules: [{ on: 'ping', send: 'pong' }],
    });
    assert.equal(subject.protocol.cameSoFar(2), 'step 1 of 3 waits 200 ms');
    assert.deepEqual(
      heard(subject, line('ok'), line('ping'), line('news')).map((what) => what.at(-1)),
      ['pong'],
    );
    subject.pass(200);
    assert.deepEqual(
      subject.take().map((what) => what.at(-1)),
      ['hi', 'open', 'news'],
    );
  }
  const full = upgraded({ steps: [{ wait: 200 }] });
  full.hear('x'.repeat(40_000));
  assert.deepEqual(heard(full, 'x'.repeat(40_000)).at(-1), [
    'opening-refused',
    'step 1 of 1 waits 200 ms: the server said more than 65536 bytes meanwhile',
  ]);
});

test('what a rule matches is judged by no step, and counts as received once it is open', () => {
  const subject = upgraded({
    steps: [{ expect: { prefix: '0' }, take: { sid: 'sid' } }, { send: '40{sid}' }, { expect: { prefix: '40' } }],
    rules: [{ on: '2', send: '3' }],
  });
  assert.deepEqual(heard(subject, '2', '0{"sid":"abc","n":1}', '2', '40{}', '2', '42["x"]'), [
    ['said', 'text', '3'],
    ['said', 'text', '40abc'],
    ['said', 'text', '3'],
    ['open'],
    ['payload', '2'],
    ['said', 'text', '3'],
    ['payload', '42["x"]'],
  ]);
});

test('tcp: lines and other ends; they are no part of a message', () => {
  const lines = connected({ end: '\n', steps: [{ expect: '+OK' }, { send: 'a\r\n' }, { expect: { prefix: '+' } }] });
  assert.deepEqual(heard(lines, '+OK\r', '\n+PO', 'NG\nrest'), [['said', 'a\r\n'], ['open'], ['payload…', 'rest']]);
  const nul = connected({ end: '\r\n\0', steps: [{ expect: 'a\n' }], rules: [{ on: 'p', send: 'q' }] });
  assert.deepEqual(heard(nul, 'a\n\r', '\n', '\0p\r\n', '\0'), [['open'], ['payload…', 'p\r\n\0'], ['said', 'q']]);
});

test('tcp: a stream that nothing cuts is one text', () => {
  const subject = connected({
    steps: [{ expect: { prefix: 'EHLO ' } }, { expect: { contains: 'ready' } }, { expect: ACK }, { expect: 'go' }],
    rules: [{ on: 'PING', send: 'PONG' }],
  });
  assert.deepEqual(heard(subject, 'EH', 'LO PINGmail is rea', 'dy{"type":"connection_ack"', '}PIN', 'Ggoon PI', 'NG'), [
    ['said', 'PONG'],
    ['said', 'PONG'],
    ['open'],
    ['payload…', 'on PING'],
    ['said', 'PONG'],
  ]);
  assert.deepEqual(heard(connected({ steps: [{ expect: 'go' }] }), 'g', 'ad'), [
    ['opening-refused', 'step 1 of 1 expects "go": the server said "gad"'],
  ]);
});

test('a message that is too long is refused while opening, and read over by rules', () => {
  const long = 'x'.repeat(70_000);
  const words = {
    end: '\n',
    steps: [{ expect: { prefix: 'x' } }],
    rules: [{ on: { contains: 'ping' }, send: 'pong' }],
  };
  const refused = connected(words);
  refused.feed(Buffer.from(long), [1000]);
  assert.match(
    String(refused.take().at(-1)?.[1]),
    /^step 1 of 1 expects .*: the server said more than 65536 bytes in one message, which begins with "x{40}…"$/,
  );
  const subject = connected(words);
  subject.hear('x\n');
  subject.take();
  subject.feed(Buffer.from(`ping${long}\n${long}ping\nping\n`), [999]);
  assert.deepEqual(
    subject.take().filter(([what]) => what === 'said'),
    [
      ['said', 'pong'],
      ['said', 'pong'],
    ],
  );
});

test('every: each connection once in a period, evenly, from its first period on', () => {
  const subject = upgraded({ steps: [], rules: [{ every: 1000, send: 'ping {n}' }] });
  for (const slot of [0, 1, 3, 4]) subject.open(slot);
  subject.pass(0);
  subject.take();
  const said: string[] = [];
  for (let ms = 0; ms < 3000; ms += 10) {
    subject.pass(10);
    for (const [, , text] of subject.take()) said.push(`${text} in second ${Math.floor(ms / 1000)}`);
  }
  // The others have no upgrade yet.
  assert.deepEqual(said, ['ping 1 in second 0', 'ping 1 in second 1', 'ping 1 in second 2']);
});
