import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showSaid } from './shown-said.ts';
import { Veil } from './veil.ts';

const REQUEST = [
  'GET /chat?token=abc&room=7 HTTP/1.1',
  'Host: 127.0.0.1:3000',
  'Origin: https://app.example',
  'Sec-WebSocket-Protocol: rig.v1',
  'Authorization: Bearer row-secret',
  'X-Api-Key: 1234',
  'Cookie: session=row-secret; theme=dark',
];
const ANSWER = ['HTTP/1.1 302 Found', 'Set-Cookie: sid=s3cr3t; Path=/; HttpOnly', 'Location: /login?next=row-secret'];

test('of requests those values are shown that say nothing about somebody', () => {
  const veil = new Veil(['row-secret'], false);
  assert.deepEqual(veil.request(REQUEST), [
    'GET /chat?token=***&room=*** HTTP/1.1',
    'Host: 127.0.0.1:3000',
    'Origin: https://app.example',
    'Sec-WebSocket-Protocol: rig.v1',
    'Authorization: Bearer ***',
    'X-Api-Key: ***',
    'Cookie: session=***; theme=***',
  ]);
  assert.deepEqual(veil.answer(ANSWER), [
    'HTTP/1.1 302 Found',
    'Set-Cookie: sid=***; Path=/; HttpOnly',
    'Location: /login?next=***',
  ]);
  assert.equal(veil.hasHidden, true);
});

test('secrets are hidden whoever says them: as they are, in JSON, in a URL, in bytes', () => {
  const veil = new Veil(['a"b c', 'a"b'], false);
  assert.equal(veil.hasHidden, false);
  assert.equal(veil.text('{"u":"a\\"b c"} a"b c ?u=a%22b%20c a"b'), '{"u":"***"} *** ?u=*** ***');
  const bytes = Buffer.from([0, 1, ...Buffer.from('a"b c'), 2]);
  const shown = showSaid({ kind: 'binary', bytes }, false, veil, false);
  assert.deepEqual(shown, {
    what: 'binary',
    bytes: 8,
    hex: '00 01 ** ** ** ** ** 02',
    signs: '..*****.',
    isCut: false,
  });
});

test('with --show-secrets everything is shown', () => {
  const veil = new Veil(['row-secret'], true);
  assert.deepEqual(veil.request(REQUEST), REQUEST);
  assert.deepEqual(veil.answer(ANSWER), ANSWER);
  assert.equal(veil.text('row-secret'), 'row-secret');
  assert.deepEqual([...veil.covered(Buffer.from('row-secret'))], []);
  assert.equal(veil.hasHidden, false);
});

test('a secret is hidden before what was said is cut, and half of it does not show', () => {
  const veil = new Veil(['secret-of-the-row'], false);
  const bytes = Buffer.from(`${'x'.repeat(190)}secret-of-the-row and more`);
  const shown = showSaid({ kind: 'text', bytes }, false, veil, false);
  assert.deepEqual(shown, { what: 'text', bytes: 216, text: `${'x'.repeat(190)}*** and mo`, isCut: true });
  const whole = showSaid({ kind: 'text', bytes }, false, veil, true);
  assert.deepEqual(whole, { what: 'text', bytes: 216, text: `${'x'.repeat(190)}*** and more`, isCut: false });
});

for (const [bytes, isText] of [
  ['{"type":6}\u001e', true],
  ['CONNECTED\nversion:1.2\n\n\0', true],
  ['grün', true],
  ['\u0010\u0010\0\u0004MQTT', false],
  ['\0\0\0', false],
] as const) {
  test(`${JSON.stringify(bytes)} is ${isText ? 'text' : 'bytes'}`, () => {
    const shown = showSaid({ kind: 'bytes', bytes: Buffer.from(bytes) }, true, new Veil([], false), false);
    assert.equal('text' in shown, isText);
  });
}
