import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { DEFLATE_OFFERS, type DeflateMode } from './ws-extension.ts';
import { createUpgradeRequests } from './ws-request.ts';

const seed = Uint8Array.from({ length: 16 }, (_, i) => i * 7);
const options = { slots: 100, path: '/chat?room=1', hostHeader: 'example.org:3000', deflate: 'off', seed } as const;
const keyIn = (request: Uint8Array): string => /Sec-WebSocket-Key: (.*)\r\n/.exec(Buffer.from(request).toString())![1]!;

test('the request is what RFC 6455 asks for', () => {
  const text = Buffer.from(createUpgradeRequests(options).next(3)).toString();
  const [line, ...headers] = text.split('\r\n');
  assert.equal(line, 'GET /chat?room=1 HTTP/1.1');
  assert.deepEqual(headers.slice(0, 4), [
    'Host: example.org:3000',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
  ]);
  assert.match(headers[4]!, /^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==$/);
  assert.deepEqual(headers.slice(5), ['', '']);
});

test('an offer of permessage-deflate is one more header', () => {
  for (const [deflate, offer] of Object.entries(DEFLATE_OFFERS)) {
    const text = Buffer.from(createUpgradeRequests({ ...options, deflate: deflate as DeflateMode }).next(3)).toString();
    assert.deepEqual(
      text.split('\r\n').filter((line) => line.startsWith('Sec-WebSocket-Ext')),
      [`Sec-WebSocket-Extensions: ${offer}`],
    );
    assert.match(text, /\r\nSec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\n\r\n$/);
  }
});

test('every attempt of every slot has a key of its own, and the accept value belongs to the latest', () => {
  const requests = createUpgradeRequests(options);
  const keys = new Set<string>();
  for (let attempt = 0; attempt < 50; attempt++) {
    for (let slot = 0; slot < options.slots; slot++) {
      const key = keyIn(requests.next(slot));
      keys.add(key);
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      assert.equal(requests.expectedAccept(slot), accept);
    }
  }
  assert.equal(keys.size, 5000);
});

test('other slots do not disturb what a slot expects', () => {
  const requests = createUpgradeRequests(options);
  requests.next(1);
  const expected = requests.expectedAccept(1);
  requests.next(2);
  requests.next(2);
  assert.equal(requests.expectedAccept(1), expected);
});

test('keys repeat with the same seed, and differ without one', () => {
  const firstKey = (given: Uint8Array | undefined): string =>
    keyIn(createUpgradeRequests({ ...options, seed: given }).next(0));
  assert.equal(firstKey(seed), firstKey(seed));
  assert.notEqual(firstKey(undefined), firstKey(undefined));
  assert.throws(() => firstKey(new Uint8Array(4)), RangeError);
});
