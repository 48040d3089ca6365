import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Objective, readObjective } from '../../core/limit/objectives.ts';
import type { Repeat } from '../../core/schemas/find-limit.ts';
import type { LegProgress, RunEvent, RunFile } from '../../core/schemas/record.ts';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { type ErrorCode, EXIT_OF, RigError } from '../../core/values/errors.ts';
import { readingsAt } from '../../test/support/readings.ts';
import { leg, memoryPoint, progressOf, runFile } from '../../test/support/synthetic-run.ts';
import type { RunRecord } from '../fold/read-run.ts';
import { judgeRepeat, memoryObjective, type StepAsked } from './judge.ts';

const LEVEL = 1000;
const objective = (expression: string): Objective => readObjective(expression) as Objective;
const asked = (more: Partial<StepAsked> = {}): StepAsked => ({
  of: 'connections',
  objectives: [objective('open.p99 < 100ms'), objective('failed < 0.1%')],
  at: LEVEL,
  window: 512,
  ...more,
});

/** As a step records it. @param progress at its level */
function record(progress: LegProgress, code?: ErrorCode): RunRecord {
  const behaviour = { kind: 'idle' } as const;
  const events: RunEvent[] =
    code === undefined ? [] : [{ type: 'error', elapsedMs: 9, code, message: 'so it went', hint: 'look' }];
  const how: Partial<RunFile> =
    code === undefined ? {} : { status: EXIT_OF[code] === 130 ? 'interrupted' : 'failed', exitCode: EXIT_OF[code] };
  const samples = [
    memoryPoint('baseline', 0, readingsAt(0, 40_000_000)),
    memoryPoint('hold', LEVEL, readingsAt(LEVEL, 50_000_000), { progress }),
  ];
  return {
    run: runFile({ ...how, plan: { legs: [leg({ levels: [LEVEL], behaviour })], launches: 1 } }),
    samples: code !== undefined && progress.outcomes.open === 0 ? [] : samples,
    events,
    problems: [],
  };
}

const openedIn = (ms: number, more: Partial<LegProgress> = {}): LegProgress => {
  const times: LegProgress['openPlanned'] = [[lowestOf(bucketOf(ms * 1000)), LEVEL]];
  return { ...progressOf(LEVEL), openPlanned: times, openActual: times, ...more };
};
const judged = (of: RunRecord, by: StepAsked = asked()): Repeat => {
  const repeat = judgeRepeat(of, 'step-01-1', by);
  assert.ok(repeat);
  return repeat;
};
const told = ({ state, isFinal, by }: Repeat) => ({ state, isFinal, by });

test('it has held where all holds that has to', () => {
  const { values, ...repeat } = judged(record(openedIn(20)));
  assert.deepEqual(repeat, { folder: 'step-01-1', state: 'held', isFinal: false, by: null, error: null });
  assert.deepEqual(
    values.map(({ objective: of, holds }) => [of, holds]),
    [
      ['open.p99 < 100ms', true],
      ['failed < 0.1%', true],
    ],
  );
});

test('it broke by each that does not, in words', () => {
  const progress = openedIn(200, { outcomes: { ...progressOf(LEVEL).outcomes, refused: 20 } });
  const { state, isFinal, by } = judged(record(progress));
  assert.deepEqual([state, isFinal], ['broke', false]);
  assert.match(by!, /^open\.p99 was 2\d\d ms, not < 100ms; failed was 2 %, not < 0\.1%$/);
});

describe('how its run ended', () => {
  const ending = (code: ErrorCode): Repeat => judged(record(openedIn(20), code));

  test('a target that gave up has broken, and one that is gone for good is not asked again', () => {
    assert.deepEqual(told(ending('EDROPPED')), { state: 'broke', isFinal: false, by: 'so it went' });
    for (const code of ['ETARGETDIED', 'ETARGETMEMORY', 'ETARGETFULL'] as const) {
      assert.deepEqual(told(ending(code)), { state: 'broke', isFinal: true, by: 'so it went' }, code);
    }
  });

  test("a limit of this machine is never the target's", () => {
    for (const code of ['EPORTS', 'EFILES', 'EMEMORY', 'ELIMITS'] as const) {
      const repeat = ending(code);
      assert.deepEqual(told(repeat), { state: 'client', isFinal: true, by: 'so it went' }, code);
      assert.equal(repeat.error?.code, code);
      // Preflight refuses before anything is there.
      assert.equal(judged(record(progressOf(0, 0), code)).state, 'client', code);
    }
  });

  test('one that was interrupted is none', () => {
    assert.equal(judgeRepeat(record(openedIn(20), 'EINTERRUPTED'), 'a', asked()), undefined);
  });

  test('where nothing ever opened, or a step cannot be made, that is told as it is', () => {
    const refused = (code: ErrorCode, progress = progressOf(0, 0)): void => {
      assert.throws(
        () => judged(record(progress, code)),
        (error) => error instanceof RigError && error.code === code && error.message === 'so it went',
        code,
      );
    };
    for (const code of ['EREFUSED', 'EHANDSHAKE', 'EHOST', 'ETARGETSTART', 'ETOOLCHAIN', 'EUSAGE'] as const)
      refused(code);
    for (const code of ['EMETER', 'EEXPORTER'] as const) refused(code, openedIn(20));
  });
});

describe('memory that ran out', () => {
  test("of the target: it broke, and isn't asked again; of this machine: that is not the target's", () => {
    const [target, machine] = (['EMEMORYLIMIT', 'EMEMORY'] as const).map((code) =>
      told(judged(record(openedIn(20), code))),
    );
    assert.deepEqual(target, { state: 'broke', isFinal: true, by: 'so it went' });
    assert.deepEqual(machine, { state: 'client', isFinal: true, by: 'so it went' });
  });

  test('a limit is an objective as well: what the kernel takes counts', () => {
    const limit = memoryObjective(2 ** 20);
    assert.equal(limit.expression, 'memory <= 1MiB');
    const { state, by } = judged(record(openedIn(20)), asked({ objectives: [limit] }));
    assert.equal(state, 'broke');
    assert.match(by!, /^memory was [\d.]+ MiB, not <= 1MiB$/);
  });
});

describe('opens a second', () => {
  const opens = (at: number, window = 512): StepAsked => asked({ of: 'opens', at, window, objectives: [] });

  test('a pace that is kept has held; the time that one takes is no delay', () => {
    // 1,000 at 500 a second are due after 2 s; each takes 300 ms.
    const progress = openedIn(300, { rampMs: 2330, rampOpened: LEVEL });
    assert.equal(judged(record(progress), opens(500)).state, 'held');
  });

  test('one that is not has broken', () => {
    const progress = openedIn(20, { rampMs: 2600, rampOpened: LEVEL });
    const repeat = judged(record(progress), opens(500));
    assert.deepEqual(told(repeat), {
      state: 'broke',
      isFinal: false,
      by: 'only 388 of 500 a second were opened',
    });
  });

  test('a window that is full of attempts, which take as long as ever, is the client', () => {
    const progress = openedIn(300, { rampMs: 3000, rampOpened: LEVEL });
    const repeat = judged(record(progress), opens(500, 100));
    assert.equal(repeat.state, 'client');
    assert.match(repeat.by!, /^100 attempts in flight \(--window\) are no more than 3\d\d opens a second, /);
  });
});

describe('a client that was too busy', () => {
  // A tenth of all attempts started two seconds late although the window had room.
  const late: LegProgress['ownLag'] = [[lowestOf(bucketOf(2_000_000)), LEVEL / 10]];

  test('is what broke what is made of time', () => {
    const repeat = judged(record(openedIn(200, { ownLag: late })));
    assert.equal(repeat.state, 'client');
    assert.match(repeat.by!, /^the client was the bottleneck: ws: 1 in 100 attempts started .* late/);
  });

  test('is no reason where all held, or where the target failed', () => {
    assert.equal(judged(record(openedIn(20, { ownLag: late }))).state, 'held');
    const failing = openedIn(200, { ownLag: late, outcomes: { ...progressOf(LEVEL).outcomes, refused: 50 } });
    assert.equal(judged(record(failing)).state, 'broke');
  });
});
