/** `connrig try` against real servers: what it shows of both sides, what it hides, and how it ends beside a run. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { runConnrig } from '../../cli/connrig.ts';
import { listen } from '../../telemetry/listen.ts';
import { testDeps } from '../support/cli-deps.ts';
import { assertFailed, connrigHere, HASTY, newFolder } from '../support/connrig.ts';
import { HOST, unusedPort } from '../support/peers.ts';
import { writeSecured } from '../support/secured-files.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 120_000 };

interface Peer {
  readonly url: string;
  /** Sockets that were accepted so far. */
  readonly accepted: () => number;
}

/** A server until the test ends. */
async function serve(t: TestContext, server: Server, scheme: string): Promise<Peer> {
  let accepted = 0;
  server.on('connection', () => {
    accepted += 1;
  });
  const port = await listen(server, HOST, 0, 511);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `${scheme}://${HOST}:${port}`, accepted: () => accepted };
}

function webSockets(t: TestContext, onSocket: (socket: WebSocket) => void, token?: string): Promise<Peer> {
  const server = createServer();
  const sockets = new WebSocketServer({
    server,
    verifyClient: ({ req }: { req: { headers: Record<string, unknown> } }) =>
      token === undefined || req.headers['authorization'] === `Bearer ${token}`,
  });
  t.after(() => {
    for (const client of sockets.clients) client.terminate();
  });
  sockets.on('connection', onSocket);
  return serve(t, server, 'ws');
}

function fileWith(t: TestContext, name: string, text: string): string {
  const file = join(dirname(newFolder(t)), name);
  writeFileSync(file, text);
  return file;
}

/** Without times, which differ each time. */
const plain = (stdout: string): string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *[\d,.]+ ms ( [→← ]) /, '$1 ').replace(/(?<=open after ).*? m?s/, 'some time'));

const USERS = 'name,token\nann,secret-of-ann\nbob,secret-of-bob\n';

describe('a connection that is tried', () => {
  it('says what one of a run says, and its secrets show on neither side unless asked for', TIMEOUT, async (t) => {
    const peer = await webSockets(
      t,
      (socket) =>
        socket.on('message', (message) => {
          socket.send(`welcome ${message}, secret-of-bob`);
          socket.once('pong', () => socket.send(Buffer.from([0, 255])));
          socket.ping('?');
        }),
      'secret-of-bob',
    );
    const args = [
      ...['try', `${peer.url}/chat?key=of-the-query`, '--header', 'Authorization: Bearer {token}'],
      ...['--data', fileWith(t, 'users.csv', USERS), '--row', '2', '--send-on-open', 'I am {name}', '--for', '400ms'],
    ];
    const ended = await connrigHere(args);
    assert.equal(ended.code, 0, ended.stderr);
    const lines = plain(ended.stdout);
    const at = peer.url.slice('ws://'.length);
    assert.deepEqual(lines.slice(0, 4), [
      `${peer.url}/chat?key=***, row 2 of --data`,
      `   connecting to ${at}`,
      '   connected',
      ' → GET /chat?key=*** HTTP/1.1',
    ]);
    const inOrder = [
      '               Authorization: Bearer ***',
      ' ← HTTP/1.1 101 Switching Protocols',
      '   step 1 of 1: send',
      ' → text "I am ***"',
      '   open',
      ' ← text "welcome I am ***, ***"',
      ' ← ping "?"',
      ' → pong "?"',
      ' ← binary 00 ff |..|',
      ' → close 1000',
      ' ← close 1000',
      '   closed',
      'open after some time',
    ];
    assert.deepEqual(
      lines.filter((line) => inOrder.includes(line)),
      inOrder,
    );
    for (const text of [ended.stdout, ended.stderr]) assert.doesNotMatch(text, /of-bob|of-the-query|bob/);
    assert.match(ended.stderr, /^\*\*\* is a secret; --show-secrets shows it$/m);
    assert.equal(peer.accepted(), 1);

    const shown = await connrigHere([...args, '--show-secrets']);
    assert.ok(plain(shown.stdout).includes(' ← text "welcome I am bob, secret-of-bob"'));
    assert.match(shown.stdout, /GET \/chat\?key=of-the-query HTTP/);
    assert.equal(shown.stderr, '');
  });

  it('goes through its opening step by step, and its rules are at work', TIMEOUT, async (t) => {
    const peer = await webSockets(t, (socket) => {
      socket.send('0{"sid":"x"}');
      socket.on('message', (message) => {
        if (String(message) === '40') socket.send('40ok');
        if (String(message) === '40') setTimeout(() => socket.send('2'), 50);
        if (String(message) === '3') socket.send('thanks');
      });
    });
    const opening = fileWith(
      t,
      'opening.yaml',
      `steps:\n  - expect: { prefix: '0{' }\n  - send: '40'\n  - wait: 20ms\n  - expect: { prefix: '40' }\n` +
        `rules:\n  - on: '2'\n    send: '3'\n  - every: 100ms\n    send: 'still here'\n`,
    );
    const ended = await connrigHere(['try', peer.url, '--opening', opening, '--for', '1s']);
    assert.equal(ended.code, 0, ended.stderr);
    const lines = plain(ended.stdout);
    const inOrder = [
      '   step 1 of 4: expect {"prefix":"0{"}',
      '   step 2 of 4: send',
      ' → text "40"',
      '   step 3 of 4: wait 20.0 ms',
      '   open',
      ' ← text "2"',
      ' → text "3"',
      ' ← text "thanks"',
    ];
    assert.deepEqual(
      lines.filter((line) => inOrder.includes(line)),
      inOrder,
    );
    assert.ok(lines.includes(' → text "still here"'));
  });

  it('shows http in heads and bodies, also what is under TLS, and what was agreed on', TIMEOUT, async (t) => {
    const answer = (_: unknown, response: import('node:http').ServerResponse): void => {
      response.setHeader('Set-Cookie', 'sid=of-the-server; Path=/');
      response.write('hel');
      response.end('lo');
    };
    const { certPath, keyPath } = writeSecured(t);
    const options = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
    const [open, secured] = [
      await serve(t, createServer(answer), 'http'),
      await serve(t, createTlsServer(options, answer) as unknown as Server, 'https'),
    ];
    const ended = await connrigHere(['try', open.url, secured.url, '--ca', certPath, '--for', '0s']);
    assert.equal(ended.code, 0, ended.stderr);
    const lines = plain(ended.stdout);
    for (const one of [
      ' → GET / HTTP/1.1',
      '               Set-Cookie: sid=***; Path=/',
      ' ← body "hel"',
      ' ← body "lo"',
    ]) {
      assert.equal(lines.filter((line) => line === one).length, 2, `${one}\n${ended.stdout}`);
    }
    assert.match(ended.stdout, /^ +[\d.]+ ms {4}TLS 1\.3, TLS_\w+, [\w-]+, server key EC P-256$/m);
    assert.deepEqual([open.accepted(), secured.accepted()], [1, 1]);
  });

  it('is told as JSON, an object a line', TIMEOUT, async (t) => {
    const peer = await webSockets(t, (socket) => socket.send(Buffer.from('a text in bytes')));
    const ended = await connrigHere(['try', peer.url, '--for', '200ms', '--json', '--engine', 'node']);
    assert.deepEqual([ended.code, ended.stderr], [0, '']);
    const told = ended.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(told[0], { type: 'target', url: peer.url, row: null });
    const said = told.find(({ what }) => what === 'binary')!;
    assert.equal(typeof said['elapsedMs'], 'number');
    const { elapsedMs: _, ...rest } = said;
    const wanted = { type: 'said', by: 'server', what: 'binary', text: 'a text in bytes', bytes: 15, isCut: false };
    assert.deepEqual(rest, wanted);
    const { type, outcome, closeReason, error, hasHidden } = told.at(-1)!;
    assert.deepEqual([type, outcome, closeReason, error, hasHidden], ['outcome', 'open', null, null, false]);
  });
});

describe('a connection that does not open', () => {
  it('ends with the code, the sentence and the hint of a run whose connections all go like it', TIMEOUT, async (t) => {
    const { certPath, keyPath } = writeSecured(t);
    const options = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
    const refusing = await webSockets(t, () => {}, 'another');
    const untrusted = await serve(t, createTlsServer(options) as unknown as Server, 'https');
    for (const url of [`tcp://${HOST}:${await unusedPort()}`, refusing.url, untrusted.url]) {
      const tried = await connrigHere(['try', url]);
      const plan = ['--connections', '5', '--levels', '1', ...HASTY, '--quiet', '--out', newFolder(t)];
      const ran = await connrigHere(['run', url, ...plan]);
      assert.equal(tried.code, 4, tried.stderr);
      assert.equal(tried.code, ran.code);
      assert.equal(errorIn(tried.stderr), errorIn(ran.stderr));
    }
    assert.equal(untrusted.accepted(), 2);
  });

  it(
    'shows what came in place of what an opening expects, and tries the other URLs all the same',
    TIMEOUT,
    async (t) => {
      const wrong = await webSockets(t, (socket) => socket.send('go away'));
      const right = await webSockets(t, (socket) => socket.send('welcome'));
      const ended = await connrigHere(['try', wrong.url, right.url, '--expect', 'welcome', '--for', '0s']);
      assertFailed(ended, 4, 'EOPENING', /step 1 of 1 expects welcome: the server said "go away"/);
      const lines = plain(ended.stdout);
      assert.ok(lines.includes(' ← text "go away"') && lines.includes('not open: opening-refused'), ended.stdout);
      assert.deepEqual([lines.filter((line) => line === '').length, lines.at(-1)], [1, 'open after some time']);
    },
  );

  it('times out, and half an answer is shown', TIMEOUT, async (t) => {
    const server = createTcpServer((socket) => socket.on('error', () => {}).write('HTTP/1.1 101 Swit'));
    const port = await listen(server, HOST, 0, 511);
    t.after(() => server.close());
    const ended = await connrigHere(['try', `ws://${HOST}:${port}`, '--open-timeout', '300ms']);
    assertFailed(ended, 4, 'ETIMEDOUT', /17 bytes of a response head/);
    assert.ok(plain(ended.stdout).includes(' ← "HTTP/1.1 101 Swit"'), ended.stdout);
  });

  it('for wrong usage opens nothing', TIMEOUT, async (t) => {
    const peer = await webSockets(t, () => {});
    const data = fileWith(t, 'users.csv', USERS);
    for (const [args, sentence] of [
      [['--pid', '1', '--connections', '5'], /--connections, --pid: a run has them/],
      [['--row', '3', '--data', data, '--header', 'a: {token}'], /--row: 3 is beyond the 2 rows of/],
      [['--row', '1'], /--row: there are no rows without --data/],
      [['--header', 'a: {tokn}'], /\{tokn\} has no value/],
    ] as const) {
      assertFailed(await connrigHere(['try', peer.url, ...args]), 2, 'EUSAGE', sentence);
    }
    assertFailed(await connrigHere(['try']), 2, 'EUSAGE', /there is no URL to try/);
    assert.equal(peer.accepted(), 0);
  });
});

describe('a connection that opened', () => {
  it('and was dropped before its time ends as a run ends whose connections are dropped', TIMEOUT, async (t) => {
    const peer = await webSockets(t, (socket) => socket.close(4401, 'who are you?'));
    const ended = await connrigHere(['try', peer.url]);
    assertFailed(ended, 4, 'EDROPPED', /dropped 1 of 1 open connections: by-peer \(close 4401 who are you\?\)/);
    assert.ok(plain(ended.stdout).includes(' ← close 4401 "who are you?"'));
  });

  it('is closed in order by Ctrl-C; one that is still opening is given up', TIMEOUT, async (t) => {
    const closes: number[] = [];
    const peer = await webSockets(t, (socket) => socket.on('close', (code) => closes.push(code)));
    const deps = testDeps();
    const trial = runConnrig(['try', peer.url, '--for', '1h'], deps);
    await eventually(() => / {4}open$/m.test(deps.out()), 'it is open');
    deps.signal('SIGINT');
    await trial;
    assert.equal(deps.exitCode(), undefined, deps.err());
    assert.deepEqual(await eventually(() => closes.length > 0 && closes, 'the server has seen it'), [1000]);

    const silent = createTcpServer((socket) => socket.on('error', () => {}).resume());
    const port = await listen(silent, HOST, 0, 511);
    t.after(() => silent.close());
    const waiting = testDeps();
    const other = runConnrig(['try', `ws://${HOST}:${port}`, '--open-timeout', '1h'], waiting);
    await eventually(() => waiting.out().includes('GET / HTTP/1.1'), 'it has asked');
    waiting.signal('SIGINT');
    await other;
    assert.equal(waiting.exitCode(), 130);
    assert.match(waiting.err(), /^EINTERRUPTED: /m);
  });
});

const errorIn = (stderr: string): string => /^E[A-Z]+: .*$/m.exec(stderr)?.[0] ?? stderr;
