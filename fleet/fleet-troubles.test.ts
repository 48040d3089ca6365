import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { CloseReason, Outcome } from '../core/values/outcomes.ts';
import { withFleet } from '../test/support/fleet.ts';
import { startFlood } from '../test/support/flood.ts';
import { type HostileKind, startHostile } from '../test/support/hostile.ts';
import { OK, withHttp } from '../test/support/http-peer.ts';
import { HOST, withFullBacklog, withServer } from '../test/support/peers.ts';
import { eventually } from '../test/support/wait.ts';

const FAST = 1e6;

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a port where nothing listens: every attempt is refused, and attempts keep to the pace', async () => {
  const at = { ip: HOST, port: await unusedPort() };
  await withFleet('tcp', [at], {}, async ({ fleet, until, troubles }) => {
    const startedAt = performance.now();
    fleet.pursue(10, 100);
    const seen = await until(({ failed }) => failed >= 50, '50 have failed');
    // The ramp's own ten, and replacements at its pace beside them.
    assert.ok(seen.attempts <= 10 + ((performance.now() - startedAt) * 100) / 1000 + 2, `${seen.attempts}`);
    await fleet.stop();
    const end = fleet.tally();
    assert.deepEqual([end.outcomes.refused + end.outcomes.cancelled, end.outcomes.open], [end.attempts, 0]);
    assert.deepEqual(
      troubles.map(({ what }) => what),
      ['refused'],
    );
    assert.match(troubles[0]!.detail, /ECONNREFUSED/);
  });
});

test('a port that answers no SYN: timed out, and said so', async () => {
  await withFullBacklog((at) =>
    withFleet('tcp', [at], { openTimeoutMs: 300 }, async ({ fleet, until, troubles }) => {
      fleet.pursue(10, FAST);
      const seen = await until(({ outcomes }) => outcomes['timed-out'] >= 10, '10 have timed out');
      assert.equal(seen.outcomes['timed-out'], seen.failed);
      assert.deepEqual(troubles, [{ what: 'timed-out', detail: 'no answer to SYN within 300 ms' }]);
    }),
  );
});

const HANDSHAKES: ReadonlyArray<[HostileKind, Outcome, RegExp]> = [
  ['silent', 'timed-out', /^connected, but no answer within 400 ms$/],
  ['status-200', 'rejected', /200/],
  ['status-403', 'rejected', /403/],
  ['status-302', 'rejected', /302/],
  ['garbage', 'bad-handshake', /./],
  ['wrong-key', 'bad-handshake', /accept/i],
  ['endless-head', 'bad-handshake', /./],
  ['half-response', 'closed-early', /./],
  ['close-at-once', 'closed-early', /./],
  ['reset', 'reset', /ECONNRESET/],
];
/** Where time is not what it is about, a busy machine has enough of it. */
const patience = (outcome: Outcome): number => (outcome === 'timed-out' ? 400 : 10_000);
for (const [kind, outcome, detail] of HANDSHAKES) {
  test(`a ws server that is ${kind}: every attempt ends as ${outcome}`, async () => {
    const server = await startHostile(kind);
    try {
      await withFleet(
        'ws',
        [{ ip: HOST, port: server.port }],
        { openTimeoutMs: patience(outcome) },
        async (watched) => {
          const { fleet, until, troubles } = watched;
          fleet.pursue(20, 1000);
          await until(({ failed }) => failed >= 20, '20 have failed');
          await fleet.stop();
          const { outcomes, failed } = watched.tally();
          assert.equal(outcomes[outcome] + outcomes.cancelled, failed, JSON.stringify(outcomes));
          assert.ok(troubles.length > 0 && troubles.every(({ what }) => what === outcome));
          assert.match(troubles[0]!.detail, detail);
        },
      );
    } finally {
      await server.close();
    }
  });
}

const FIRST_ANSWERS: ReadonlyArray<[string, Outcome, RegExp]> = [
  ['', 'timed-out', /^connected, but no answer within 400 ms$/],
  ['HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 'rejected', /^HTTP 403 Forbidden$/],
  ['garbage', 'bad-handshake', /^the answer is not HTTP/],
  [OK.replace('OK\r\n', 'OK\r\nConnection: close\r\n'), 'closed-early', /keeps no connection open$/],
];
for (const [answer, outcome, detail] of FIRST_ANSWERS) {
  test(`an http server that says ${JSON.stringify(answer.slice(0, 20))}: every attempt ends as ${outcome}`, async () => {
    await withHttp(
      (socket) => socket.write(answer),
      (at) =>
        withFleet('http', [at], { openTimeoutMs: patience(outcome) }, async ({ fleet, until, tally, troubles }) => {
          fleet.pursue(20, 1000);
          await until(({ failed }) => failed >= 20, '20 have failed');
          await fleet.stop();
          const { outcomes, failed } = tally();
          assert.equal(outcomes[outcome] + outcomes.cancelled, failed, JSON.stringify(outcomes));
          assert.ok(troubles.length > 0 && troubles.every(({ what }) => what === outcome));
          assert.match(troubles[0]!.detail, detail);
        }),
    );
  });
}

test('an http server that answers what nobody asked loses connections as protocol errors', async () => {
  await withHttp(
    (socket) => socket.write(`${OK}${OK}`),
    (at) =>
      withFleet('http', [at], {}, async ({ fleet, until, tally, troubles }) => {
        fleet.pursue(20, 1000);
        await until(({ closed }) => closed >= 20, '20 are lost');
        await fleet.stop();
        const { closeReasons, closed, failed, outcomes } = tally();
        assert.equal(closeReasons['protocol-error'] + closeReasons['by-us'], closed);
        assert.equal(failed, outcomes.cancelled);
        assert.deepEqual(troubles, [{ what: 'protocol-error', detail: 'HTTP 200 OK, which nobody asked for' }]);
      }),
  );
});

test('a ws server that breaks the protocol on open connections loses them as protocol errors', async () => {
  const server = await startHostile('bad-frame');
  try {
    await withFleet('ws', [{ ip: HOST, port: server.port }], {}, async ({ fleet, until, tally, troubles }) => {
      fleet.pursue(20, 1000);
      await until(({ closed }) => closed >= 20, '20 are lost');
      await fleet.stop();
      const { closeReasons, closed, failed, outcomes } = tally();
      assert.equal(closeReasons['protocol-error'] + closeReasons['by-us'], closed);
      assert.equal(failed, outcomes.cancelled);
      assert.deepEqual([...new Set(troubles.map(({ what }) => what))], ['protocol-error']);
    });
  } finally {
    await server.close();
  }
});

const DROPS: ReadonlyArray<[string, CloseReason, (socket: Socket) => void]> = [
  ['resets', 'reset', (socket) => socket.resetAndDestroy()],
  ['ends', 'by-peer', (socket) => socket.end()],
];
for (const [how, reason, drop] of DROPS) {
  test(`a server that ${how} 1,000 connections at once: each is counted once, and replaced`, async () => {
    const sockets = new Set<Socket>();
    const keep = (socket: Socket): void => {
      sockets.add(socket.on('close', () => sockets.delete(socket)));
    };
    await withServer({}, keep, (at) =>
      withFleet('tcp', [at], { window: 128 }, async ({ fleet, until, troubles }) => {
        fleet.pursue(1000, 5000);
        await until(({ open }) => open === 1000, '1,000 are open');
        await eventually(() => sockets.size === 1000, 'the server has 1,000');
        for (const socket of [...sockets]) drop(socket);
        await until(({ closed }) => closed === 1000, 'all are lost');
        const again = await until(({ open, closing }) => open === 1000 && closing === 0, 'all are replaced');
        assert.deepEqual([again.attempts, again.closed, again.failed], [2000, 1000, 0]);
        assert.equal(again.closeReasons[reason], 1000, JSON.stringify(again.closeReasons));
        assert.deepEqual([...new Set(troubles.map(({ what }) => what))], [reason]);
        await eventually(() => sockets.size === 1000, 'the server has the new 1,000');
      }),
    );
  });
}

for (const engine of ['epoll', 'node'] as const) {
  test(`${engine}: a connection whose peer floods is ended and replaced, and none of the others is`, async () => {
    const flood = await startFlood('messages', 20);
    try {
      const at = { ip: HOST, port: flood.port };
      await withFleet('ws', [at], { layout: { engine } }, async ({ fleet, until, troubles }) => {
        fleet.pursue(20, FAST);
        await until(({ flooding }) => flooding === 1, 'one floods');
        const seen = await until(({ closed, open }) => closed === 1 && open === 20, 'it is replaced', 60_000);
        assert.equal(seen.closeReasons.flood, 1);
        assert.equal(seen.flooding, 0);
        assert.deepEqual(troubles, [
          { what: 'flood', detail: 'it sent without a pause for 5000 ms, more than there was time to read' },
        ]);
      });
    } finally {
      await flood.close();
    }
  });

  test(`${engine}: a flood holds up neither a command nor the stop`, async () => {
    const flood = await startFlood('messages', 1);
    try {
      const at = { ip: HOST, port: flood.port };
      await withFleet('ws', [at], { layout: { engine } }, async ({ fleet, until }) => {
        fleet.pursue(10, FAST);
        await until(({ flooding }) => flooding === 10, 'all flood');
        fleet.pursue(0, FAST);
        // Not even the close time-out is waited for: what it waits for lies behind the flood.
        await until(({ open, closing }) => open === 0 && closing === 0, 'all closed');
        assert.equal(fleet.tally().closeReasons['by-us'], 10);
      });
    } finally {
      await flood.close();
    }
  });

  test(`${engine}: a peer that takes nothing of what it is sent is ended as a slow reader`, async () => {
    const flood = await startFlood('reads-nothing', 1);
    try {
      const at = { ip: HOST, port: flood.port };
      const behaviour = { kind: 'echo', perSecond: 400, bytes: 2 ** 20 } as const;
      await withFleet('ws', [at], { layout: { engine }, behaviour }, async ({ fleet, until, troubles }) => {
        fleet.pursue(2, FAST);
        fleet.setTalking(true);
        await until(({ closeReasons }) => closeReasons['slow-reader'] > 0, 'too much waits', 60_000);
        assert.deepEqual(troubles[0], { what: 'slow-reader', detail: 'it did not take what it was sent' });
      });
    } finally {
      await flood.close();
    }
  });
}
