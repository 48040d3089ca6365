/** Where a server refuses what a dialect says, the run ends with the step, and with what the server said of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFailed, connrigHere, newFolder, ONE_LEVEL } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { type ServerName, startDialectServer } from './servers.ts';

const REFUSALS: ReadonlyArray<{
  readonly server: ServerName;
  readonly dialect: string;
  /** The URL has this one. */
  readonly path?: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly said: string;
}> = [
  {
    server: 'node-socketio',
    dialect: 'socketio',
    settings: { namespace: '/admin' },
    said: String.raw`step 3 of 3 expects {"prefix":"40"}: the server said "44/admin,{\"message\":\"not you\"}"`,
  },
  {
    server: 'node-graphql-ws',
    dialect: 'graphql',
    settings: { payload: '{"token":"wrong"}' },
    said: 'step 2 of 2 expects {"type":"connection_ack"}: the server closed: close 4403 Forbidden',
  },
  {
    server: 'node-phoenix',
    dialect: 'phoenix',
    settings: { topic: 'nothing' },
    said: String.raw`the server said "[\"1\",\"1\",\"nothing\",\"phx_reply\",{\"status\"…"`,
  },
  {
    server: 'ruby-actioncable',
    dialect: 'actioncable',
    settings: { channel: 'ChatChannel', identifier: '{"room":"forbidden","channel":"{channel}"}' },
    said: 'step 3 of 3 expects {"type":"confirm_subscription"}: the server said',
  },
  {
    server: 'python-signalr',
    dialect: 'signalr',
    path: '/elsewhere',
    settings: {},
    said: 'POST /elsewhere/negotiate?negotiateVersion=1: HTTP 404 Not Found',
  },
  {
    server: 'node-aedes',
    dialect: 'mqtt',
    settings: { username: 'you', password: 'wrong' },
    said: 'the server said CONNACK 5, not authorized',
  },
  {
    server: 'node-aedes',
    dialect: 'mqtt',
    settings: { version: '5' },
    said: 'the server said CONNACK 1, unacceptable protocol version',
  },
];

for (const { server: name, dialect, path = '', settings, said } of REFUSALS) {
  test(`${name} refuses ${dialect} ${path}${JSON.stringify(settings)}`, {
    timeout: 180_000,
    skip: needs('npm', 'puma', 'python3', 'pip3'),
  }, async (t) => {
    const server = await startDialectServer(t, name);
    const ended = await connrigHere([
      ...['run', `ws://127.0.0.1:${server.port}${path}`, '--dialect', dialect],
      ...Object.entries(settings).flatMap(([key, value]) => ['--dialect-set', `${key}=${value}`]),
      ...[...ONE_LEVEL, '--quiet', '--out', newFolder(t)],
    ]);
    assertFailed(ended, 4, 'EOPENING');
    assert.ok(ended.stderr.includes(`(${said}`) || ended.stderr.includes(`: ${said}`), ended.stderr);
  });
}
