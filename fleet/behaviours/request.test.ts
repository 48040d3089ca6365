import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { countOf, toSparse } from '../../core/stats/histogram.ts';
import { withFleet } from '../../test/support/fleet.ts';
import { OK, withHttp } from '../../test/support/http-peer.ts';
import { ENGINES } from '../engines/index.ts';

const FAST = 1e6;
const TIMEOUT = { timeout: 60_000 };

/** How many values of a histogram lie above. */
const above = (counts: Uint32Array, ms: number): number =>
  countOf(toSparse(counts).filter(([lowestMicros]) => lowestMicros >= ms * 1000));

for (const engine of ENGINES) {
  test(
    `${engine}: requests go round at the rate, one at a time on each connection, counted by status`,
    TIMEOUT,
    async () => {
      const statuses = ['200 OK', '404 Not Found', '503 Busy', '302 Found'];
      const paths = new Set<string>();
      const busy = new Set<Socket>();
      let atOnce = 0;
      await withHttp(
        (socket, nth, request) => {
          if (nth > 0) paths.add(request.split(' ')[1]!);
          if (busy.has(socket)) atOnce++;
          busy.add(socket);
          setTimeout(() => {
            busy.delete(socket);
            socket.write(OK.replace('200 OK', nth === 0 ? '200 OK' : statuses[nth % 4]!));
          }, 5);
        },
        (at) => {
          const protocol = { name: 'http', path: '/', requestPath: '/work?ms=5', hostHeader: 'test' } as const;
          const behaviour = { kind: 'request', perSecond: 400 } as const;
          return withFleet('http', [at], { layout: { engine }, behaviour, protocol }, async ({ fleet, until }) => {
            fleet.pursue(20, FAST);
            await until(({ open }) => open === 20, '20 are open');
            const startedAtMs = performance.now();
            fleet.setTalking(true);
            await until(({ replies }) => replies >= 400, '400 are answered');
            const order = fleet.setTalking(false);
            const elapsedMs = performance.now() - startedAtMs;
            const end = await until((now) => now.pending === 0 && now.orderSeen >= order, 'all are answered');
            assert.ok(
              end.messages <= (elapsedMs * 400) / 1000 + 20 && elapsedMs >= 950,
              `${end.messages} in ${elapsedMs} ms`,
            );
            assert.deepEqual([end.replies, end.lostReplies, atOnce, [...paths]], [end.messages, 0, 0, ['/work?ms=5']]);
            const counted = Object.values(end.statuses);
            assert.equal(
              counted.reduce((sum, count) => sum + count),
              end.replies,
            );
            // Each connection has had 20 requests, or one more.
            for (const count of counted) assert.ok(Math.abs(count - end.replies / 4) <= 20, counted.join());
            for (const name of ['rttPlanned', 'rttActual', 'sendLag'] as const) {
              assert.equal(countOf(toSparse(fleet.histogram(name))), end.messages);
            }
            assert.equal(above(fleet.histogram('rttActual'), 4), end.replies);
          });
        },
      );
    },
  );

  test(
    `${engine}: a server that stalls is late with all that were due, not just with those it was sent`,
    TIMEOUT,
    async () => {
      const [perSecond, stallMs] = [200, 1500];
      const held: Socket[] = [];
      let stalls = false;
      const answer = (socket: Socket): void => {
        if (stalls) held.push(socket);
        else socket.write(OK);
      };
      await withHttp(answer, (at) =>
        withFleet('http', [at], { layout: { engine }, behaviour: { kind: 'request', perSecond } }, async (watched) => {
          const { fleet, until } = watched;
          fleet.pursue(4, FAST);
          await until(({ open }) => open === 4, '4 are open');
          fleet.setTalking(true);
          await until(({ replies }) => replies >= 40, 'it answers');
          const stalledAtMs = performance.now();
          stalls = true;
          await delay(stallMs);
          stalls = false;
          assert.equal(held.length, 4, 'one request at a time on each connection');
          for (const socket of held) socket.write(OK);
          await delay(100);
          const order = fleet.setTalking(false);
          const end = await until((now) => now.pending === 0 && now.orderSeen >= order, 'all are answered');
          assert.deepEqual([end.replies, end.lostReplies], [end.messages, 0]);
          // Those due in the first 500 of 1,500 ms took more than a second; a client that waits for answers sees four. On a
          // busy machine the stall and what follows from it last longer.
          const [least, most] = [stallMs, performance.now() - stalledAtMs].map(
            (ms) => ((ms - 1000) * perSecond) / 1000,
          );
          assert.ok(end.lateReplies >= 0.75 * least! && end.lateReplies <= 1.25 * most!, `${end.lateReplies} late`);
          // A bucket is 8 ms wide here.
          assert.ok(Math.abs(above(fleet.histogram('rttPlanned'), 1000) - end.lateReplies) <= 3);
          assert.ok(above(fleet.histogram('rttActual'), 1000) <= 4);
          // That they had to wait is not the client's fault.
          assert.ok(above(fleet.histogram('sendLag'), 500) === 0);
        }),
      );
    },
  );

  test(
    `${engine}: connections that the server closes after some answers are replaced, and all adds up`,
    TIMEOUT,
    async () => {
      const answer = (socket: Socket, nth: number): void => {
        if (nth < 3) socket.write(OK);
        else socket.end(OK.replace('OK\r\n', 'OK\r\nConnection: close\r\n'));
      };
      await withHttp(answer, (at) =>
        withFleet(
          'http',
          [at],
          { layout: { engine }, behaviour: { kind: 'request', perSecond: 500 } },
          async (watched) => {
            const { fleet, until, troubles, tally } = watched;
            fleet.pursue(10, FAST);
            fleet.setTalking(true);
            await until(({ closeReasons }) => closeReasons['by-peer'] >= 50, '50 were closed');
            await fleet.stop();
            const end = tally();
            assert.deepEqual([end.pending, end.replies + end.lostReplies], [0, end.messages]);
            assert.ok(end.replies >= 150 && end.statuses['2xx'] === end.replies);
            assert.deepEqual(
              troubles.map(({ what, detail }) => [what, detail]),
              [['by-peer', 'answered with Connection: close']],
            );
          },
        ),
      );
    },
  );

  test(`${engine}: what is never answered is lost, also what never found a connection`, TIMEOUT, async () => {
    const answer = (socket: Socket, nth: number): boolean => nth === 0 && socket.write(OK);
    await withHttp(answer, (at) =>
      withFleet(
        'http',
        [at],
        { layout: { engine }, behaviour: { kind: 'request', perSecond: 300 } },
        async (watched) => {
          const { fleet, until, tally } = watched;
          fleet.pursue(5, FAST);
          await until(({ open }) => open === 5, '5 are open');
          fleet.setTalking(true);
          await until(({ pending }) => pending >= 60, '60 wait for an answer');
          await fleet.stop();
          const { messages, pending, replies, lostReplies } = tally();
          assert.deepEqual([pending, replies, lostReplies], [0, 0, messages]);
        },
      ),
    );
  });

  test(`${engine}: what is due when talking ends still goes out; nothing more is due`, TIMEOUT, async () => {
    const answer = (socket: Socket): unknown => setTimeout(() => socket.write(OK), 30);
    await withHttp(answer, (at) =>
      withFleet(
        'http',
        [at],
        { layout: { engine }, behaviour: { kind: 'request', perSecond: 100 } },
        async (watched) => {
          const { fleet, until, tally } = watched;
          fleet.pursue(1, FAST);
          await until(({ open }) => open === 1, 'it is open');
          fleet.setTalking(true);
          await until(({ messages, replies }) => messages - replies >= 10, '10 wait');
          const order = fleet.setTalking(false);
          const { messages } = await until((now) => now.orderSeen >= order, 'told');
          const end = await until(({ pending }) => pending === 0, 'all are answered');
          assert.deepEqual([end.messages, end.replies], [messages, messages]);
          await delay(100);
          assert.equal(tally().messages, messages);
        },
      ),
    );
  });
}

test('tcp and ws have no requests, http no messages', async () => {
  for (const [protocol, kind] of [
    ['tcp', { kind: 'request', perSecond: 1 }],
    ['http', { kind: 'echo', perSecond: 1, bytes: 64 }],
  ] as const) {
    await withFleet(protocol, [{ ip: '127.0.0.1', port: 1 }], { behaviour: kind }, async ({ defects }) => {
      for (const until = Date.now() + 20_000; defects.length === 0 && Date.now() < until; ) await delay(10);
      assert.match(defects[0]!.message, /^(tcp has no requests|http has no messages)$/);
    });
  }
});
