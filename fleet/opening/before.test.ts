import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTemplate } from '../../core/opening/template.ts';
import { openingSubject, planOf } from '../../test/support/opening-subject.ts';

test('requests before the upgrade fill holes, on the same connection', () => {
  const before = [
    {
      request: 'POST /hub/negotiate HTTP/1.1\r\n\r\n',
      said: 'POST /hub/negotiate',
      take: { id: 'a.token' },
    },
    { request: 'PUT /x?id={id} HTTP/1.1\r\n\r\n{"n":{n}}', said: 'PUT /x' },
  ];
  const words = { before, steps: [{ send: 'id {id}' }] };
  const subject = openingSubject('ws', planOf(words));
  assert.deepEqual(subject.take(), [['request', 'POST /hub/negotiate']]);
  subject.feed(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"a":{"token":"T7xx"}}'), [7]);
  assert.deepEqual(subject.take(), [['request', 'PUT /x?id=T7xx']]);
  subject.feed(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'));
  assert.deepEqual(subject.take(), [['request', 'GET /']]);
  subject.upgrade();
  assert.deepEqual(subject.take(), [['said', 'text', 'id T7xx'], ['open']]);

  const cases: Array<[string, string, RegExp]> = [
    [
      'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n',
      'opening-refused',
      /^POST \/hub\/negotiate: HTTP 401 Unauthorized$/,
    ],
    [
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
      'opening-refused',
      /no field a\.token to take in the answer, which is "\{\}"$/,
    ],
    [
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
      'opening-refused',
      /the server closes the connection/,
    ],
    ['SSH-2.0-x', 'bad-handshake', /^POST \/hub\/negotiate: the answer is not HTTP/],
    [
      `HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n${'x'.repeat(70_000)}`,
      'opening-refused',
      /more than 65536 bytes/,
    ],
  ];
  for (const [answer, outcome, detail] of cases) {
    const refused = openingSubject('ws', planOf(words));
    refused.take();
    refused.feed(Buffer.from(answer));
    const found = refused.take();
    assert.equal(found.length, 1, answer.slice(0, 80));
    assert.equal(found[0]![0], outcome);
    assert.match(String(found[0]![1]), detail);
  }
  const closed = openingSubject('ws', planOf(words));
  closed.take();
  closed.protocol.onEnd(2);
  assert.deepEqual(closed.take(), [['closed-early', 'POST /hub/negotiate: the server closed without an answer']]);
});

test('what is taken of an answer and would break a header is not sent: the connection is refused', () => {
  const before = [
    { request: 'POST /login HTTP/1.1\r\n\r\n', said: 'POST /login', take: { id: 'id', name: 'name' } },
    { request: 'GET /me?name={name} HTTP/1.1\r\nX-Id: {id}\r\n\r\n', said: 'GET /me' },
  ];
  const said = (fields: Readonly<Record<string, string>>): unknown => {
    const subject = openingSubject('ws', planOf({ before, steps: [] }));
    subject.take();
    const body = JSON.stringify(fields);
    subject.feed(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
    return subject.take();
  };
  const why =
    "POST /login: what its answer gives for {id} has a line break or another control character in it, and a header can't have one";
  for (const id of ['a\r\nB: c', 'a\n', '\0', 'a\u007f']) {
    assert.deepEqual(said({ id, name: 'x' }), [['opening-refused', why]]);
  }
  assert.deepEqual(said({ id: 'a\tb', name: 'x' }), [['request', 'GET /me?name=x']]);
});

test('the headers of the upgrade are looked at as those of requests before it', () => {
  const [login] = planOf({
    before: [{ request: 'GET /id HTTP/1.1\r\n\r\n', said: 'GET /id', take: { id: 'id' } }],
  }).before;
  const names = { columns: [], taken: ['id'], env: {}, onSecret: () => undefined };
  const headers = parseTemplate('X-Id: {id}\r\n', names, [], 'header');
  const subject = openingSubject('ws', { ...planOf({}), before: [login!] }, undefined, headers);
  subject.take();
  subject.feed(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"id":"a\\r\\nB"}'));
  const found = subject.take();
  assert.deepEqual(
    found.map(([what]) => what),
    ['opening-refused'],
  );
});
