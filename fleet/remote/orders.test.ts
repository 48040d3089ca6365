import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Allotment, spareCapacityOf } from './allotment.ts';
import type { FleetOrder } from './messages.ts';
import { offsetsOf } from './offsets.ts';
import { Orders } from './orders.ts';
import { sumOf } from './split.ts';

const LEVEL = 1000;

/** Shares that are taken by workers with these rooms, all of the same weight unless said. */
function given(rooms: readonly number[], weights = rooms.map(() => 1), total = LEVEL) {
  const allotment = new Allotment(total, rooms.length);
  for (const [share, room] of rooms.entries())
    allotment.take(share, { worker: `worker ${share}`, host: `host ${share}`, room, weight: weights[share]! });
  allotment.reckon();
  return { allotment, orders: new Orders(allotment) };
}

const ramp = (orders: Orders, wanted: number, perSecond = 100): FleetOrder => orders.ramp(wanted, perSecond, 0);

describe('parts of a run', () => {
  it('follow from weights, as far as there is room', () => {
    assert.deepEqual(given([9999, 9999], [3, 1]).allotment.parts, [750, 250]);
    assert.deepEqual(given([9999, 100, 9999]).allotment.parts, [450, 100, 450]);
    const { allotment } = given([300, 300]);
    assert.equal(allotment.reckon(), false);
    assert.match(
      allotment.refusal().message,
      /room for 600 connections, and 1,000 are wanted: worker 0 for 300, worker 1 for 300/,
    );
  });

  it('leave to others what one that is lost had, and give it some again when it is back', () => {
    const { allotment } = given([600, 600, 600]);
    allotment.leave(1);
    assert.equal(allotment.reckon(), true);
    assert.deepEqual(allotment.parts, [500, 0, 500]);
    allotment.take(1, { worker: 'small', host: 'small', room: 100, weight: 1 });
    assert.equal(allotment.reckon(), true);
    assert.deepEqual(allotment.parts, [450, 100, 450]);
  });

  it('are lowered for one that is slow, only where others have room', () => {
    const roomy = given([LEVEL, LEVEL]).allotment;
    assert.equal(roomy.slow(0, 0.5), true);
    assert.deepEqual(roomy.parts, [333, 667]);
    const tight = given([500, 500]).allotment;
    assert.equal(tight.slow(0, 0.5), false);
    assert.deepEqual(tight.parts, [500, 500]);
  });

  it('are bounded by what is left of others when the largest is lost', () => {
    const parts = (rooms: readonly number[]) => rooms.map((most) => ({ weight: 1, least: 0, most }));
    assert.equal(spareCapacityOf(900, parts([9999, 9999, 9999])), 450);
    assert.equal(spareCapacityOf(900, parts([9999])), 900);
    assert.equal(spareCapacityOf(900, parts([500, 500, 500])), 450);
    assert.equal(spareCapacityOf(900, parts([800, 100])), 800);
  });
});

describe('an order', () => {
  it('gives each its part of a level, and a pace by which all arrive together', () => {
    const { orders } = given([9999, 9999, 9999], [2, 1, 1]);
    const { wanted, perSecond } = ramp(orders, 400);
    assert.deepEqual(wanted, [200, 100, 100]);
    assert.deepEqual(perSecond, [50, 25, 25]);
    assert.deepEqual(ramp(orders, 0).wanted, [0, 0, 0]);
  });

  it('of a higher level closes nothing, whatever the parts are by then', () => {
    const { allotment, orders } = given([LEVEL, LEVEL]);
    ramp(orders, 800);
    assert.equal(allotment.slow(0, 0.2), true);
    assert.deepEqual(ramp(orders, 900).wanted, [400, 500]);
    assert.deepEqual(
      ramp(orders, 300).wanted.map((own) => own <= 400),
      [true, true],
    );
  });

  it('is split anew where a smaller machine took over, and only those that get more begin anew', () => {
    const { allotment, orders } = given([LEVEL, LEVEL, LEVEL]);
    const before = ramp(orders, 600);
    assert.deepEqual(before.wanted, [200, 200, 200]);
    allotment.take(2, { worker: 'small', host: 'small', room: 100, weight: 1 });
    assert.equal(allotment.reckon(), true);
    const after = orders.resplit(new Map([[2, 0]]));
    assert.equal(after.wanted[2], 60, 'its part of the level');
    assert.equal(sumOf(after.wanted), 600);
    assert.equal(after.atMicros, before.atMicros);
    allotment.take(1, { worker: 'none', host: 'none', room: 10, weight: 1 });
    allotment.reckon();
    assert.deepEqual(orders.resplit(new Map([[1, 0]])).wanted[1], 6);
  });

  it('leaves a share alone that somebody else holds as well as the one before', () => {
    const { allotment, orders } = given([LEVEL, LEVEL]);
    const before = ramp(orders, 601);
    allotment.take(1, { worker: 'next', host: 'next', room: LEVEL, weight: 1 });
    allotment.reckon();
    const after = orders.resplit();
    assert.deepEqual([after.wanted, after.perSecond], [before.wanted, before.perSecond]);
  });

  it('is refused where those that are left have no room for its level', () => {
    const { allotment, orders } = given([500, 500]);
    ramp(orders, 400);
    allotment.leave(0);
    allotment.reckon();
    assert.deepEqual(orders.resplit().wanted, [0, 400]);
    assert.throws(() => ramp(orders, 600), { code: 'EFLEETMAX' });
  });
});

describe('offsets', () => {
  const opens = (offset: number, pace: number): number[] =>
    Array.from({ length: 12 }, (_, k) => offset + ((k + 1) * 1e6) / pace);
  const nearest = (paces: readonly number[]): number => {
    const offsets = offsetsOf(paces);
    const all = paces.flatMap((pace, share) => opens(offsets[share]!, pace).map((at) => ({ at, share })));
    const sorted = all.sort((a, b) => a.at - b.at);
    return Math.min(
      ...sorted.flatMap(({ at, share }, i) =>
        i > 0 && sorted[i - 1]!.share !== share ? [at - sorted[i - 1]!.at] : [],
      ),
    );
  };

  it('have machines of the same pace take turns', () => {
    assert.deepEqual(offsetsOf([100, 100]), [0, 5000]);
    assert.deepEqual(offsetsOf([250, 250, 250, 250]), [0, 1000, 2000, 3000]);
  });

  it('keep machines of uneven parts from opening at the same moment', () => {
    for (const paces of [
      [2, 1],
      [3, 1],
      [1, 1, 2],
      [4, 2, 1, 1],
      [3, 2],
      [1, 2, 3, 4],
    ]) {
      const turn = 1e6 / sumOf(paces);
      assert.ok(nearest(paces) > turn / 20, `${paces}: ${nearest(paces)} of ${turn}`);
    }
  });

  it('are later than the ramp, and by less than a turn of all', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e5 }), { minLength: 1, maxLength: 12 }), (paces) => {
        const turn = 1e6 / sumOf(paces);
        for (const [share, offset] of offsetsOf(paces).entries())
          assert.ok(offset >= share * turn && offset < (share + 1) * turn);
      }),
    );
  });
});
