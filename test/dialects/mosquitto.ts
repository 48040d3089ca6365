import type { TestContext } from 'node:test';
import { secureTarget } from '../../lab/certificate-files.ts';
import { followTopics } from '../strangers/mqtt.ts';
import { startMosquitto } from '../strangers/servers.ts';
import { unusedPort } from '../support/peers.ts';
import type { ClientCensus, DialectServer } from './servers.ts';

const CONNECTED = '$SYS/broker/clients/connected';
const SUBSCRIPTIONS = '$SYS/broker/subscriptions/count';

const ASKED = [CONNECTED, SUBSCRIPTIONS];

/** A broker with a second listener, which is all that is talked to; by the first it is asked what it counts. */
export interface ObservedBroker extends DialectServer {
  /** PEM of what its certificate is trusted by, over TLS. */
  readonly ca: string | undefined;
}

export async function startObserved(t: TestContext, kind: 'tcp' | 'tls' | 'ws'): Promise<ObservedBroker> {
  const { env, caCert: ca, remove } = secureTarget(kind === 'tls' ? 'tls' : 'plain', process.env);
  t.after(remove);
  const port = await unusedPort();
  const how = {
    tcp: '',
    tls: `certfile ${env['TLS_CERT']}\nkeyfile ${env['TLS_KEY']}\n`,
    ws: 'protocol websockets\n',
  }[kind];
  // By itself it becomes a user who may not read the key.
  const { port: asked, pid } = await startMosquitto(t, `user root\nlistener ${port} 127.0.0.1\n${how}`);
  const newest = await followTopics(t, asked, ASKED);
  return {
    port,
    pid,
    ca,
    async census(): Promise<ClientCensus> {
      const [connected, subscriptions] = ASKED.map((topic) => Number(newest.get(topic)));
      // Less the one who asks.
      return { clients: connected! - 1, subscriptions: subscriptions! - ASKED.length };
    },
  };
}
