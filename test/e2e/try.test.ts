/** `connrig try` against real servers: what it shows of both sides, and what it hides. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { connrigHere, newFolder } from '../support/connrig.ts';
import { writeSecured } from '../support/secured-files.ts';
import { fileOf, serveTried, tryUntil, USERS, webSocketPeer, withoutTimes } from '../support/tried-peers.ts';

const TIMEOUT = { timeout: 120_000 };

describe('a connection that is tried', () => {
  it('says what one of a run says, and its secrets show on neither side unless asked for', TIMEOUT, async (t) => {
    const peer = await webSocketPeer(
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
      ...['--data', fileOf(t, 'users.csv', USERS), '--row', '2', '--send-on-open', 'I am {name}'],
    ];
    const ended = await tryUntil(args, 'binary 00 ff');
    assert.equal(ended.code, 0, ended.stderr);
    const lines = withoutTimes(ended.stdout);
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

    const shown = await tryUntil([...args, '--show-secrets'], 'binary 00 ff');
    assert.ok(withoutTimes(shown.stdout).includes(' ← text "welcome I am bob, secret-of-bob"'));
    assert.match(shown.stdout, /GET \/chat\?key=of-the-query HTTP/);
    assert.equal(shown.stderr, '');
  });

  it('goes through its opening step by step, and its rules are at work', TIMEOUT, async (t) => {
    const peer = await webSocketPeer(t, (socket) => {
      socket.send('0{"sid":"x"}');
      socket.on('message', (message) => {
        if (String(message) === '40') socket.send('40ok');
        if (String(message) === '40') setTimeout(() => socket.send('2'), 50);
        if (String(message) === '3') socket.send('thanks');
      });
    });
    const opening = fileOf(
      t,
      'opening.yaml',
      `steps:\n  - expect: { prefix: '0{' }\n  - send: '40'\n  - wait: 20ms\n  - expect: { prefix: '40' }\n` +
        `rules:\n  - on: '2'\n    send: '3'\n  - every: 100ms\n    send: 'still here'\n`,
    );
    const ended = await tryUntil(
      ['try', peer.url, '--opening', opening],
      /still here[\s\S]*thanks|thanks[\s\S]*still here/,
    );
    assert.equal(ended.code, 0, ended.stderr);
    const lines = withoutTimes(ended.stdout);
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
    const answer = (_: unknown, response: ServerResponse): void => {
      response.setHeader('Set-Cookie', 'sid=of-the-server; Path=/');
      response.write('hel');
      response.end('lo');
    };
    const { certPath, keyPath } = writeSecured(t);
    const options = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
    const [open, secured] = [
      await serveTried(t, createServer(answer), 'http'),
      await serveTried(t, createTlsServer(options, answer) as unknown as Server, 'https'),
    ];
    const ended = await connrigHere(['try', open.url, secured.url, '--ca', certPath, '--for', '0s']);
    assert.equal(ended.code, 0, ended.stderr);
    const lines = withoutTimes(ended.stdout);
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

  it('goes to a Unix socket as well', TIMEOUT, async (t) => {
    const path = join(dirname(newFolder(t)), 's');
    const server = createServer((_, response) => response.end('hello')).listen(path);
    t.after(() => server.close());
    await once(server, 'listening');
    const ended = await connrigHere(['try', `http+unix://${path}:/a`, '--for', '0s']);
    assert.equal(ended.code, 0, ended.stderr);
    const lines = withoutTimes(ended.stdout);
    assert.deepEqual(lines.slice(1, 4), [`   connecting to ${path}`, '   connected', ' → GET /a HTTP/1.1']);
    assert.ok(lines.includes(' ← body "hello"'));
  });

  it('is told as JSON, an object a line', TIMEOUT, async (t) => {
    const peer = await webSocketPeer(t, (socket) => socket.send(Buffer.from('a text in bytes')));
    const ended = await tryUntil(['try', peer.url, '--json', '--engine', 'node'], 'a text in bytes');
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
