import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RigError } from '../../core/values/errors.ts';
import { type Outcome, zeroOutcomes } from '../../core/values/outcomes.ts';
import { redirectDetail } from '../../fleet/protocols/redirect.ts';
import type { Tally } from '../../fleet/wire.ts';
import { deathAfter, hintOfAnswer } from './death-after-refusals.ts';

const DEATH = new RigError('ETARGETDIED', 'process 7, the target, is gone', { hint: 'the hint' });
const after = (outcomes: Partial<Record<Outcome, number>>, ...details: readonly [Outcome, string][]): string => {
  const tally = { outcomes: { ...zeroOutcomes(), ...outcomes } } as Tally;
  const death = deathAfter(
    DEATH,
    tally,
    details.map(([what, detail]) => ({ what, detail })),
  );
  assert.deepEqual([death.code, death.hint], [DEATH.code, DEATH.hint]);
  return death.message.slice(DEATH.message.length);
};

test('a death is told with what attempts heard before', () => {
  const no = ['rejected', 'HTTP 401 Unauthorized'] as const;
  assert.equal(
    after({ rejected: 50 }, [...no]),
    '; before that, all 50 attempts were refused with HTTP 401 Unauthorized',
  );
  assert.equal(
    after({ rejected: 50, reset: 30, refused: 9 }, ['reset', 'ECONNRESET'], [...no]),
    '; before that, all 50 attempts were refused with HTTP 401 Unauthorized',
  );
  assert.equal(
    after({ rejected: 1 }, [...no]),
    '; before that, the only attempt was refused with HTTP 401 Unauthorized',
  );
  assert.equal(
    after({ rejected: 5, open: 1200 }, [...no], ['rejected', 'HTTP 503'], ['rejected', 'HTTP 500']),
    '; before that, 5 of 1,205 attempts were refused with HTTP 401 Unauthorized or HTTP 503 or others',
  );
  assert.equal(
    after({ 'bad-handshake': 3, rejected: 1 }, ['bad-handshake', 'the answer is not HTTP']),
    '; before that, 3 of 4 attempts got an answer that is no handshake (the answer is not HTTP)',
  );
  assert.equal(after({ reset: 50, 'closed-early': 4, open: 20 }, ['reset', 'ECONNRESET']), '');
});

test('a redirection has the URL to use for its hint', () => {
  const hintOf = (location: string, url: string): string | undefined =>
    hintOfAnswer(redirectDetail(302, 'HTTP 302 Found', location)!, url);
  const led: ReadonlyArray<[location: string, url: string, hint: string]> = [
    ['/elsewhere', 'ws://h:1/a/b?c=d', 'connrig run ws://h:1/elsewhere'],
    ['/elsewhere', 'ws://h:1-9', 'connrig run ws://h:1-9/elsewhere'],
    ['next', 'ws://h:1/a/b?c=d', 'connrig run ws://h:1/a/next'],
    ['next', 'ws://h:1', 'connrig run ws://h:1/next'],
    ['//other:2/x', 'ws://h:1/', 'connrig run ws://other:2/x'],
    ['http://other:2/x', 'ws://h:1/', 'connrig run ws://other:2/x'],
    ['ws://[::1]:2/x', 'ws://h:1/', 'connrig run ws://[::1]:2/x'],
  ];
  for (const [location, url, hint] of led) assert.equal(hintOf(location, url), hint);
  for (const location of ['https://other/x', 'WSS://other/x']) {
    assert.equal(hintOf(location, 'ws://h:1'), 'connrig run wss://other:443/x');
  }
  assert.equal(hintOf('http://other:81/x', 'https://h:1'), 'connrig run http://other:81/x');
  assert.equal(hintOf('/x', 'wss://h:1'), 'connrig run wss://h:1/x');
});

test('other answers whose words tell what to do, and those that tell nothing', () => {
  const url = 'ws://h:1/a';
  for (const detail of [
    'HTTP 400 Bad Request: the server wants TLS',
    'the server speaks TLS: its answer is a record',
  ]) {
    assert.equal(hintOfAnswer(detail, url), 'connrig run wss://h:1/a');
    assert.equal(hintOfAnswer(detail, 'http://localhost:1 (127.0.0.1)'), 'connrig run https://localhost:1');
  }
  assert.match(hintOfAnswer('the server speaks HTTP/2 only: its answer is a SETTINGS frame', url)!, /HTTP\/1\.1/);
  assert.equal(
    hintOfAnswer('HTTP 200 OK, an ordinary answer in place of the upgrade', url),
    'connrig run ws://h:1/<the path that upgrades>',
  );
  assert.equal(
    hintOfAnswer('HTTP 404 Not Found', 'http://localhost:1 (127.0.0.1)'),
    'is the path right? connrig run http://localhost:1/<the path that the server knows>',
  );
  assert.match(
    hintOfAnswer('Sec-WebSocket-Accept is "a", not the answer to our key: "b"', url)!,
    /^printf %s '<key of the request>258EAFA5-E914-47DA-95CA-C5AB0DC85B11' \| openssl sha1 -binary \| base64, /,
  );
  assert.match(
    hintOfAnswer('HTTP 200 OK with HTTP/1.0 and no Connection: keep-alive: the server keeps no connection open', url)!,
    /HTTP\/1\.1, which keeps connections open/,
  );
  assert.match(hintOfAnswer('the lines of the response head end in LF without CR: "HTTP"', url)!, /CR LF/);
  assert.match(
    hintOfAnswer('the server closed without an answer', 'ws://h:1-9/a')!,
    /^openssl s_client -connect h:1, /,
  );
  assert.match(
    hintOfAnswer('the server closed without an answer', 'wss://h:1/a')!,
    /^--cert and --key, where it wants to see a certificate, or read the log/,
  );
  assert.match(
    hintOfAnswer('the peer closed in its TLS handshake: no answer', 'wss://h:1-9/a')!,
    /^openssl s_client -connect h:1, to see what it agrees on, /,
  );
  for (const detail of ['', 'HTTP 429 Too Many Requests', 'HTTP 302 Found'])
    assert.equal(hintOfAnswer(detail, url), undefined);
});

test('a server of WebSocket that answers 400 where the URL names no path may have another path', () => {
  const asked = /^is the path right\? connrig run ws:\/\/h:1\/</;
  assert.match(hintOfAnswer('HTTP 400 Bad Request', 'ws://h:1')!, asked);
  assert.match(hintOfAnswer('HTTP 400 Bad Request', 'ws://h:1/ (10.0.0.1)')!, asked);
  assert.match(hintOfAnswer('HTTP 400 Bad Request', 'ws+unix:///a.sock')!, /connrig run ws\+unix:\/\/\/a\.sock:\/</);
  for (const url of ['ws://h:1/a', 'http://h:1/']) assert.equal(hintOfAnswer('HTTP 400 Bad Request', url), undefined);
});

test('over a stream, an answer that does not come may wait for the end of what was said', () => {
  const detail = 'connected, but step 2 of 2 expects {"prefix":"OK"}, which did not come within 10.00 s';
  assert.match(hintOfAnswer(detail, 'tcp://h:1')!, /send: "text\\r\\n"; or --open-timeout/);
  assert.equal(hintOfAnswer(detail, 'ws://h:1/a'), undefined);
});

test('a target that wants to know who connects, or to hear something first, gets a hint to what says it', () => {
  const url = 'ws://localhost:1/a (127.0.0.1)';
  assert.match(
    hintOfAnswer('HTTP 401 Unauthorized', url)!,
    /^connrig try ws:\/\/localhost:1\/a --header 'Authorization:/,
  );
  assert.match(hintOfAnswer('close 4406 subprotocol', url)!, /^connrig try ws:\/\/localhost:1\/a shows what it wants/);
  assert.match(hintOfAnswer('close 1008', url)!, /--dialect/);
  assert.equal(hintOfAnswer('close 1001 going away', url), undefined);
});
