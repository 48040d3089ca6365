import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Template } from '../../core/opening/template.ts';
import { RigError } from '../../core/values/errors.ts';
import type { RawSettings } from '../read-options.ts';
import { parseRunConfig, type RunConfig } from '../run-config.ts';
import { readOpenings } from './read-openings.ts';

const ENV = { KEY: 'hunter2hunter2', PIECES: 'hunter2\r\nX: y' };
const FEW = { connections: '2', levels: '2' };

const openedBy = async (commandLine: RawSettings, file: RawSettings = {}): Promise<RunConfig> =>
  readOpenings(parseRunConfig({ ...FEW, ...commandLine }, file, [], undefined, ENV), ENV, 'run');

const said = ({ parts }: Template): string =>
  parts.map((part) => (part instanceof Uint8Array ? Buffer.from(part).toString('latin1') : `<${part.kind}>`)).join('');

async function refusal(commandLine: RawSettings, file: RawSettings = {}): Promise<string> {
  const error: unknown = await openedBy(commandLine, file).catch((reason: unknown) => reason);
  assert.ok(error instanceof RigError && error.code === 'EUSAGE', String(error));
  return error.message;
}

function usersIn(t: TestContext, content = 'user,token\na,1\nb,2\n'): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-opening-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'users.csv'), content);
  return join(folder, 'users.csv');
}

test('headers, cookies, an origin and holes of the URL are in the request of each connection', async (t) => {
  const { openings, plan } = await openedBy({
    urls: ['ws://h:1/chat?room={user}'],
    header: 'Authorization: Bearer {token}\0X-Key: {env:KEY}\0Host: app.example',
    cookie: 'a=1; b={n}\0c=2',
    origin: 'https://app.example',
    subprotocol: 'v2,v1',
    data: usersIn(t),
  });
  const { words, hostHeader, subprotocols, identity, recorded } = openings[0]!;
  assert.equal(said(words!.path!), '/chat?room=<column>');
  assert.equal(
    said(words!.headers),
    'Authorization: Bearer <column>\r\nX-Key: hunter2hunter2\r\nCookie: a=1; b=<number>; c=2\r\nOrigin: https://app.example\r\n',
  );
  assert.equal(hostHeader, 'app.example');
  assert.deepEqual(subprotocols, ['v2', 'v1']);
  assert.deepEqual([identity!.rows!.count, identity!.order, identity!.secrets], [2, 'each', ['hunter2hunter2']]);
  assert.deepEqual(recorded, plan.legs[0]!.opening);
  assert.deepEqual(recorded, {
    dialect: null,
    headers: ['Authorization', 'X-Key', 'Host', 'Cookie', 'Origin'],
    subprotocols: ['v2', 'v1'],
    steps: 0,
    rules: 0,
    module: false,
    rows: 2,
    order: 'each',
  });
});

test('what tcp and ws connections say first, and what the answer has to contain', async () => {
  const { openings } = await openedBy({
    urls: ['tcp://h:1', 'ws://h:2'],
    'send-on-open': 'PING {n}\\xff\\r\\n',
    expect: 'PONG',
  });
  for (const { plan, identity } of openings) {
    assert.ok(identity);
    const [send, expect] = plan!.steps;
    assert.ok(send?.kind === 'send' && 'bytes' in send.message && expect?.kind === 'expect');
    assert.deepEqual([said(send.message.bytes), send.message.isText], ['PING <number>\xff\r\n', false]);
    assert.ok(expect.pattern.kind === 'contains');
    assert.equal(said(expect.pattern.text), 'PONG');
  }
});

test('an opening stands in the config file, or in a file of its own', async (t) => {
  const opening = {
    headers: { Authorization: 'Bearer {token}' },
    subprotocol: 'v1',
    before: [{ request: 'POST /login', body: { json: { user: '{user}' } }, take: { sid: 'session.id' } }],
    path: '/chat?sid={sid}',
    steps: [
      { send: { json: { type: 'hello', who: '{user}' } } },
      { expect: { json: { type: 'ok', list: ['{n}', 1] } }, within: '5s', skip: true },
      { wait: '250ms' },
    ],
    rules: [{ on: '2', send: '3' }, { on: { prefix: '4' } }, { every: '25s', send: { hex: '00 ff' } }],
  };
  const data = usersIn(t);
  const file = join(data, '..', 'opening.yaml');
  writeFileSync(file, JSON.stringify(opening));
  for (const { openings } of [
    await openedBy({ urls: ['ws://h:1'], data }, { opening }),
    await openedBy({ urls: ['ws://h:1'], data, opening: file }),
  ]) {
    const { plan, words, subprotocols } = openings[0]!;
    assert.equal(said(words!.path!), '/chat?sid=<taken>');
    assert.deepEqual(subprotocols, ['v1']);
    const [login] = plan!.before;
    assert.equal(said(login!.head), 'POST /login HTTP/1.1\r\nContent-Type: application/json\r\n');
    assert.equal(said(login!.body), '{"user":"<column>"}');
    assert.deepEqual(login!.take, [{ name: 'sid', path: ['session', 'id'] }]);
    const [, expect, wait] = plan!.steps;
    assert.ok(expect?.kind === 'expect' && expect.pattern.kind === 'json');
    assert.deepEqual([expect.withinMs, expect.skips], [5000, true]);
    assert.deepEqual(
      expect.pattern.fields.map(({ path }) => path.join('.')),
      ['type', 'list.0', 'list.1'],
    );
    assert.deepEqual(wait, { kind: 'wait', ms: 250 });
    assert.deepEqual(
      plan!.rules.map((rule) =>
        rule.kind === 'every' ? rule.everyMs : rule.send === undefined ? 'kept away' : 'answered',
      ),
      ['answered', 'kept away', 25_000],
    );
  }
});

test('what cannot be is told before anything starts, with what to write instead', async (t) => {
  const data = usersIn(t);
  const ws = ['ws://h:1'];
  const wrong: ReadonlyArray<[RawSettings, RegExp, RawSettings?]> = [
    [{ urls: ws, header: 'A: {token}' }, /the header A: \{token\} has no value/],
    [{ urls: ws, header: 'no colon' }, /--header: write a name, a colon and a value/],
    [{ urls: ws, header: 'Upgrade: x' }, /--header: Upgrade is said by the connection itself/],
    [{ urls: ws, header: 'A: b\r\nC: d' }, /--header: the value of A has a line break/],
    [{ urls: ws, header: 'Sec-WebSocket-Protocol: x' }, /take --subprotocol/],
    [{ urls: ws, cookie: 'x' }, /--cookie: write a name, = and a value/],
    [{ urls: ws, origin: 'https://h/path' }, /--origin: .* is not an origin/],
    [{ urls: ws, subprotocol: 'a b' }, /--subprotocol: "a b" is not the name of a subprotocol/],
    [{ urls: ['tcp://h:1'], header: 'A: b' }, /tcp connections begin without a request/],
    [{ urls: ['http://h:1'], subprotocol: 'x' }, /only ws connections agree on one/],
    [{ urls: ['http://h:1'], 'send-on-open': 'x' }, /--send-on-open: http connections have requests, not messages/],
    [{ urls: ws, data: '/nowhere.csv', header: 'A: {b}' }, /--data: \/nowhere\.csv can't be read: ENOENT/],
    [
      { urls: ws, data, header: 'A: {token}', connections: '3', levels: '3' },
      /3 connections are more than the 2 rows of .*--data-order cycle/,
    ],
    [{ urls: ws, data }, /--data: no text has a hole for a value of it; its columns are user, token/],
    [{ urls: ws, 'dialect-set': 'a=b' }, /there is nothing to set without --dialect/],
    [{ urls: ws, dialect: 'mqt' }, /--dialect: there is no mqt/],
    [{ urls: ws, opening: '/nowhere.yaml' }, /--opening: \/nowhere\.yaml can't be read: ENOENT/],
    [{ urls: ws }, /opening steps 1: sned is not known here: docs/, { opening: { steps: [{ sned: 'x' }] } }],
    [{ urls: ws }, /opening steps 1 send: jso is not known here: docs/, { opening: { steps: [{ send: { jso: 1 } }] } }],
    [{ urls: ws }, /opening steps 1 wait: write a time such as 5s/, { opening: { steps: [{ wait: 200 }] } }],
    [{ urls: ws }, /opening steps 1: it has none of the shapes/, { opening: { steps: [{}] } }],
    [{ urls: ws }, /opening: step is not known here \(did you mean steps\?\)/, { opening: { step: [] } }],
    [
      { urls: ws },
      /opening: steps, rules and module: a module stands in place of these/,
      { opening: { steps: [], rules: [], module: 'a.mjs' } },
    ],
    [
      { urls: ws, dialect: 'graphql', behaviour: 'echo:1/s:64B' },
      /--behaviour echo: servers of graphql take no messages/,
    ],
    [{ urls: ws }, /opening step 1: \{tick\} has no value/, { opening: { steps: [{ send: 'x{tick}' }] } }],
    [{ urls: ws }, /opening rule 1: every 1ms is too often/, { opening: { rules: [{ every: '1ms', send: 'x' }] } }],
    [
      { urls: ws },
      /rule 1: \{sid\} has no value/,
      { opening: { steps: [{ expect: { prefix: 'x' }, take: { sid: 'a' } }], rules: [{ on: 'x', send: '{sid}' }] } },
    ],
    [
      { urls: ['tcp://h:1'] },
      /on: \{ json: … \} looks at whole messages, and nothing cuts what tcp connections receive; write messages: lines/,
      { opening: { steps: [{ send: 'x' }], rules: [{ on: { json: { type: 'ping' } }, send: 'pong' }] } },
    ],
  ];
  for (const [commandLine, sentence, file] of wrong) assert.match(await refusal(commandLine, file), sentence);
});

test('a value of the environment that would break a header is refused wherever it stands, and is not told', async () => {
  const urls = ['ws://h:1'];
  const before = [{ request: 'GET /a', headers: { 'X-A': '{env:PIECES}' } }];
  const wrong: ReadonlyArray<[RawSettings, RawSettings?]> = [
    [{ urls, header: 'X-A: {env:PIECES}' }],
    [{ urls: ['http://h:1'], header: 'X-A: {env:PIECES}' }],
    [{ urls: ['http://h:1'], protocol: 'sse', header: 'X-A: {env:PIECES}' }],
    [{ urls, header: 'Host: {env:PIECES}' }],
    [{ urls, cookie: 'a={env:PIECES}' }],
    [{ urls, origin: 'https://{env:PIECES}' }],
    [{ urls }, { opening: { headers: { 'X-A': '{env:PIECES}' } } }],
    [{ urls }, { opening: { before } }],
  ];
  for (const [commandLine, file] of wrong) {
    const message = await refusal(commandLine, file);
    assert.match(message, /\{env:PIECES\}: its value has a line break or another control character in it/);
    assert.doesNotMatch(message, /hunter2/);
  }
  const { openings } = await openedBy({ urls: ['ws://h:1/?a={env:PIECES}'], header: 'Host: {env:KEY}' });
  assert.equal(said(openings[0]!.words!.path!), '/?a=hunter2%0D%0AX%3A%20y');
  assert.equal(openings[0]!.hostHeader, 'hunter2hunter2');
});

test('what an opening says of its request can not break it', async () => {
  const urls = ['ws://h:1'];
  const wrong: ReadonlyArray<[opening: unknown, sentence: RegExp]> = [
    [{ subprotocol: 'a\r\nB: c' }, /opening subprotocol: .* is not the name of a subprotocol/],
    [{ subprotocol: ['a', 'b c'] }, /opening subprotocol: "b c" is not/],
    [{ path: '/a HTTP/1.1\r\nB: c' }, /opening path, query: there is a space or a line break/],
    [{ query: { a: 'b c' } }, /opening path, query: .*write %20/],
    [{ before: [{ request: 'GET /a\0b' }] }, /before 1: request has a control character/],
    [{ headers: { Host: 'of-{n}' } }, /the header Host: all connections say the same/],
  ];
  for (const [opening, sentence] of wrong) assert.match(await refusal({ urls }, { opening }), sentence);
  const http = { headers: { 'X-Id': '{id}' }, before: [{ request: 'GET /a', take: { id: 'id' } }] };
  assert.match(await refusal({ urls: ['http://h:1'] }, { opening: http }), /\{id\} has no value/);
});

test('what an opening has beside a dialect goes on beside it: rules before its own, headers by their names', async () => {
  const opening = { headers: { 'X-A': 'b' }, rules: [{ on: 'x', send: 'y' }] };
  const { openings } = await openedBy({ urls: ['ws://h:1'], dialect: 'graphql' }, { opening });
  const { plan, words, subprotocols } = openings[0]!;
  const [mine, its] = plan!.rules;
  assert.ok(mine?.kind === 'on' && mine.pattern.kind === 'text' && its?.kind === 'on' && its.pattern.kind === 'json');
  assert.equal(said(mine.pattern.text), 'x');
  assert.deepEqual([plan!.rules.length, plan!.steps.length, subprotocols], [2, 2, ['graphql-transport-ws']]);
  assert.equal(said(words!.headers), 'X-A: b\r\n');
});

test('a row that would break a header is told by its number, without its value', async (t) => {
  const data = usersIn(t, 'user,token\na,1\nb,"hunter2\r\nX: y"\n');
  const message = await refusal({ urls: ['ws://h:1'], data, header: 'A: {token}' });
  assert.match(message, /--data: row 2 of token has a line break or another control character in it/);
  assert.doesNotMatch(message, /hunter2/);
});
