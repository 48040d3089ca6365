import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EXIT } from '../../core/values/errors.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  HASTY,
  newFolder,
  readSamples,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 240_000 };
const PLAN = ['--connections', '60', '--levels', '1', '--quiet', ...HASTY] as const;

describe('connections of each scheme', { concurrency: true }, () => {
  for (const [engine, schemes] of [
    ['auto', 'tcp,ws,http,wss'],
    ['node', 'ws,wss'],
  ] as const) {
    it(`are replaced while as many stay open, by the engine ${engine}`, TIMEOUT, async (t) => {
      const folder = newFolder(t);
      // So long that on a busy machine the first ones have closed at both ends.
      const churn = ['--behaviour', 'churn:200/s', '--churn-for', '2s', '--engine', engine];
      const ended = await connrig(t, ['run', '--protocol', schemes, ...PLAN, ...churn, '--out', folder]);
      if (ended.code !== EXIT.inconclusive) assertWentThrough(ended);
      const { legs } = await reportOn(t, folder);
      assert.deepEqual(
        legs.map(({ name }) => name),
        schemes.split(','),
      );
      for (const { name, churn, outcomes, attempts } of legs) {
        const context = `${name} ${JSON.stringify(churn)}`;
        assert.equal(outcomes.open, attempts, context);
        assert.ok(churn!.replaced >= 20 && churn!.failed === 0 && churn!.lost === 0, context);
        assert.equal(churn!.end, 'fin');
        assert.deepEqual(
          churn!.levels.map(({ open }) => open),
          [60],
        );
        for (const level of churn!.levels) {
          assert.ok(level.bytes!.user! > 2 ** 20 && level.p50Ms! > 0, context);
          // The end that closes first keeps the socket for a minute.
          if (level.timeWait) assert.ok(level.timeWait.atTarget + level.timeWait.atClient > 0, context);
        }
      }
      const samples = readSamples(folder).filter(({ type }) => type === 'drift');
      assert.ok(samples.length >= 2 * 2 * legs.length);
    });
  }
});

it('what was replaced until an interruption is kept', TIMEOUT, async (t) => {
  const folder = newFolder(t);
  const churn = ['--behaviour', 'churn:200/s', '--churn-for', '5m', '--out', folder];
  const { child, ended } = startConnrig(t, ['run', '--protocol', 'tcp', ...PLAN, ...churn]);
  const goesOn = (): boolean => readSamples(folder).some(({ type }) => type === 'drift');
  await eventually(() => existsSync(join(folder, 'samples.jsonl')) && goesOn(), 'a reading with churn', 60_000);
  await eventually(() => openedIn(folder) > 2 * 60, 'replacements', 60_000);
  child.kill('SIGINT');
  assertFailed(await ended, EXIT.interrupted, 'EINTERRUPTED', /the run was interrupted/);
  const [leg] = (await reportOn(t, folder)).legs;
  const { replaced, levels } = leg!.churn!;
  assert.ok(replaced > 0 && levels[0]!.open === 60 && levels[0]!.bytes === null, JSON.stringify(leg!.churn));
});

/** As the last tick has it. */
const openedIn = (folder: string): number =>
  readSamples(folder).reduce(
    (most, sample) => (sample.type === 'tick' ? Math.max(most, sample.outcomes.open) : most),
    0,
  );

describe('a soak', () => {
  it('holds the top level as long as was asked, and its record does not grow with that', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const plan = ['--protocol', 'tcp', ...PLAN, '--soak', '5s', '--behaviour', 'heartbeat:1s'];
    const ended = await connrig(t, ['run', ...plan, '--out', folder]);
    if (ended.code !== EXIT.inconclusive) assertWentThrough(ended);
    const [leg] = (await reportOn(t, folder)).legs;
    assert.ok(leg!.soak!.heldMs >= 5000 && leg!.soak!.open === 60 && leg!.churn === null);
    assert.ok(leg!.soak!.driftPerHour !== null && leg!.soak!.readings >= 5, JSON.stringify(leg!.soak));
    assert.ok(statSync(join(folder, 'samples.jsonl')).size < 2 ** 20);
  });
});

describe('before anything starts', () => {
  it('a turnover that nobody can mean is refused', async () => {
    const ended = await connrigHere(['run', '--behaviour', 'churn:5', '--dry-run']);
    assertFailed(ended, EXIT.usage, 'EUSAGE', /"churn:5" may mean churn:5\/s or churn:5%\/s: write which/);
  });

  it('the plan says how long levels go on', async () => {
    const plan = ['--behaviour', 'churn:5%/s:rst', '--churn-for', '20s', '--soak', '8h', '--dry-run'];
    const ended = await connrigHere(['run', '--protocol', 'tcp', ...plan]);
    assert.match(
      ended.stdout,
      /goes on +each level then goes on so for 20\.0\d? s; the top level goes on for 8h00m00s/,
    );
  });
});
