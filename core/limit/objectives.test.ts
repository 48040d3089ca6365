import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LegSummary } from '../schemas/leg-summary.ts';
import { zeroOutcomes } from '../values/outcomes.ts';
import { checkObjective, humanValue, OBJECTIVES, type Objective, readObjective } from './objectives.ts';

const read = (expression: string): Objective => {
  const objective = readObjective(expression);
  assert.notEqual(typeof objective, 'string', String(objective));
  return objective as Objective;
};

describe('reading', () => {
  test('what is to hold is a name, < or <=, and a quantity with a unit', () => {
    assert.deepEqual(read(' rtt.p99<50ms '), {
      expression: 'rtt.p99 < 50ms',
      name: 'rtt.p99',
      operator: '<',
      limit: 50,
    });
    assert.equal(read('open.p99 <= 1s').limit, 1000);
    assert.equal(read('failed < 0.1%').limit, 0.1);
    assert.equal(read('memory < 2GiB').limit, 2 ** 31);
    assert.equal(read('lost <= 0%').limit, 0);
  });

  for (const [wrong, why] of [
    ['rtt.p99', /not an objective such as rtt\.p99 < 50ms/],
    ['rtt.p95 < 1ms', /"rtt\.p95" is nothing that can be held; there are rtt\.p50, rtt\.p99, rtt\.p999, unanswered, /],
    ['toString < 1ms', /nothing that can be held/],
    ['rtt.p99 > 50ms', /says what must not be; an objective says what must hold, such as rtt\.p99 < 50ms/],
    ['rtt.p99 < 50MiB', /"50MiB" is not what rtt\.p99 is measured in; 30s would be/],
    ['memory < 5ms', /"5ms" is not what memory is measured in; 64KiB would be/],
    ['rtt.p99 < 50', /"50" may mean 50ms or 50s: write which/],
    ['failed < 0.1', /"0\.1" may mean 0\.1% or 10%: write which/],
  ] as const) {
    test(`"${wrong}" is refused`, () => assert.match(String(readObjective(wrong)), why));
  }
});

describe('what became of it', () => {
  const leg = {
    outcomes: { ...zeroOutcomes(), open: 995, refused: 5, cancelled: 7 },
    losses: { count: 2 },
    open: { p50Ms: 1, p99Ms: 20, maxMs: 40 },
    rtt: {
      p50Ms: 1,
      p99Ms: 49,
      p999Ms: 60,
      lostPercent: 0.5,
      statuses: { '1xx': 0, '2xx': 90, '3xx': 0, '4xx': 4, '5xx': 6 },
    },
    baselineBytes: 1000,
    levels: [{ open: 100, bytes: { total: 21_000, user: 11_000, kernel: 10_000 } }],
    peakUserBytes: 12_000,
  } as unknown as LegSummary;

  test('each is read from where it stands', () => {
    const values = Object.values(OBJECTIVES).map(({ measure }) => measure(leg));
    assert.deepEqual(values, [1, 49, 60, 0.5, 10, 1, 20, 40, 0.5, (2 / 995) * 100, 21_000, 200]);
  });

  test('it holds or it does not', () => {
    const told = ['rtt.p99 < 50ms', 'rtt.p99 < 49ms', 'rtt.p99 <= 49ms', 'failed < 0.1%'].map(
      (one) => checkObjective(read(one), leg).holds,
    );
    assert.deepEqual(told, [true, false, true, false]);
  });

  test('what is not known has not held: no leg, no round trip, a quantile among messages without an answer', () => {
    assert.deepEqual(checkObjective(read('rtt.p99 < 50ms'), undefined), { value: null, holds: false });
    assert.deepEqual(checkObjective(read('errors < 50%'), { ...leg, rtt: null }), { value: null, holds: false });
    assert.deepEqual(checkObjective(read('rtt.p999 < 1s'), leg), { value: 60, holds: false });
  });

  test('for people it has its unit', () => {
    assert.deepEqual(
      [
        humanValue('rtt.p99', 212.4),
        humanValue('failed', 0.1234),
        humanValue('memory', 2 ** 31),
        humanValue('lost', null),
      ],
      ['212 ms', '0.12 %', '2.0 GiB', 'not known'],
    );
  });
});
