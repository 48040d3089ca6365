import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FindLimit, Repeat } from '../../core/schemas/find-limit.ts';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import { findLimit } from './find-limit.ts';

const begun = (more: Partial<FindLimit> = {}): FindLimit => ({
  schema: 1,
  connrigVersion: '0.1.0',
  startedAt: '2026-11-23T14:00:00.000Z',
  finishedAt: null,
  status: 'running',
  exitCode: null,
  question: {
    of: 'connections',
    objectives: ['lost <= 0%'],
    memoryLimitBytes: null,
    repeats: 2,
    holdMs: 3000,
    command: 'connrig find-limit',
  },
  target: { name: 'some server', urls: [] },
  within: 5,
  maxSteps: 16,
  from: { at: 100, why: '--from' },
  most: { at: 100_000, why: 'its ports', isAsked: false },
  steps: [],
  bracket: { held: null, broke: null },
  error: null,
  ...more,
});

type Came = Pick<Repeat, 'state'> & { readonly code?: ErrorCode; readonly isFinal?: boolean };

/** A search whose repeats come to what a server says; undefined: interrupted. */
async function searched(search: FindLimit, server: (at: number, made: number) => Came | undefined) {
  const made: string[] = [];
  const saved: number[] = [];
  const found = await findLimit(structuredClone(search), {
    signal: new AbortController().signal,
    objectives: [],
    onStep() {},
    save: ({ steps }) => saved.push(steps.length),
    async repeat(name, at) {
      made.push(name);
      const came = server(at, made.length);
      if (!came) return undefined;
      const { state, code, isFinal = false } = came;
      const error = code === undefined ? null : { code, message: 'so it went' };
      return { folder: name, state, isFinal, values: [], by: state === 'held' ? null : `${at} were too many`, error };
    },
  });
  return { found, made, saved };
}

const upTo =
  (limit: number) =>
  (at: number): Came => ({ state: at <= limit ? 'held' : 'broke' });
const toldOf = ({ status, exitCode }: FindLimit) => [status, exitCode];

test('repeats are numbered by their step, and kept as they come', async () => {
  const { found, made, saved } = await searched(begun(), upTo(150));
  assert.deepEqual(toldOf(found), ['found', 0]);
  assert.deepEqual(made.slice(0, 5), ['step-01-1', 'step-01-2', 'step-02-1', 'step-02-2', 'step-03-1']);
  assert.deepEqual(found.bracket.held?.times, 2);
  assert.equal(found.bracket.broke?.by, `${found.bracket.broke?.at} were too many`);
  // Each repeat, and each step that is through.
  assert.equal(saved.length, made.length + found.steps.length);
});

test('what was interrupted goes on where it was, with the repeats it has', async () => {
  const first = await searched(begun(), (at, made) => (made === 4 ? undefined : upTo(150)(at)));
  assert.deepEqual(toldOf(first.found), ['interrupted', 130]);
  assert.deepEqual(
    first.found.steps.map(({ verdict, repeats }) => [verdict, repeats.length]),
    [
      ['held', 2],
      [null, 1],
    ],
  );
  const later = await searched(first.found, upTo(150));
  assert.equal(later.made[0], 'step-02-2');
  const { found } = await searched(begun(), upTo(150));
  assert.deepEqual(later.found, found);
  // One that is through makes no more.
  assert.deepEqual((await searched(found, upTo(150))).made, []);
});

describe('the exit code says', () => {
  const cases: ReadonlyArray<
    readonly [what: string, Partial<FindLimit>, (at: number) => Came, ReturnType<typeof toldOf>]
  > = [
    [
      'that the most that was asked for held',
      { most: { at: 100, why: 'asked', isAsked: true } },
      upTo(1e9),
      ['unbroken', 0],
    ],
    ['that the machine holds no more', { most: { at: 100, why: 'ports', isAsked: false } }, upTo(1e9), ['unbroken', 3]],
    ['that not even one holds', {}, upTo(0), ['none', 5]],
    ['that there were too few steps', { maxSteps: 2 }, upTo(150), ['wide', 7]],
    [
      'that the client was too busy',
      {},
      (at) => ({ state: at <= 150 ? 'held' : 'client', code: 'EGENERATOR' }),
      ['client', 6],
    ],
    [
      'that this machine had no more ports',
      {},
      (at) => (at <= 150 ? { state: 'held' } : { state: 'client', code: 'EPORTS', isFinal: true }),
      ['client', 3],
    ],
  ];
  for (const [what, more, server, told] of cases) {
    test(what, async () => assert.deepEqual(toldOf((await searched(begun(more), server)).found), told));
  }
});

describe('a target that cannot be reached', () => {
  const refused = (): never => {
    throw new RigError('EREFUSED', 'the connection was refused', { hint: 'ss -ltn' });
  };

  test('from the beginning is an error like any other', async () => {
    const { found } = await searched(begun(), refused);
    assert.deepEqual([...toldOf(found), found.error?.code, found.steps], ['failed', 4, 'EREFUSED', []]);
  });

  test('after something broke has been brought down by it', async () => {
    const { found } = await searched(begun(), (at, made) => (made > 3 ? refused() : upTo(150)(at)));
    assert.deepEqual([...toldOf(found), found.error?.code], ['gone', 4, 'EREFUSED']);
    assert.deepEqual([found.bracket.held?.at, found.bracket.broke?.at], [100, 200]);
  });

  test('and the folder that cannot be written is thrown: nothing could be kept', async () => {
    const full = (): never => {
      throw new RigError('EOUT', 'no space left', { hint: '--out elsewhere' });
    };
    await assert.rejects(searched(begun(), full), /no space left/);
  });
});
