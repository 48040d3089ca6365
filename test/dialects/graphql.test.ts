import { test } from 'node:test';
import { needs } from '../support/needs.ts';
import { CLIENTS, holdClients } from './held.ts';
import { startDialectServer } from './servers.ts';
import { silentWebSocket } from './silent.ts';

test('graphql-ws has acknowledged as many clients as connrig opened, each with its subscription', {
  timeout: 300_000,
  skip: needs('npm'),
}, async (t) => {
  const server = await startDialectServer(t, 'node-graphql-ws');
  const url = `ws://127.0.0.1:${server.port}`;
  const dropped = silentWebSocket(`${url}/graphql`, 'graphql-transport-ws', '{"type":"connection_init"}');
  await holdClients(t, {
    url,
    dialect: 'graphql',
    settings: {
      payload: '{"token":"{random:8}"}',
      query: 'subscription News($about: String) { news(about: $about) }',
      variables: '{"about":"{n}"}',
    },
    holdMs: 9500,
    server,
    also: { subscriptions: CLIENTS, connections: CLIENTS, dropped: 1 },
    meanwhile: dropped,
  });
});
