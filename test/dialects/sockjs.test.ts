import { test } from 'node:test';
import { needs } from '../support/needs.ts';
import { CLIENTS, holdClients } from './held.ts';
import { startDialectServer } from './servers.ts';

test('SockJS has as many raw connections as connrig opened', { timeout: 300_000, skip: needs('npm') }, async (t) => {
  const server = await startDialectServer(t, 'node-sockjs');
  await holdClients(t, {
    url: `ws://127.0.0.1:${server.port}/echo`,
    dialect: 'sockjs',
    // It has no pings.
    holdMs: 2000,
    server,
    also: { raw: CLIENTS },
  });
});
