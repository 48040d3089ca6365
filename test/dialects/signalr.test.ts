import { test } from 'node:test';
import { needs } from '../support/needs.ts';
import { holdClients } from './held.ts';
import { startDialectServer } from './servers.ts';
import { silentWebSocket } from './silent.ts';

test('a SignalR hub has as many connections as connrig negotiated, and their pings keep them there', {
  timeout: 300_000,
  skip: needs('python3', 'pip3'),
}, async (t) => {
  const server = await startDialectServer(t, 'python-signalr');
  const url = `ws://127.0.0.1:${server.port}/hub`;
  const dropped = silentWebSocket(url, undefined, '{"protocol":"json","version":1}\x1e');
  await holdClients(t, {
    url,
    dialect: 'signalr',
    settings: { pingSeconds: 2 },
    holdMs: 6500,
    server,
    meanwhile: dropped,
  });
});
