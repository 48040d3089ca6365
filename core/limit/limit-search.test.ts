import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../stats/random.ts';
import { bracketOf, nextStep, type SearchEnd, type SearchPlan, type Tried } from './limit-search.ts';
import { type RepeatState, stepVerdict } from './step-verdict.ts';

const PLAN: SearchPlan = { from: 1000, most: 1_000_000, within: 0.05, maxSteps: 16 };
const LIMIT_MS = 50;

/** A server that takes so many ms with so many connections; null: the client can do no more. */
type Server = (at: number) => number | null;

/** A search against it, with so many repeats. */
function search(server: Server, plan: SearchPlan, repeats = 1): { tried: Tried[]; end: SearchEnd } {
  const tried: Tried[] = [];
  for (;;) {
    const next = nextStep(tried, plan);
    if ('end' in next) return { tried, end: next.end };
    assert.ok(tried.length < 100, 'it comes to an end');
    const made: Array<{ state: RepeatState; isFinal: boolean; value: number | null }> = [];
    let verdict: RepeatState | undefined;
    while (verdict === undefined) {
      const value = server(next.at);
      made.push({ state: value === null ? 'client' : value < LIMIT_MS ? 'held' : 'broke', isFinal: false, value });
      verdict = stepVerdict(made, repeats);
    }
    const values = made.flatMap(({ value }) => value ?? []).sort((a, b) => a - b);
    const value = values[values.length >> 1] ?? null;
    tried.push({ at: next.at, verdict, sights: [{ of: 'rtt', value, limit: LIMIT_MS, isLinear: false }] });
  }
}

const cliffAt =
  (limit: number): Server =>
  (at) =>
    at <= limit ? 0.3 : 5000;
const stepsOf = ({ tried }: { tried: readonly Tried[] }): number[] => tried.map(({ at }) => at);

function assertBrackets(found: { tried: readonly Tried[]; end: SearchEnd }, limit: number, within = PLAN.within): void {
  assert.equal(found.end, 'found');
  const { low, high } = bracketOf(found.tried);
  assert.ok(low && high && low.at <= limit && limit < high.at, `${low?.at} to ${high?.at} has ${limit} in it`);
  assert.ok(high.at - low.at <= Math.max(1, low.at * within), `${low.at} to ${high.at} is narrow`);
}

describe('a cliff', () => {
  for (const off of [1 / 3, 1 / 2, 0.9, 1, 1.1, 2, 3]) {
    test(`is bracketed within 5 % in at most 8 steps by a guess of ${off.toFixed(2)} times it`, () => {
      for (const limit of [4000, 3999, 4100, 777, 123_456]) {
        const found = search(cliffAt(limit), { ...PLAN, from: limit * off, maxSteps: 8 });
        assertBrackets(found, limit);
      }
    });
  }

  test('is found where the guess is a thousand times too high or too low', () => {
    for (const from of [4, 4_000_000]) assertBrackets(search(cliffAt(4000), { ...PLAN, from }), 4000);
  });

  test('of a few connections is found to the one', () => {
    for (const limit of [1, 2, 3, 7, 19]) {
      const found = search(cliffAt(limit), PLAN);
      assertBrackets(found, limit);
      assert.equal(bracketOf(found.tried).low?.at, limit);
    }
  });
});

describe('what rises by and by', () => {
  const smooth =
    (limit: number, power: number): Server =>
    (at) =>
      LIMIT_MS * (at / limit) ** power;

  test('is found by its values, in fewer steps than halving takes', () => {
    for (const power of [0.5, 1, 3]) {
      for (const limit of [4000, 5555, 12_345]) {
        const found = search(smooth(limit, power), { ...PLAN, from: limit / 3 });
        assertBrackets(found, limit - 1e-9);
        assert.ok(found.tried.length <= 6, `${limit} to the power of ${power}: ${stepsOf(found)}`);
      }
    }
  });

  test('takes no more steps than that and one, whatever its shape', () => {
    const random = seededRandom(7);
    for (let i = 0; i < 500; i++) {
      const limit = Math.round(1000 * 10 ** (3 * random()));
      const [below, above, power] = [49 * random() + 0.01, 50.1 * 10 ** (3 * random()), 0.1 + 9 * random()];
      const server: Server = (at) => (at <= limit ? below * (at / limit) ** power : above * (at / limit) ** power);
      // Up or down by 2 twice, then five more.
      const found = search(server, { ...PLAN, from: limit * (0.34 + 2.6 * random()), maxSteps: 8 });
      assertBrackets(found, limit);
    }
  });
});

test('with noise a bracket still lies where it holds on one side, and breaks on the other', () => {
  const random = seededRandom(23);
  let within = 0;
  for (let i = 0; i < 200; i++) {
    // A twentieth of all repeats is spoilt by whatever else the machine does.
    const noisy: Server = (at) => (random() < 0.05 ? 400 : LIMIT_MS * (at / 4000) ** 2 * (0.97 + 0.06 * random()));
    const { tried, end } = search(noisy, PLAN, 3);
    assert.equal(end, 'found');
    const { low, high } = bracketOf(tried);
    if (low!.at >= 4000 * 0.9 && high!.at <= 4000 * 1.1) within += 1;
  }
  assert.ok(within >= 180, `${within} of 200`);
});

test('no limit until the most there may be: that held, and the client may be what ends it', () => {
  const unbroken = search(() => 1, { ...PLAN, most: 28_232 });
  assert.deepEqual([unbroken.end, unbroken.tried.at(-1)?.at], ['unbroken', 28_232]);
  assert.deepEqual(
    search(() => 1, { ...PLAN, from: 99, most: 10 }).tried.map(({ at }) => at),
    [10],
  );
  const client = search((at) => (at > 30_000 ? null : 1), PLAN);
  assert.equal(client.end, 'client');
  const { low, high } = bracketOf(client.tried);
  assert.ok(low!.at <= 30_000 && high!.at > 30_000);
  // What breaks below that is the target's.
  assertBrackets(
    search((at) => (at > 30_000 ? null : at > 9000 ? 99 : 1), PLAN),
    9000,
  );
});

test('not even one holds; and steps that are used up leave what there is', () => {
  assert.deepEqual(
    search(() => 99, { ...PLAN, from: 10 }),
    {
      end: 'none',
      tried: [10, 5, 2, 1].map((at) => ({
        at,
        verdict: 'broke',
        sights: [{ of: 'rtt', value: 99, limit: LIMIT_MS, isLinear: false }],
      })),
    },
  );
  const wide = search(cliffAt(4000), { ...PLAN, maxSteps: 4 });
  assert.equal(wide.end, 'wide');
  assert.deepEqual(stepsOf(wide), [1000, 2000, 4000, 16_000]);
});

test('memory that grows in a line is not overshot', () => {
  const at = (n: number, verdict: RepeatState): Tried => ({
    at: n,
    verdict,
    sights: [{ of: 'memory', value: 50 + n / 100, limit: 80, isLinear: true }],
  });
  assert.deepEqual(nextStep([at(1000, 'held')], PLAN), { at: 2000 });
  assert.deepEqual(nextStep([at(1000, 'held'), at(2000, 'held')], PLAN), { at: 3075 });
  assert.deepEqual(nextStep([at(1000, 'held'), at(2000, 'held'), at(3075, 'broke')], PLAN), { at: 2931 });
});

describe('a step', () => {
  const verdict = (said: string, repeats: number): RepeatState | undefined =>
    stepVerdict(
      [...said].map((one) => ({
        state: one.toLowerCase() === 'h' ? 'held' : one.toLowerCase() === 'b' ? 'broke' : 'client',
        isFinal: one === one.toUpperCase(),
      })),
      repeats,
    );

  test('holds when all repeats do; one that breaks is made once more', () => {
    const told = ['h', 'hh', 'hhh', 'b', 'bh', 'bhhh', 'hhb', 'hhbh', 'bb', 'bhb', 'hhbb'].map((said) =>
      verdict(said, 3),
    );
    const none = undefined;
    assert.deepEqual(told, [none, none, 'held', none, none, 'held', none, 'held', 'broke', 'broke', 'broke']);
  });

  test('with one repeat that decides, but for a client that was too busy', () => {
    assert.deepEqual(
      ['h', 'b', 'c', 'cc', 'ch', 'cb'].map((said) => verdict(said, 1)),
      ['held', 'broke', undefined, 'client', 'held', 'broke'],
    );
  });

  test('ends at once by what would go like this again', () => {
    assert.deepEqual(
      ['B', 'hB', 'C', 'bC'].map((said) => verdict(said, 3)),
      ['broke', 'broke', 'client', 'client'],
    );
  });
});
