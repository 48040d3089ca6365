import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SIZING, readSizingPlan, SizingPlan } from './sizing-plan.ts';

const SMALL = { name: 'small', memory: '2GiB' };

test('a plan says what is wanted and on what; quantities have units', () => {
  const plan = readSizingPlan({
    connections: '250k',
    spare: 1,
    headroom: '25%',
    currency: 'EUR',
    instances: [SMALL, { name: 'big', memory: '16 GiB', reserved: '1GiB', 'price-per-hour': 0.2, replicas: 3 }],
  });
  assert.deepEqual(plan, {
    connections: 250_000,
    spare: 1,
    headroomPercent: 25,
    currency: 'EUR',
    instances: [
      { name: 'small', memoryBytes: 2 ** 31, reservedBytes: 0, pricePerHour: null, replicas: 1 },
      { name: 'big', memoryBytes: 2 ** 34, reservedBytes: 2 ** 30, pricePerHour: 0.2, replicas: 3 },
    ],
  });
  // As a record keeps it.
  assert.deepEqual(SizingPlan.parse(JSON.parse(JSON.stringify(plan))), plan);
});

test('what is left out is as without a plan', () => {
  assert.deepEqual(readSizingPlan({}), DEFAULT_SIZING);
  assert.deepEqual(readSizingPlan(null), DEFAULT_SIZING);
  const limits = DEFAULT_SIZING.instances.map(({ memoryBytes }) => memoryBytes / 2 ** 20);
  assert.deepEqual(limits, [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536]);
});

const WRONG: ReadonlyArray<[string, unknown, RegExp]> = [
  ['a list', [], /expected object/i],
  ['a key nobody knows', { instance: [] }, /Unrecognized key: "instance"/],
  ['no number of connections', { connections: 'many' }, /^connections: "many" is not a count such as 100k$/],
  ['none wanted', { connections: 0 }, /^connections: 0 is not between 1 and/],
  ['no memory', { instances: [{ name: 'a' }] }, /^instances\.0\.memory: it has to be such as 64KiB$/],
  [
    'memory without sense',
    { instances: [{ name: 'a', memory: '2 elephants' }] },
    /"2 elephants" is not a size such as 64KiB$/,
  ],
  ['a price below nothing', { instances: [{ ...SMALL, 'price-per-hour': -1 }] }, /^instances\.0\.price-per-hour: /],
  ['half a replica', { instances: [{ ...SMALL, replicas: 1.5 }] }, /^instances\.0\.replicas: /],
  [
    'all memory reserved',
    { instances: [{ ...SMALL, reserved: '2GiB' }] },
    /^instances\.0\.reserved: nothing of the memory is left/,
  ],
  ['one name twice', { instances: [SMALL, SMALL] }, /^instances\.1\.name: "small" is there twice$/],
  ['no instances in the list', { instances: [] }, /^instances: /],
  ['headroom of all', { headroom: '100%' }, /^headroom: 100% is not between 0 and 99/],
];
for (const [name, value, wanted] of WRONG) {
  test(`refused: ${name}`, () => {
    const read = readSizingPlan(value);
    assert.ok(!('instances' in read));
    assert.equal(read.length, 1, read.join('; '));
    assert.match(read[0]!, wanted);
  });
}

test('all problems are told together', () => {
  const read = readSizingPlan({ connections: 'x', spare: -1, instances: [{ name: '', memory: 1 }] });
  assert.ok(!('instances' in read));
  assert.equal(read.length, 4, read.join('; '));
});
