import { test } from 'node:test';
import { needs } from '../support/needs.ts';
import { CLIENTS, holdClients } from './held.ts';
import { startDialectServer } from './servers.ts';
import { silentWebSocket } from './silent.ts';

test('as many as connrig opened have joined a Phoenix channel, and their heartbeats keep them there', {
  timeout: 300_000,
  skip: needs('npm'),
}, async (t) => {
  const server = await startDialectServer(t, 'node-phoenix');
  const url = `ws://127.0.0.1:${server.port}`;
  const join = '["1","1","room:lobby","phx_join",{}]';
  const dropped = silentWebSocket(`${url}/socket/websocket?vsn=2.0.0`, undefined, join);
  await holdClients(t, {
    url,
    dialect: 'phoenix',
    settings: { topic: 'room:{n}', payload: '{"user":"{n}"}', heartbeatSeconds: 2 },
    holdMs: 6500,
    server,
    also: { connections: CLIENTS, dropped: 1 },
    meanwhile: dropped,
  });
});
