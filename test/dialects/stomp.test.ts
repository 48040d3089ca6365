import { describe, it } from 'node:test';
import { needs } from '../support/needs.ts';
import { CLIENTS, holdClients } from './held.ts';
import { startDialectServer } from './servers.ts';
import { silentSocket } from './silent.ts';

const CONNECT = 'CONNECT\naccept-version:1.2\nhost:/\nheart-beat:2500,0\n\n\0';

describe('ActiveMQ Artemis has as many STOMP clients as connrig opened', {
  concurrency: true,
  timeout: 300_000,
  skip: needs('javac', 'mvn'),
}, () => {
  it('over tcp, each with its subscription, and their heart-beats keep them there', async (t) => {
    const server = await startDialectServer(t, 'java-artemis');
    await holdClients(t, {
      url: `tcp://127.0.0.1:${server.port}`,
      dialect: 'stomp',
      settings: { destination: '/topic/news', heartBeatMs: 2500, login: 'user-{n}', passcode: '{uuid}' },
      holdMs: 7800,
      server,
      also: { subscriptions: CLIENTS },
      meanwhile: silentSocket(server.port, CONNECT),
    });
  });

  it('over WebSocket', async (t) => {
    const server = await startDialectServer(t, 'java-artemis');
    await holdClients(t, {
      url: `ws://127.0.0.1:${server.port}`,
      dialect: 'stomp',
      settings: { heartBeatMs: 2500 },
      holdMs: 7800,
      server,
    });
  });
});
