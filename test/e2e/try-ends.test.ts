/** How `connrig try` ends: beside a run whose connections all go like its own, and when somebody has seen enough. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { describe, it } from 'node:test';
import { createServer as createSecuredSocket } from 'node:tls';
import { runConnrig } from '../../cli/connrig.ts';
import { listen } from '../../telemetry/listen.ts';
import { testDeps } from '../support/cli-deps.ts';
import { assertFailed, connrigHere, HASTY, newFolder } from '../support/connrig.ts';
import { HOST, unusedPort } from '../support/peers.ts';
import { writeSecured } from '../support/secured-files.ts';
import { fileOf, serveTried, USERS, webSocketPeer, withoutTimes } from '../support/tried-peers.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 120_000 };

describe('a connection that does not open', () => {
  it('ends with the code, the sentence and the hint of a run whose connections all go like it', TIMEOUT, async (t) => {
    const { certPath, keyPath } = writeSecured(t);
    const options = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
    const refusing = await webSocketPeer(t, () => {}, 'another');
    const untrusted = await serveTried(t, createTlsServer(options) as unknown as Server, 'https');
    const wantsCertificate = createSecuredSocket({ ...options, ca: options.cert, requestCert: true }, (socket) =>
      socket.on('error', () => {}).resume(),
    );
    wantsCertificate.on('tlsClientError', () => {});
    const port = await listen(wantsCertificate, HOST, 0, 511);
    t.after(() => wantsCertificate.close());
    for (const [url, ...more] of [
      [`tcp://${HOST}:${await unusedPort()}`],
      [refusing.url],
      [untrusted.url],
      [`tls://${HOST}:${port}`, '--ca', certPath],
    ] as const) {
      const tried = await connrigHere(['try', url, ...more]);
      const plan = ['--connections', '5', '--levels', '1', ...HASTY, '--quiet', '--out', newFolder(t)];
      const ran = await connrigHere(['run', url, ...more, ...plan]);
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
      const wrong = await webSocketPeer(t, (socket) => socket.send('go away'));
      const right = await webSocketPeer(t, (socket) => socket.send('welcome'));
      const ended = await connrigHere(['try', wrong.url, right.url, '--expect', 'welcome', '--for', '0s']);
      assertFailed(ended, 4, 'EOPENING', /step 1 of 1 expects welcome: the server said "go away"/);
      const lines = withoutTimes(ended.stdout);
      assert.ok(lines.includes(' ← text "go away"') && lines.includes('not open: opening-refused'), ended.stdout);
      assert.deepEqual([lines.filter((line) => line === '').length, lines.at(-1)], [1, 'open after some time']);
    },
  );

  it('hints at what was said: a header, a dialect, --expect', TIMEOUT, async (t) => {
    const closed = await webSocketPeer(t, () => {}, 'another');
    const refusing = await webSocketPeer(t, (socket) => socket.close(4403, 'Forbidden'));
    const other = await webSocketPeer(t, (socket) => socket.send('go away'));
    for (const [hint, ...args] of [
      [/^EREJECTED: .* --header 'Authorization: Bearer <token>'/m, closed.url, '--header', 'X-A: b'],
      [/^EREJECTED: .*--show-secrets shows that, and --row tries/m, closed.url, '--cookie', 'session=abcdef'],
      [/^EOPENING: .* connrig dialects graphql, for what --dialect-set/m, refusing.url, '--dialect', 'graphql'],
      [/^EOPENING: .* have --expect, or the steps of --opening/m, other.url, '--expect', 'welcome'],
    ] as const) {
      const { code, stderr } = await connrigHere(['try', ...args]);
      assert.equal(code, 4, stderr);
      assert.match(stderr, hint);
    }
  });

  it('times out, and half an answer is shown', TIMEOUT, async (t) => {
    const server = createTcpServer((socket) => socket.on('error', () => {}).write('HTTP/1.1 101 Swit'));
    const port = await listen(server, HOST, 0, 511);
    t.after(() => server.close());
    const ended = await connrigHere(['try', `ws://${HOST}:${port}`, '--open-timeout', '2s']);
    assertFailed(ended, 4, 'ETIMEDOUT', /17 bytes of a response head/);
    assert.ok(withoutTimes(ended.stdout).includes(' ← "HTTP/1.1 101 Swit"'), ended.stdout);
  });

  it('for wrong usage opens nothing', TIMEOUT, async (t) => {
    const peer = await webSocketPeer(t, () => {});
    const data = fileOf(t, 'users.csv', USERS);
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
    const peer = await webSocketPeer(t, (socket) => socket.close(4401, 'who are you?'));
    const ended = await connrigHere(['try', peer.url, '--for', '1h']);
    assertFailed(ended, 4, 'EDROPPED', /dropped 1 of 1 open connections: by-peer \(close 4401 who are you\?\)/);
    assert.ok(withoutTimes(ended.stdout).includes(' ← close 4401 "who are you?"'));
  });

  it('is closed in order by Ctrl-C; one that is still opening is given up', TIMEOUT, async (t) => {
    const closes: number[] = [];
    const peer = await webSocketPeer(t, (socket) => socket.on('close', (code) => closes.push(code)));
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
