import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { ChurnEnd } from '../../core/behaviours/churn.ts';
import { countOf, toSparse } from '../../core/stats/histogram.ts';
import { withFleet } from '../../test/support/fleet.ts';
import { withServer } from '../../test/support/peers.ts';
import { ENGINES } from '../engines/index.ts';
import type { BehaviourDeps } from './behaviour.ts';
import { createChurn } from './churn.ts';

const TIMEOUT = { timeout: 60_000 };
const LEVEL = 40;
const WINDOW = 8;
const FAST = 10_000;

for (const engine of ENGINES) {
  for (const end of ['fin', 'rst'] as const satisfies readonly ChurnEnd[]) {
    test(`${engine}: as many stay open while they are replaced in turn, by ${end}`, TIMEOUT, async () => {
      const ends: Record<ChurnEnd, number> = { fin: 0, rst: 0 };
      const serve = (socket: Socket): void => {
        socket
          .on('error', () => ends.rst++)
          .on('end', () => ends.fin++)
          .resume();
      };
      await withServer({}, serve, async (at) => {
        const behaviour = { kind: 'churn', turnoverPerSecond: 5 * LEVEL, end } as const;
        const layout = { engine, workers: 2 };
        await withFleet('tcp', [at], { layout, behaviour, window: WINDOW }, async ({ fleet, until, troubles }) => {
          fleet.pursue(LEVEL, FAST);
          await until(({ open }) => open === LEVEL, 'all are open');
          // From here on what the ramp's pace would allow is one in an hour.
          fleet.pursue(LEVEL, 1 / 3600);
          const before = fleet.tally();
          fleet.setTalking(true);
          let least = LEVEL;
          const churned = await until(({ open, replaced }) => {
            least = Math.min(least, open);
            return replaced >= 3 * LEVEL;
          }, 'each was replaced three times');
          assert.ok(least >= LEVEL - WINDOW, `${least} open`);
          assert.ok(churned.replacementsDue >= churned.replaced);
          fleet.setTalking(false);
          const isStill = (open: number, opening: number, closing: number): boolean =>
            open === LEVEL && opening === 0 && closing === 0;
          const after = await until(({ open, opening, closing }) => isStill(open, opening, closing), 'it is still');
          assert.deepEqual(
            [after.attempts - before.attempts, after.closeReasons['by-us'], after.failed],
            [after.replaced, after.replaced, 0],
          );
          assert.equal(countOf(toSparse(fleet.histogram('openPlanned'))), after.attempts);
          assert.deepEqual(troubles, []);
          await until(() => ends.fin + ends.rst === after.replaced, 'the server saw each end');
          assert.equal(ends[end], after.replaced);
        });
      });
    });
  }

  test(`${engine}: a server that admits nobody more keeps what is open, but for the window`, TIMEOUT, async () => {
    let served = 0;
    const serve = (socket: Socket): void => {
      const isAdmitted = ++served <= LEVEL;
      socket.on('end', () => socket.destroy());
      socket.on('data', () => isAdmitted && socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    };
    await withServer({}, serve, async (at) => {
      const behaviour = { kind: 'churn', turnoverPerSecond: 1000 } as const;
      const options = { layout: { engine }, behaviour, window: WINDOW, openTimeoutMs: 60_000 };
      await withFleet('http', [at], options, async ({ fleet, until }) => {
        fleet.pursue(LEVEL, FAST);
        await until(({ open }) => open === LEVEL, 'all are open');
        fleet.setTalking(true);
        const { replaced, open, opening } = await until(
          ({ replacementsDue }) => replacementsDue > 20 * WINDOW,
          'many more are due',
        );
        assert.deepEqual([replaced, open, opening], [WINDOW, LEVEL - WINDOW, WINDOW]);
      });
    });
  });
}

test('the oldest goes first, whichever slot its successor takes', () => {
  const gone: number[] = [];
  const free = [5, 3, 4];
  const connections = {
    capacity: 6,
    wanted: () => 3,
    share: () => 1,
    replace(slot: number) {
      gone.push(slot);
      churn.onClosed(slot);
      free.push(slot);
      churn.onOpened(free.shift()!);
      return true;
    },
  };
  const deps = { connections, tally: { add: () => undefined }, now: () => 3000 } as unknown as BehaviourDeps;
  const churn = createChurn({ kind: 'churn', turnoverPerSecond: 2 }, deps);
  for (const slot of [2, 0, 1]) churn.onOpened(slot);
  churn.step(0);
  churn.step(3000);
  assert.deepEqual(gone, [2, 0, 1, 5, 3, 4]);
});
