import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Slots, STATE } from './slots.ts';

/** What the slots should be, kept the plain way. */
class Model {
  readonly taken = new Map<number, { plannedAtMs: number; startedAtMs: number } | 'landed'>();
  /** Since when each open one is open. */
  readonly openedAtMs = new Map<number, number>();
  get inFlight(): number[] {
    return [...this.taken].flatMap(([slot, times]) => (times === 'landed' ? [] : [slot]));
  }
}

/** Days of uptime. */
const EPOCH_MS = 3e9 + 0.25;

const step = fc.record({
  what: fc.constantFrom('take', 'take', 'land', 'release', 'launch', 'open'),
  which: fc.nat(1000),
  atMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
});

function play(
  slots: Slots,
  model: Model,
  { what, which, atMs }: typeof step extends fc.Arbitrary<infer T> ? T : never,
) {
  if (what === 'take') {
    if (!slots.hasRoom) return;
    const slot = slots.take(atMs, atMs + 1);
    assert.ok(!model.taken.has(slot) && slot >= 0 && slot < slots.capacity, `slot ${slot} was given out twice`);
    assert.equal(slots.stateOf(slot), STATE.connecting);
    model.taken.set(slot, { plannedAtMs: atMs, startedAtMs: atMs + 1 });
    return;
  }
  const known = [...model.taken.keys()];
  if (known.length === 0) return;
  const slot = known[which % known.length]!;
  if (what === 'release') {
    slots.release(slot);
    model.taken.delete(slot);
    model.openedAtMs.delete(slot);
    assert.equal(slots.stateOf(slot), STATE.free);
  } else if (what === 'land') {
    slots.land(slot);
    model.taken.set(slot, 'landed');
  } else if (what === 'launch') {
    if (model.taken.get(slot) !== 'landed') return;
    if (!slots.launch(slot, atMs, atMs)) return;
    model.taken.set(slot, { plannedAtMs: atMs, startedAtMs: atMs });
    model.openedAtMs.delete(slot);
  } else if (what === 'open') {
    slots.setState(slot, STATE.open);
    slots.land(slot);
    slots.noteOpened(slot, EPOCH_MS + atMs);
    model.taken.set(slot, 'landed');
    model.openedAtMs.set(slot, EPOCH_MS + atMs);
  }
}

test('property: whatever comes in whatever order, slots are what a plain model says', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), fc.array(step, { maxLength: 200 }), (capacity, mostInFlight, steps) => {
      const slots = new Slots(capacity, mostInFlight, EPOCH_MS);
      const model = new Model();
      for (const one of steps) {
        play(slots, model, one);
        const { inFlight } = model;
        assert.equal(slots.hasPlace, inFlight.length < mostInFlight);
        assert.equal(slots.hasRoom, model.taken.size < capacity && inFlight.length < mostInFlight);
        for (const [slot, openedAtMs] of model.openedAtMs) {
          const earlyMs = openedAtMs - slots.openedAtMs(slot);
          assert.ok(earlyMs > -0.001 && earlyMs < 1.001, `${earlyMs}`);
        }
        for (const [slot, times] of model.taken) {
          if (times === 'landed') continue;
          assert.deepEqual([slots.plannedAtMs(slot), slots.startedAtMs(slot)], [times.plannedAtMs, times.startedAtMs]);
        }
        const seen: number[] = [];
        slots.forEachInFlight(Number.POSITIVE_INFINITY, (slot) => seen.push(slot));
        assert.deepEqual(seen.toSorted(), inFlight.toSorted());
      }
    }),
    { numRuns: 300 },
  );
});

test('property: a visitor may land or release what it visits, and each old one is visited exactly once', () => {
  const started = fc.array(fc.nat(100), { maxLength: 50 });
  fc.assert(
    fc.property(
      started,
      fc.nat(100),
      fc.func(fc.constantFrom('land', 'release', 'leave')),
      (times, beforeMs, choose) => {
        const slots = new Slots(50, 50);
        const old = times.map((ms) => [slots.take(0, ms), ms] as const).filter(([, ms]) => ms < beforeMs);
        const seen: number[] = [];
        slots.forEachInFlight(beforeMs, (slot, startedAtMs) => {
          seen.push(slot);
          assert.ok(startedAtMs < beforeMs);
          const choice = choose(slot);
          if (choice === 'land') slots.land(slot);
          if (choice === 'release') slots.release(slot);
        });
        assert.deepEqual(seen.toSorted(), old.map(([slot]) => slot).toSorted());
        const left = old.filter(([slot]) => choose(slot) === 'leave').length + times.length - old.length;
        assert.equal(inFlightOf(slots).length, left);
      },
    ),
  );
});

function inFlightOf(slots: Slots): number[] {
  const found: number[] = [];
  slots.forEachInFlight(Number.POSITIVE_INFINITY, (slot) => found.push(slot));
  return found;
}

test('slots are given out from 0 upwards, and a released one again', () => {
  const slots = new Slots(3, 3);
  assert.deepEqual([slots.take(0, 0), slots.take(0, 0), slots.take(0, 0)], [0, 1, 2]);
  assert.equal(slots.hasRoom, false);
  slots.release(1);
  assert.equal(slots.take(5, 6), 1);
});

test('what is landed twice is landed once, and no more are in flight than allowed', () => {
  const slots = new Slots(3, 1);
  const slot = slots.take(0, 0);
  assert.equal(slots.hasRoom, false);
  slots.land(slot);
  slots.land(slot);
  assert.deepEqual(inFlightOf(slots), []);
  assert.equal(slots.launch(slot, 1, 1), true);
  assert.equal(slots.launch(slots.capacity - 1, 1, 1), false);
});

test('open slots are found downwards', () => {
  const slots = new Slots(5, 5);
  for (let i = 0; i < 5; i++) slots.take(0, 0);
  for (const slot of [1, 3]) slots.setState(slot, STATE.open);
  assert.deepEqual(
    [4, 3, 2, 1, 0, -1].map((from) => slots.openAtOrBelow(from)),
    [3, 3, 1, 1, -1, -1],
  );
});
