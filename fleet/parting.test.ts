/** Attempts that fail are closed as other clients close: a server that answered is not reset. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { ProtocolName } from '../core/protocols/names.ts';
import type { Outcome } from '../core/values/outcomes.ts';
import { withFleet } from '../test/support/fleet.ts';
import { HOST } from '../test/support/peers.ts';
import { type HowRefused, startRefuser } from '../test/support/refuser.ts';
import { eventually } from '../test/support/wait.ts';

const ENGINES = process.platform === 'linux' ? (['node', 'epoll'] as const) : (['node'] as const);
const TIMEOUT = { timeout: 120_000 };

for (const engine of ENGINES) {
  for (const how of ['ends', 'destroys', 'keeps', 'ends late', 'says much'] satisfies HowRefused[]) {
    test(
      `${engine}: a Node.js server that refuses and ${how} survives 200 refusals and the stop`,
      TIMEOUT,
      async () => {
        const server = await startRefuser(how);
        try {
          const at = { ip: HOST, port: server.port };
          await withFleet('ws', [at], { layout: { engine }, window: 20 }, async ({ fleet, until, tally, troubles }) => {
            fleet.pursue(100, 1e6);
            await until(({ outcomes }) => outcomes.rejected >= 200, '200 are refused', 60_000);
            await fleet.stop();
            const { outcomes, failed, opening, closing } = tally();
            assert.equal(outcomes.rejected + outcomes.cancelled, failed);
            assert.deepEqual([opening, closing], [0, 0]);
            assert.ok(troubles.every(({ what, detail }) => what === 'rejected' && /^HTTP 40[13] /.test(detail)));
          });
          assert.ok(((await server.refused()) ?? 0) >= 200, 'it is alive');
        } finally {
          await server.close();
        }
      },
    );
  }

  test(`${engine}: with --close reset a refusal is answered by RST`, TIMEOUT, async () => {
    const ends = await endsSeen(
      'ws',
      engine,
      (socket) => socket.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n'),
      {
        close: 'reset',
      },
    );
    assert.deepEqual(ends, ['reset']);
  });

  const ANSWERS: ReadonlyArray<[ProtocolName, string, Outcome, 'FIN' | 'reset']> = [
    ['ws', 'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n', 'rejected', 'FIN'],
    ['ws', 'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n', 'rejected', 'FIN'],
    ['ws', 'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n', 'bad-handshake', 'FIN'],
    ['ws', 'HTTP/1.1 101 Yes\nUpgrade: websocket\n\n', 'bad-handshake', 'FIN'],
    ['ws', 'SSH-2.0-dropbear\r\n', 'bad-handshake', 'reset'],
    ['http', 'HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\nbus', 'rejected', 'FIN'],
    ['http', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome', 'closed-early', 'FIN'],
    ['http', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n', 'bad-handshake', 'FIN'],
    ['http', '\u0001\u0002\u0003\u0004', 'bad-handshake', 'reset'],
  ];
  for (const [protocol, answer, outcome, end] of ANSWERS) {
    test(
      `${engine}, ${protocol}: ${JSON.stringify(answer.slice(0, 24))} is ${outcome}, ended by ${end}`,
      TIMEOUT,
      async () => {
        const ends = await endsSeen(protocol, engine, (socket) => socket.write(answer), { outcome });
        // Those in flight when it stops get their FIN in any case.
        if (end === 'FIN') assert.deepEqual(ends, ['FIN']);
        else assert.ok(ends.includes('reset'), ends.join());
      },
    );
  }

  test(`${engine}: a server that goes on talking is read up to a bound, then left`, TIMEOUT, async () => {
    let sentBytes = 0;
    const body = Buffer.alloc(65_536);
    const ends = await endsSeen('ws', engine, (socket) => {
      socket.write('HTTP/1.1 404 None\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed && socket.write(body)) sentBytes += body.length;
      };
      socket.on('drain', more);
      more();
    });
    assert.ok(ends.includes('reset'), ends.join());
    assert.ok(sentBytes > 0);
  });

  test(`${engine}: an attempt in the middle of its handshake when the run stops is ended by FIN`, TIMEOUT, async () => {
    assert.deepEqual(await endsSeen('ws', engine, () => undefined, { stopsAtOnce: true }), ['FIN']);
  });
}

/** How each connection of a fleet ended that a server in this process answered, each kind once. */
async function endsSeen(
  protocol: ProtocolName,
  engine: 'node' | 'epoll',
  answer: (socket: Socket) => void,
  { close = 'graceful', outcome = 'rejected', stopsAtOnce = false }: EndsOptions = {},
): Promise<string[]> {
  const ends: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('data', () => answer(socket));
    socket.on('error', () => ends.push('reset'));
    socket.on('end', () => {
      ends.push('FIN');
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as { port: number };
  try {
    await withFleet(protocol, [{ ip: HOST, port }], { layout: { engine }, close, window: 8 }, async (watched) => {
      const { fleet, until, tally } = watched;
      fleet.pursue(8, stopsAtOnce ? 1e6 : 200);
      if (stopsAtOnce) await eventually(() => sockets.size === 8, 'all are connected');
      else await until(({ outcomes }) => outcomes[outcome] >= 8, '8 have failed');
      await fleet.stop();
      const { failed, outcomes } = tally();
      assert.equal(outcomes[outcome] + outcomes.cancelled, failed, JSON.stringify(outcomes));
    });
    await eventually(() => ends.length >= sockets.size, 'all have ended');
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
  return [...new Set(ends)];
}

interface EndsOptions {
  readonly close?: 'graceful' | 'reset';
  readonly outcome?: Outcome;
  readonly stopsAtOnce?: boolean;
}
