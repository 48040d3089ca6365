import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FleetLayout, type LayoutNeed, layoutFleet } from './layout.ts';

const NEED: LayoutNeed = {
  engine: 'epoll',
  connections: 5000,
  destinations: 1,
  loopback: true,
  workers: undefined,
  sources: undefined,
  descriptorLimit: 20_000,
  ephemeralPorts: [32_768, 60_999],
  cores: 2,
};

const TABLE: ReadonlyArray<[string, Partial<LayoutNeed>, Partial<FleetLayout>]> = [
  ['a small plan', {}, { workers: 1, lanes: 1, ownTables: false, sources: [], portRange: undefined }],
  ['a small plan on many cores', { cores: 9 }, { workers: 8, lanes: 8, ownTables: false }],
  ['more than a table holds', { connections: 100_000, destinations: 6 }, { workers: 6, lanes: 1, ownTables: true }],
  [
    'a million',
    { connections: 1_000_000, destinations: 51 },
    { workers: 52, lanes: 1, ownTables: true, sources: ['127.0.0.1', '127.0.0.2'], portRange: undefined },
  ],
  [
    'more than one port range holds',
    { connections: 30_000 },
    { workers: 2, ownTables: true, sources: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] },
  ],
  ['the same, elsewhere', { connections: 20_000, loopback: false }, { sources: [], portRange: [32_768, 60_999] }],
  ['sources as asked for', { connections: 30_000, sources: ['10.0.0.1'] }, { sources: ['10.0.0.1'] }],
  ['workers as asked for', { connections: 100_000, workers: 3 }, { workers: 3, lanes: 3, ownTables: true }],
  ['the node engine', { engine: 'node', connections: 100_000 }, { workers: 1, ownTables: false, portRange: undefined }],
  ['the node engine on more than half a range', { engine: 'node', connections: 15_000 }, { sources: [] }],
  ['a limit that is none', { connections: 1_000_000, descriptorLimit: Number.POSITIVE_INFINITY }, { ownTables: false }],
  ['a limit that nothing fits below', { connections: 1_000_000, descriptorLimit: 100 }, { workers: 1 }],
];
for (const [name, need, wanted] of TABLE) {
  test(`layout of ${name}`, () => {
    const layout = layoutFleet({ ...NEED, ...need });
    for (const [key, value] of Object.entries(wanted)) assert.deepEqual(layout[key as keyof FleetLayout], value, key);
  });
}

test('tables hold what they are to hold, and sources have ports for it', () => {
  const plans = fc.record({
    connections: fc.integer({ min: 1, max: 2_000_000 }),
    destinations: fc.integer({ min: 1, max: 100 }),
    descriptorLimit: fc.integer({ min: 20_000, max: 1_000_000 }),
  });
  fc.assert(
    fc.property(plans, (plan) => {
      const { workers, ownTables, sources } = layoutFleet({ ...NEED, ...plan });
      const perTable = plan.connections / (ownTables ? workers : 1);
      assert.ok(Math.ceil(perTable) + 64 + (ownTables ? workers : 1) * 8 <= plan.descriptorLimit);
      assert.ok(Math.max(1, sources.length) * plan.destinations * 28_232 >= plan.connections);
      assert.equal(new Set(sources).size, sources.length);
    }),
  );
});
