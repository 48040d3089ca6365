import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { toSparse } from '../core/stats/histogram.ts';
import { withFleet } from '../test/support/fleet.ts';
import { withServer } from '../test/support/peers.ts';
import { HISTOGRAMS, type Order, type Trouble, WIRE_VERSION } from './wire.ts';
import { DistributionMessage, OrderMessage, TallyMessage, TroubleMessage } from './wire-schemas.ts';

const TIMEOUT = { timeout: 60_000 };
const FAST = 1e6;

/** As a carrier would have it: said as JSON, and read by somebody else. */
const carried = (message: object): unknown => JSON.parse(JSON.stringify({ version: WIRE_VERSION, ...message }));

test('what a real fleet tells goes over the wire whole', TIMEOUT, async () => {
  const hangUp = (socket: Socket): void => {
    socket.on('error', () => {});
    socket.once('data', () => socket.destroy());
  };
  await withServer({}, hangUp, async (at) => {
    const talkative = { behaviour: { kind: 'echo', perSecond: 100, bytes: 16 } } as const;
    await withFleet('tcp', [at], talkative, async ({ fleet, until, tally }) => {
      await fleet.confirmed(fleet.pursue(5, FAST));
      fleet.setTalking(true);
      await until(({ closed }) => closed >= 5, 'some are lost');
      const now = tally();
      const { version, ...read } = TallyMessage.parse(carried(now));
      assert.equal(version, WIRE_VERSION);
      assert.deepEqual(read, now);
      for (const name of HISTOGRAMS) {
        const counts = toSparse(fleet.histogram(name));
        assert.deepEqual(DistributionMessage.parse(carried({ name, counts })).counts, counts, name);
      }
    });
  });
});

test('orders and troubles go over it whole; what is not of the wire, or of another version, is refused', () => {
  const order: Order = {
    wanted: 5000,
    perSecond: 2000.5,
    startedAtMs: 1e9,
    stop: 0,
    collections: 2,
    talking: 1,
    episodes: 1,
  };
  assert.deepEqual(OrderMessage.parse(carried(order)), { version: WIRE_VERSION, ...order });
  const trouble: Trouble = { what: 'by-peer', detail: 'FIN', openMs: 5000, silentMs: 4000 };
  assert.deepEqual(TroubleMessage.parse(carried(trouble)), { version: WIRE_VERSION, ...trouble });
  for (const wrong of [
    { ...order, version: WIRE_VERSION - 1 },
    { ...order, version: WIRE_VERSION, more: 1 },
    { version: WIRE_VERSION, wanted: 5 },
  ]) {
    assert.equal(OrderMessage.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
  assert.equal(TroubleMessage.safeParse(carried({ what: 'bored', detail: '' })).success, false);
});

test('an order is confirmed once every worker has taken it up, and by the end of the fleet', TIMEOUT, async () => {
  await withServer(
    {},
    (socket) => socket.resume(),
    async (at) => {
      await withFleet('tcp', [at], { layout: { workers: 3 } }, async ({ fleet, tally }) => {
        const first = fleet.pursue(3, FAST);
        const second = fleet.setTalking(true);
        assert.ok(second > first);
        await fleet.confirmed(second);
        assert.ok(tally().orderSeen >= second);
        // Never given, and never taken up: only the end of the fleet ends the wait.
        const never = fleet.confirmed(second + 1000);
        await fleet.stop();
        await never;
      });
    },
  );
});
