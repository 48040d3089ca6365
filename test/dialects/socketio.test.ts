import { test } from 'node:test';
import { needs } from '../support/needs.ts';
import { CLIENTS, holdClients } from './held.ts';
import { startDialectServer } from './servers.ts';
import { silentWebSocket } from './silent.ts';

test('Socket.IO has as many sockets in a namespace as connrig opened, and none of them is dropped', {
  timeout: 300_000,
  skip: needs('npm'),
}, async (t) => {
  const server = await startDialectServer(t, 'node-socketio');
  const url = `ws://127.0.0.1:${server.port}`;
  const dropped = silentWebSocket(`${url}/socket.io/?EIO=4&transport=websocket`, undefined, '40');
  await holdClients(t, {
    url,
    dialect: 'socketio',
    settings: { namespace: '/admin', auth: '{"token":"a \\"quoted\\" one"}' },
    holdMs: 7800,
    server,
    also: { admin: CLIENTS, connections: CLIENTS, dropped: 1 },
    meanwhile: dropped,
  });
});
