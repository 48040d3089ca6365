import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { newFolder } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { CLIENTS, holdClients } from './held.ts';
import { startObserved } from './mosquitto.ts';
import { startDialectServer } from './servers.ts';
import { silentSocket } from './silent.ts';

/** A broker drops somebody who is silent for 10 s. On a busy machine it takes a while until a client is heard for the first time. */
const KEEP_ALIVE = { keepAliveSeconds: 7, pingSeconds: 2 };
const HOLD_MS = 6500;
/** MQTT 3.1.1, a clean session, the same keep-alive, `silent` as its id. */
const CONNECT = Buffer.from('\x10\x12\0\x04MQTT\x04\x02\0\x07\0\x06silent', 'latin1');

// Each has a broker of its own, and most of the time nothing is done.
describe('a broker has as many MQTT clients as connrig opened, each with an id of its own', {
  concurrency: true,
  timeout: 300_000,
  skip: needs('mosquitto', 'npm'),
}, () => {
  it('Mosquitto: 3.1.1 over tcp, each with its subscription', async (t) => {
    const server = await startObserved(t, 'tcp');
    await holdClients(t, {
      url: `tcp://127.0.0.1:${server.port}`,
      dialect: 'mqtt',
      settings: { ...KEEP_ALIVE, topic: 'news/{n}' },
      holdMs: HOLD_MS,
      server,
      also: { subscriptions: CLIENTS },
      meanwhile: silentSocket(server.port, CONNECT),
    });
  });

  it('Mosquitto: 5 over TLS', async (t) => {
    const server = await startObserved(t, 'tls');
    const ca = join(dirname(newFolder(t)), 'ca.pem');
    writeFileSync(ca, server.ca!);
    await holdClients(t, {
      url: `tls://127.0.0.1:${server.port}`,
      dialect: 'mqtt',
      settings: { ...KEEP_ALIVE, version: 5, username: 'user-{n}', password: '{random:12}' },
      options: ['--ca', ca],
      holdMs: HOLD_MS,
      server,
      also: { subscriptions: 0 },
    });
  });

  it('Mosquitto: 3.1.1 over WebSocket', async (t) => {
    const server = await startObserved(t, 'ws');
    await holdClients(t, {
      url: `ws://127.0.0.1:${server.port}`,
      dialect: 'mqtt',
      settings: KEEP_ALIVE,
      holdMs: HOLD_MS,
      server,
    });
  });

  it('Aedes: over WebSocket, in frames that are parts of packets, each with its subscription', async (t) => {
    const server = await startDialectServer(t, 'node-aedes');
    await holdClients(t, {
      url: `ws://127.0.0.1:${server.port}`,
      dialect: 'mqtt',
      settings: { ...KEEP_ALIVE, topic: 'news', username: 'you', password: 'right' },
      holdMs: HOLD_MS,
      server,
      also: { subscriptions: CLIENTS, dropped: 0 },
    });
  });
});
