import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type VerifyClientCallbackAsync, WebSocketServer } from 'ws';
import { countOf, toSparse } from '../core/stats/histogram.ts';
import { withFleet } from '../test/support/fleet.ts';
import { HOST, withServer } from '../test/support/peers.ts';
import { eventually } from '../test/support/wait.ts';
import type { Endpoint } from './engines/engine.ts';
import type { EngineName } from './engines/index.ts';
import { monotonicClock } from './local/shared.ts';

const FAST = 1e6;

/** A ws server; what asks for its upgrade is handed to `asked`, if there is one, to be answered or not. */
async function withWs(
  asked: ((answer: () => void) => void) | undefined,
  body: (at: Endpoint, server: WebSocketServer) => Promise<void>,
): Promise<void> {
  const unanswered = new Set<() => void>();
  const verifyClient: VerifyClientCallbackAsync = (_info, answer) => {
    const once = (): void => void (unanswered.delete(once) && answer(true));
    unanswered.add(once);
    asked?.(once);
  };
  const server = new WebSocketServer({
    host: HOST,
    port: 0,
    backlog: 1024,
    ...(asked ? { verifyClient } : {}),
  });
  await once(server, 'listening');
  try {
    await body({ ip: HOST, port: (server.address() as AddressInfo).port }, server);
  } finally {
    // Or their sockets would never be looked at again.
    for (const answer of unanswered) answer();
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('a ramp that begins later opens nothing before', async () => {
  await withServer(
    {},
    () => {},
    (at) =>
      withFleet('tcp', [at], {}, async ({ fleet, tally, until }) => {
        const beginsAtMs = monotonicClock()() + 400;
        const order = fleet.pursue(20, FAST, beginsAtMs);
        await fleet.confirmed(order);
        const { attempts } = tally();
        assert.ok(attempts === 0 || monotonicClock()() >= beginsAtMs, `${attempts} were begun too early`);
        await until(({ open }) => open === 20, '20 are open');
        assert.ok(monotonicClock()() >= beginsAtMs);
      }),
  );
});

for (const engine of ['node', 'epoll'] as const) {
  test(`${engine}: a stop by reset gives nobody time to part`, async () => {
    const ends: string[] = [];
    const keep = (socket: Socket): void => {
      socket.on('error', ({ code }: NodeJS.ErrnoException) => ends.push(code ?? '')).on('end', () => ends.push('FIN'));
    };
    await withServer({}, keep, (at) =>
      withFleet('tcp', [at], { layout: { engine } }, async ({ fleet, tally, until }) => {
        fleet.pursue(50, FAST);
        await until(({ open }) => open === 50, '50 are open');
        await fleet.stop('by-reset');
        assert.equal(tally().closeReasons['by-us'], 50);
        await eventually(() => ends.length === 50, 'the server saw all of them go');
        assert.deepEqual([...new Set(ends)], ['ECONNRESET']);
      }),
    );
  });
}

test('tcp: exactly as many as asked for, never more; down to fewer; and nothing left after 0', async () => {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
  };
  await withServer({}, keep, (at) =>
    withFleet('tcp', [at], {}, async ({ fleet, until }) => {
      fleet.pursue(300, 2000);
      await until(({ opening, open }) => {
        assert.ok(opening + open <= 300);
        return open === 300;
      }, '300 are open');
      await eventually(() => sockets.size === 300, 'the server has 300');
      fleet.pursue(120, FAST);
      await until(({ open, closing }) => open === 120 && closing === 0, 'down to 120');
      await eventually(() => sockets.size === 120, 'the server has 120');
      fleet.pursue(0, FAST);
      const end = await until(({ open, closing }) => open === 0 && closing === 0, 'none is open');
      await eventually(() => sockets.size === 0, 'the server has none');
      assert.deepEqual([end.attempts, end.failed, end.closed, end.closeReasons['by-us']], [300, 0, 300, 300]);
      assert.equal(countOf(toSparse(fleet.histogram('openPlanned'))), 300);
      assert.equal(countOf(toSparse(fleet.histogram('lag'))), 300);
    }),
  );
});

test('ws: exactly as many as asked for, closed in order at the end', async () => {
  await withWs(undefined, async (at, server) => {
    const codes: number[] = [];
    server.on('connection', (client) => client.on('close', (code) => codes.push(code)));
    await withFleet('ws', [at], {}, async ({ fleet, until }) => {
      fleet.pursue(250, 2000);
      await until(({ open }) => open === 250, '250 are open');
      assert.equal(server.clients.size, 250);
    });
    await eventually(() => server.clients.size === 0, 'the server has none');
    assert.deepEqual(codes, new Array(250).fill(1000));
  });
});

for (const workers of [2, 3]) {
  test(`${workers} workers share the target, the destinations and the sources`, async () => {
    const from: string[] = [];
    const at2: number[] = [];
    const note = (ports: number[]) => (socket: Socket) => {
      ports.push(socket.localPort!);
      from.push(socket.remoteAddress!);
    };
    const at1: number[] = [];
    await withServer({}, note(at1), (one) =>
      withServer({}, note(at2), (two) =>
        withFleet(
          'tcp',
          [one, two],
          { layout: { workers, sources: ['127.0.0.2', '127.0.0.3'] } },
          async ({ fleet, until, tally }) => {
            fleet.pursue(301, 3000);
            await until(({ open }) => open === 301, '301 are open');
            await eventually(() => from.length === 301, 'the servers have 301');
            assert.equal(tally().attempts, 301);
            assert.ok(Math.abs(at1.length - at2.length) <= workers, `${at1.length} and ${at2.length}`);
            const ofFirst = from.filter((ip) => ip === '127.0.0.2').length;
            assert.ok(Math.abs(ofFirst - 150) <= 2 * workers && from.every((ip) => /^127\.0\.0\.[23]$/.test(ip)));
          },
        ),
      ),
    );
  });
}

test('a collection of garbage resolves, and leaves the pace of a ramp under way as it is', async () => {
  await withServer(
    {},
    () => {},
    (at) =>
      withFleet('tcp', [at], { layout: { workers: 2 } }, async ({ fleet, until, tally }) => {
        const startedAt = performance.now();
        fleet.pursue(1000, 200);
        for (let i = 0; i < 4; i++) {
          await delay(150);
          await fleet.collectGarbage();
          assert.equal(tally().collections, i + 1);
          await delay(50);
          const { attempts } = tally();
          const dueAtMost = ((performance.now() - startedAt) * 200) / 1000 + 2;
          assert.ok(attempts <= dueAtMost, `${attempts} were attempted when at most ${dueAtMost} were due`);
        }
        await until(({ open }) => open > 100, 'the ramp goes on');
      }),
  );
});

test('a new target takes over while connections are opening', async () => {
  const waiting: Array<() => void> = [];
  let lets = true;
  const asked = (answer: () => void): void => {
    if (lets) answer();
    else waiting.push(answer);
  };
  await withWs(asked, (at) =>
    withFleet('ws', [at], {}, async ({ fleet, until }) => {
      fleet.pursue(20, FAST);
      await until(({ open }) => open === 20, '20 are open');
      lets = false;
      fleet.pursue(50, FAST);
      await until(({ opening }) => opening === 30, '30 are opening');
      fleet.pursue(0, FAST);
      await until(({ open, closed }) => open === 0 && closed === 20, 'the open ones are closed');
      await eventually(() => waiting.length === 30, 'the others have asked');
      for (const answer of waiting) answer();
      const end = await until((now) => now.closed === 50 && now.closing === 0, 'the others are, once open');
      assert.deepEqual([end.attempts, end.open, end.closeReasons['by-us']], [50, 0, 50]);
    }),
  );
});

test('stopping while connections are opening cancels those, and closes the open ones', async () => {
  const neverAnswers = (): void => {};
  await withWs(neverAnswers, (at) =>
    withFleet('ws', [at], { layout: { workers: 2 } }, async ({ fleet, until, tally, troubles }) => {
      fleet.pursue(40, FAST);
      await until(({ opening }) => opening === 40, '40 are opening');
      await Promise.all([fleet.stop(), fleet.stop()]);
      const end = tally();
      assert.deepEqual([end.opening, end.open, end.failed, end.outcomes.cancelled], [0, 0, 40, 40]);
      assert.deepEqual(troubles, []);
    }),
  );
});

test('a peer that never answers our close is cut short', async () => {
  const sockets: Socket[] = [];
  await withServer(
    { allowHalfOpen: true },
    (socket) => sockets.push(socket),
    (at) =>
      withFleet('tcp', [at], { closeTimeoutMs: 200 }, async ({ fleet, until }) => {
        fleet.pursue(50, FAST);
        await until(({ open }) => open === 50, '50 are open');
        fleet.pursue(0, FAST);
        await until(({ closing }) => closing > 0, 'they are closing');
        const end = await until(({ open, closing }) => open === 0 && closing === 0, 'none is left');
        assert.equal(end.closeReasons['by-us'], 50);
        for (const socket of sockets) socket.write('x');
        await eventually(() => sockets.every((socket) => socket.destroyed), 'nobody is there any more');
      }),
  );
});

test('where no close is answered the later ones wait less; after an answer they have all their time again', async () => {
  let answers = false;
  const peer = (socket: Socket): void => {
    socket.on('error', () => {}).on('end', () => answers && socket.end());
    socket.resume();
  };
  await withServer({ allowHalfOpen: true }, peer, (at) =>
    withFleet('tcp', [at], { closeTimeoutMs: 4000 }, async ({ fleet, until }) => {
      /** @returns how long it took until 2 were closed, in ms */
      const openAndClose = async (): Promise<number> => {
        fleet.pursue(2, FAST);
        await until(({ open }) => open === 2, 'both are open');
        fleet.pursue(0, FAST);
        const beganMs = performance.now();
        await until(({ open, closing }) => open === 0 && closing === 0, 'none is left');
        return performance.now() - beganMs;
      };
      assert.ok((await openAndClose()) >= 3900);
      let laterMs = 0;
      for (let round = 0; round < 5; round++) laterMs += await openAndClose();
      assert.ok(laterMs < 4 * 4000, `5 rounds took ${laterMs} ms`);
      answers = true;
      await openAndClose();
      answers = false;
      assert.ok((await openAndClose()) >= 3900, 'they were given all their time');
    }),
  );
});

test('a worker that dies is told, and nobody waits for it', { timeout: 30_000 }, async () => {
  const engine = 'steam' as EngineName;
  await withFleet('tcp', [{ ip: HOST, port: 1 }], { layout: { engine, workers: 2 } }, async ({ fleet, defects }) => {
    await eventually(() => defects.length === 2, 'both defects are told');
    await fleet.collectGarbage();
    await fleet.stop();
  });
});
