import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Access, createGuard, type GuardedRequest, nameIn } from './guard.ts';

const OPEN: Access = { token: undefined, names: [] };
const LOCKED: Access = { token: 'open sesame'.replace(' ', '-'), names: ['rig.example'] };
const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;
const asked = (headers: GuardedRequest['headers'], method = 'GET', from = '127.0.0.1'): GuardedRequest => ({
  method,
  from,
  headers: { host: '127.0.0.1:9091', ...headers },
});
const statusOf = (access: Access, what: GuardedRequest): number => createGuard(access)(what)?.status ?? 200;

test('names and addresses in Host headers', () => {
  const names: ReadonlyArray<[string | undefined, string | undefined]> = [
    ['localhost', 'localhost'],
    ['LocalHost.:9091', 'localhost'],
    ['127.0.0.1:9091', '127.0.0.1'],
    ['[::1]:9091', '::1'],
    ['[::1]', '::1'],
    ['rig.example:', 'rig.example'],
    ['::1', undefined],
    ['a b', undefined],
    ['user@127.0.0.1', undefined],
    ['127.0.0.1/evil', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [header, name] of names) assert.equal(nameIn(header), name, String(header));
});

test('only addresses and names that are ours: the page that had its name point here has neither', () => {
  const ours = ['127.0.0.1', '127.9.9.9:1', '10.0.0.7:9465', '[::1]:80', '[fe80::1]', 'localhost:9', 'LOCALHOST'];
  for (const host of ours) assert.equal(statusOf(OPEN, asked({ host })), 200, host);
  const foreign = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:9091', 'rig.example', '[x]', ''];
  for (const host of foreign) assert.equal(statusOf(OPEN, asked({ host })), 403, host);
  const { authorization } = { authorization: `Bearer ${LOCKED.token}` };
  assert.equal(statusOf(LOCKED, asked({ host: 'RIG.example:9', authorization })), 200);
  assert.equal(statusOf(LOCKED, asked({ host: 'evil.example', authorization })), 403, 'a token is no excuse');
});

test('a page of another site may be clicked to, not load parts from here', () => {
  const from = (site: string, mode: string, dest: string): number =>
    statusOf(OPEN, asked({ 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }));
  assert.deepEqual(
    [
      from('cross-site', 'no-cors', 'image'),
      from('same-site', 'cors', 'empty'),
      from('cross-site', 'navigate', 'iframe'),
    ],
    [403, 403, 403],
  );
  assert.deepEqual(
    [
      from('same-origin', 'cors', 'empty'),
      from('none', 'navigate', 'document'),
      from('cross-site', 'navigate', 'document'),
    ],
    [200, 200, 200],
  );
});

test('the token: all of it, and nothing else', () => {
  const guard = createGuard(LOCKED);
  const wrong = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Basic ${LOCKED.token}`,
    basic(`${LOCKED.token}:`),
    basic(`me:${LOCKED.token}x`),
    String(LOCKED.token),
    `Bearer ${LOCKED.token}x`,
    `Bearer ${LOCKED.token?.slice(0, -1)}`,
    `Bearer ${LOCKED.token?.toUpperCase()}`,
    `Bearer ${LOCKED.token} ${LOCKED.token}`,
  ];
  for (const authorization of wrong) {
    const answer = guard(asked(authorization === undefined ? {} : { authorization }));
    assert.equal(answer?.status, 401, authorization);
    assert.deepEqual(answer?.headers, { 'WWW-Authenticate': ['Bearer', 'Basic realm="connrig"'] });
  }
  const right = [
    `Bearer ${LOCKED.token}`,
    `bearer   ${LOCKED.token}`,
    basic(`me:${LOCKED.token}`),
    basic(`:${LOCKED.token}`),
  ];
  for (const authorization of right) {
    assert.equal(guard(asked({ authorization })), undefined, authorization);
  }
});

test('GET and HEAD without a body', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
    const answer = createGuard(OPEN)(asked({}, method));
    assert.deepEqual([answer?.status, answer?.headers], [405, { Allow: 'GET, HEAD' }], method);
  }
  assert.equal(statusOf(OPEN, asked({}, 'HEAD')), 200);
  assert.equal(statusOf(OPEN, asked({ 'content-length': '1' })), 413);
  assert.equal(statusOf(OPEN, asked({ 'transfer-encoding': 'chunked' })), 413);
  assert.equal(statusOf(OPEN, asked({ 'content-length': '0' })), 200);
});

test("the rate: each for itself, so that nobody uses up another's share", () => {
  let nowMs = 0;
  const guard = createGuard(LOCKED, { perSecond: 10, burst: 3 }, () => nowMs);
  const statusesOf = (count: number, what: GuardedRequest): (number | undefined)[] =>
    Array.from({ length: count }, () => guard(what)?.status);
  const stranger = asked({}, 'GET', '10.0.0.1');
  assert.deepEqual(statusesOf(5, stranger), [401, 401, 401, 429, 429]);
  assert.deepEqual(guard(stranger)?.headers, { 'Retry-After': '1' });
  assert.equal(guard(asked({}, 'GET', '10.0.0.2'))?.status, 401, 'from elsewhere');
  const known = asked({ authorization: `Bearer ${LOCKED.token}` }, 'GET', '10.0.0.1');
  assert.deepEqual(statusesOf(4, known), [undefined, undefined, undefined, 429], 'who knows the token');
  nowMs += 100;
  assert.deepEqual(statusesOf(2, stranger), [401, 429], 'a tenth of a second gives one of ten');
  nowMs += 60_000;
  assert.deepEqual(statusesOf(4, stranger), [401, 401, 401, 429], 'a long silence gives no more than the burst');
  // Thousands of strangers are not remembered for ever, and don't make it forget who came last.
  for (let i = 0; i < 5000; i++) guard(asked({}, 'GET', `stranger ${i}`));
  assert.deepEqual(statusesOf(3, asked({}, 'GET', 'stranger 4999')), [401, 401, 429]);
});
