import { test } from 'node:test';
import { needs } from '../support/needs.ts';
import { CLIENTS, holdClients } from './held.ts';
import { startDialectServer } from './servers.ts';

test('Action Cable has as many connections as connrig opened, each with its subscription', {
  timeout: 300_000,
  skip: needs('puma'),
}, async (t) => {
  const server = await startDialectServer(t, 'ruby-actioncable');
  await holdClients(t, {
    url: `ws://127.0.0.1:${server.port}`,
    dialect: 'actioncable',
    settings: { channel: 'ChatChannel' },
    holdMs: 9500,
    server,
    also: { subscriptions: CLIENTS },
  });
});
