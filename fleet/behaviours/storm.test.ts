/** Storms by real fleets, on both engines. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { parseBehaviour } from '../../core/behaviours/behaviours.ts';
import type { StormPlan } from '../../core/behaviours/storm.ts';
import { countOf, toSparse } from '../../core/stats/histogram.ts';
import { withFleet } from '../../test/support/fleet.ts';
import { withServer } from '../../test/support/peers.ts';
import { eventually } from '../../test/support/wait.ts';
import { ENGINES } from '../engines/index.ts';
import { DueHeap } from './due-heap.ts';

const TIMEOUT = { timeout: 60_000 };
const FAST = 1e6;

const stormOf = (text: string) => {
  const behaviour = parseBehaviour(text);
  if (typeof behaviour === 'string') throw new Error(behaviour);
  return behaviour;
};

test('whoever is due first comes first, in whatever order they came', () => {
  const heap = new DueHeap(1000);
  const dues = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
  for (const [entry, due] of dues.entries()) heap.add(entry, due);
  const seen: number[] = [];
  while (heap.count > 0) {
    const due = heap.firstDueAtMs;
    assert.equal(dues[heap.takeFirst()], due);
    seen.push(due);
  }
  assert.deepEqual(
    seen,
    dues.toSorted((a, b) => a - b),
  );
  assert.equal(heap.firstDueAtMs, Number.POSITIVE_INFINITY);
});

for (const engine of ENGINES) {
  for (const cut of ['fin', 'rst'] as const) {
    test(`${engine}: half of them are cut by ${cut}, seen so by the server, and all are back`, TIMEOUT, async () => {
      const ends: string[] = [];
      let accepted = 0;
      const keep = (socket: Socket): void => {
        accepted++;
        socket.resume();
        socket.on('end', () => ends.push('fin'));
        socket.on('error', ({ code }: NodeJS.ErrnoException) => ends.push(code === 'ECONNRESET' ? 'rst' : `${code}`));
      };
      await withServer({}, keep, (at) =>
        withFleet(
          'tcp',
          [at],
          { layout: { engine, workers: 2 }, behaviour: stormOf(`storm:50%:${cut}:fixed:20ms:within:1m`) },
          async ({ fleet, until }) => {
            fleet.pursue(200, FAST);
            fleet.setTalking(true);
            await until(({ open, opening }) => open === 200 && opening === 0, '200 are open');
            await fleet.confirmed(fleet.beginEpisode());
            const after = await until(({ back }) => back === 100, '100 are back');
            await until(({ open, away }) => open === 200 && away === 0, 'all are open');
            await eventually(() => ends.length === 100 && accepted === 300, 'the server saw 100 go and come');
            assert.deepEqual(new Set(ends), new Set([cut]));
            assert.deepEqual([after.cut, after.retries, after.closeReasons['by-us']], [100, 0, 100]);
            const [back, admission, ramp] = (['backAfter', 'admission', 'openActual'] as const).map((name) =>
              toSparse(fleet.histogram(name)),
            );
            assert.deepEqual(
              [back, admission, ramp].map((one) => countOf(one!)),
              [100, 100, 200],
            );
            assert.ok(back![0]![0] >= 20_000 * 0.99, 'nobody is back before its wait is over');
            const [begun, inTime] = (['returnsBegun', 'returnsInTime'] as const).map((name) => fleet.histogram(name));
            const sumOf = (counts: Uint32Array): number => counts.slice(0, 128).reduce((sum, count) => sum + count, 0);
            assert.equal(sumOf(begun!), 100);
            assert.deepEqual(inTime, begun, 'all were in time, in the second in which they began');
            assert.ok(after.lastBackAtMs - after.begunAtMs >= 20);
          },
        ),
      );
    });
  }
}

for (const engine of ENGINES) {
  test(`${engine}: what the target ends is cut by it once, and what it ends later is a loss`, TIMEOUT, async () => {
    const sockets: Socket[] = [];
    const keep = (socket: Socket): void => {
      sockets.push(socket.resume());
      socket.on('error', () => {});
    };
    const behaviour = { ...stormOf('storm:100%:fixed:20ms'), cut: 'restart' } as StormPlan;
    await withServer({}, keep, (at) =>
      withFleet('tcp', [at], { layout: { engine, workers: 2 }, behaviour }, async ({ fleet, until }) => {
        fleet.pursue(100, FAST);
        fleet.setTalking(true);
        await until(({ open, opening }) => open === 100 && opening === 0, '100 are open');
        await eventually(() => sockets.length === 100, 'the server has them');
        await fleet.confirmed(fleet.beginEpisode());
        const before = fleet.tally();
        assert.deepEqual([before.toCut, before.cut, before.open], [100, 0, 100], 'nobody is cut by us');
        for (const [i, socket] of sockets.splice(0).entries()) i % 2 === 0 ? socket.end() : socket.resetAndDestroy();
        const back = await until(({ back, open, away }) => back === 100 && open === 100 && away === 0, 'all are back');
        assert.deepEqual([back.toCut, back.cut, back.closeReasons['by-us'], back.pardoned], [0, 100, 100, 0]);
        await eventually(() => sockets.length === 100, 'the server has the new ones');
        for (const socket of sockets.splice(0, 10)) socket.end();
        const again = await until(({ back, open }) => back === 110 && open === 100, 'those are back, too');
        assert.deepEqual([again.cut, again.closeReasons['by-us'], again.pardoned], [100, 100, 10]);
      }),
    );
  });
}

test(
  'what the server refuses to take comes back again and again, outside of the pace, and blames nobody',
  TIMEOUT,
  async () => {
    let turnedAway = 0;
    let turnsAway = false;
    const refuse = (socket: Socket): void => {
      socket.on('error', () => {});
      if (turnsAway && turnedAway < 150) {
        turnedAway++;
        socket.resetAndDestroy();
        return;
      }
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    };
    await withServer({}, refuse, (at) =>
      withFleet(
        'http',
        [at],
        { layout: { engine: 'epoll' }, behaviour: stormOf('storm:100%:rst:at-once:5ms') },
        async ({ fleet, until }) => {
          // So slow that replacements by its pace would take for ever.
          await fleet.confirmed(fleet.pursue(100, FAST));
          fleet.setTalking(true);
          await until(({ open, opening }) => open === 100 && opening === 0, '100 are open');
          await fleet.confirmed(fleet.pursue(100, 0.001));
          turnsAway = true;
          await fleet.confirmed(fleet.beginEpisode());
          const after = await until(({ back, open }) => back === 100 && open === 100, 'all are back');
          assert.deepEqual(
            [after.cut, after.away, after.retries, after.pardoned, after.failed],
            [100, 0, 150, 150, 150],
          );
          assert.equal(after.outcomes.reset + after.outcomes['closed-early'], 150);
          assert.equal(countOf(toSparse(fleet.histogram('failedAfter'))), 0);
        },
      ),
    );
  },
);

test("another number ends a storm: who is still away is the pace's to open", TIMEOUT, async () => {
  await withServer(
    {},
    (socket) => socket.resume(),
    (at) =>
      withFleet('tcp', [at], { behaviour: stormOf('storm:100%:fixed:1h') }, async ({ fleet, until }) => {
        fleet.pursue(50, FAST);
        fleet.setTalking(true);
        await until(({ open, opening }) => open === 50 && opening === 0, '50 are open');
        fleet.beginEpisode();
        await until(({ away, open }) => away === 50 && open === 0, 'all are away');
        fleet.pursue(30, FAST);
        const after = await until(({ open, opening }) => open === 30 && opening === 0, '30 are open');
        assert.deepEqual([after.away, after.cut, after.back], [0, 50, 0]);
      }),
  );
});
