/** Openings carried out by a fleet, at npm's `ws` and plain sockets, on both engines and over TLS. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { makeCertificate } from '../certificates/make-certificate.ts';
import { withFleet } from '../test/support/fleet.ts';
import { type OpeningWords, planOf } from '../test/support/opening-subject.ts';
import { HOST, withServer } from '../test/support/peers.ts';
import { eventually } from '../test/support/wait.ts';
import { securedFor } from '../test/tls/held.ts';
import type { Endpoint } from './engines/engine.ts';
import { ENGINES } from './engines/index.ts';
import type { FleetOptions } from './fleet.ts';
import { RowsWriter } from './opening/rows.ts';

const FAST = 1e6;
const COUNT = 200;
const TIMEOUT = { timeout: 120_000 };

/** The beginning of graphql-transport-ws, with a token in each row, and a ping of one's own. */
const SIGN_IN: OpeningWords = {
  steps: [
    { send: '{"type":"connection_init","payload":{"token":"{token}"}}' },
    { expect: { json: { type: 'connection_ack' } }, within: 60_000, skip: true },
    { send: '{"type":"subscribe","id":"{n}"}' },
  ],
  rules: [
    { on: { json: { type: 'ping' } }, send: '{"type":"pong","name":"{name}"}' },
    { every: 300, send: '{"type":"ping"}' },
  ],
};

function identityOf(rows: number): NonNullable<FleetOptions['identity']> {
  const writer = new RowsWriter(['name', 'token'], 1000);
  for (let i = 1; i <= rows; i++) writer.add([`name-${i}`, `secret-${i}`]);
  return { rows: writer.finish(), order: 'each', secrets: [] };
}

/** What a server has seen. */
interface Seen {
  readonly tokens: Set<string>;
  readonly subscribed: Set<string>;
  readonly ponged: Set<string>;
  readonly pings: Map<WebSocket, number>;
}

async function withSignIn(
  http: Server,
  body: (at: Endpoint, seen: Seen, server: WebSocketServer) => Promise<void>,
): Promise<void> {
  const seen: Seen = { tokens: new Set(), subscribed: new Set(), ponged: new Set(), pings: new Map() };
  const server = new WebSocketServer({ server: http });
  server.on('connection', (client) => {
    client.on('message', (data) => {
      const said = JSON.parse(String(data));
      if (said.type === 'connection_init') {
        if (!/^secret-\d+$/.test(said.payload.token)) return client.close(4403, `Forbidden ${said.payload.token}`);
        seen.tokens.add(said.payload.token);
        client.send('{"type":"ka"}');
        client.send('{"type":"ping"}');
        client.send('{"type":"connection_ack","payload":{}}');
      } else if (said.type === 'subscribe') seen.subscribed.add(said.id);
      else if (said.type === 'pong') seen.ponged.add(said.name);
      else seen.pings.set(client, (seen.pings.get(client) ?? 0) + 1);
    });
  });
  await new Promise<void>((resolve) => http.listen({ host: HOST, port: 0, backlog: 1024 }, resolve));
  try {
    await body({ ip: HOST, port: (http.address() as AddressInfo).port }, seen, server);
  } finally {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => http.close(resolve));
  }
}

const SUBJECTS = [...ENGINES.map((engine) => ({ engine, secure: false })), { engine: 'epoll', secure: true } as const];

for (const { engine, secure } of SUBJECTS) {
  test(`ws: a row each, steps and rules (${engine}${secure ? ', over TLS' : ''})`, TIMEOUT, async () => {
    const { cert, key } = makeCertificate({ names: [HOST], now: new Date(), days: 1 });
    const options = {
      layout: { engine, workers: 2 },
      identity: identityOf(COUNT),
      opening: planOf(SIGN_IN),
      ...(secure ? { securing: { by: 'openssl', options: securedFor(cert) } as const } : {}),
    };
    await withSignIn(secure ? createSecureServer({ cert, key }) : createServer(), async (at, seen, server) => {
      await withFleet('ws', [at], options, async ({ fleet, until, tally, troubles }) => {
        // There are rows for no more.
        fleet.pursue(COUNT + 50, 2000);
        await until(({ open }) => open === COUNT, 'all are open');
        await eventually(() => seen.subscribed.size === COUNT && seen.ponged.size === COUNT, 'the server heard all');
        assert.deepEqual([seen.tokens.size, server.clients.size], [COUNT, COUNT]);
        assert.deepEqual(seen.ponged, new Set(Array.from({ length: COUNT }, (_, i) => `name-${i + 1}`)));
        await eventually(
          () => seen.pings.size === COUNT && Math.min(...seen.pings.values()) >= 3,
          'three pings of each',
        );
        assert.deepEqual([tally().failed, troubles], [0, []]);
        fleet.pursue(0, FAST);
        await until(({ open, closing }) => open === 0 && closing === 0, 'all are closed');
      });
    });
  });
}

test('a refusal has the step and the words of the close, and no value of a row', TIMEOUT, async () => {
  const opening = planOf({
    ...SIGN_IN,
    steps: [{ send: '{"type":"connection_init","payload":{"token":"x{token}"}}' }, SIGN_IN.steps![1]!],
  });
  await withSignIn(createServer(), async (at) => {
    await withFleet('ws', [at], { identity: identityOf(9), opening }, async ({ fleet, until, troubles }) => {
      fleet.pursue(1, FAST);
      await until(({ outcomes }) => outcomes['opening-refused'] >= 3, 'refusals');
      await eventually(() => troubles.length > 0, 'the trouble');
      assert.deepEqual(troubles[0], {
        what: 'opening-refused',
        detail: 'step 2 of 2 expects {"type":"connection_ack"}: the server closed: close 4403 Forbidden x***',
      });
    });
  });
});

test(
  'tcp: a text of a silent server times out with the step under way, by its own time or that of the attempt',
  TIMEOUT,
  async () => {
    for (const [within, what, detail] of [
      [100, 'opening-refused', 'step 1 of 1 expects "+OK", which did not come within 100 ms'],
      [undefined, 'timed-out', 'connected, but step 1 of 1 expects "+OK", which did not come within 300 ms'],
    ] as const) {
      const opening = planOf({ steps: [{ expect: '+OK', ...(within === undefined ? {} : { within }) }] });
      await withServer(
        {},
        () => {},
        async (at) => {
          const options = {
            identity: { rows: undefined, order: 'each', secrets: [] },
            opening,
            openTimeoutMs: 300,
          } as const;
          await withFleet('tcp', [at], options, async ({ fleet, until, troubles }) => {
            fleet.pursue(1, FAST);
            await until(({ outcomes }) => outcomes[what] >= 1, what);
            await eventually(() => troubles.length > 0, 'the trouble');
            assert.deepEqual(troubles[0], { what, detail });
          });
        },
      );
    }
  },
);
