import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { DriftPoint } from '../../core/schemas/churn.ts';
import { EXIT } from '../../core/values/errors.ts';
import { sourceOf } from '../support/compiled.ts';
import {
  assertFailed,
  connrig,
  connrigHere,
  HASTY,
  newFolder,
  ONE_LEVEL,
  readRunJson,
  readSamples,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 240_000 };
const SOAK_MS = 4000;
const PLAN = ['--connections', '40', '--levels', '1', '--soak', `${SOAK_MS}ms`, ...HASTY] as const;

describe('a soak that was interrupted', { concurrency: true }, () => {
  it('is gone on with by the same command after a SIGKILL, in a fresh process of the target', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const args = ['run', '--protocol', 'tcp', '--behaviour', 'heartbeat:1s', ...PLAN, '--out', folder];
    await endedInSoak(t, args, folder, 'SIGKILL');
    const climbed = (await reportOn(t, folder)).legs[0]!.attempts;
    // It was killed while it wrote.
    appendFileSync(join(folder, 'samples.jsonl'), '{"type":"tick","elaps');
    const other = await connrigHere([...args, '--close', 'reset']);
    assertFailed(other, EXIT.usage, 'EUSAGE', /holds a run with another close/);
    const before = driftIn(folder);

    await wentThrough(t, args);
    const points = driftIn(folder);
    assert.deepEqual(points.slice(0, before.length), before, 'nothing measured is lost');
    const [first, ...later] = points.slice(before.length);
    assert.ok(later.length > 0 && [first!, ...later].every(({ segment }) => segment === 1));
    // It counts from the last reading, on the clock of the run.
    assert.ok(first!.heldMs >= before.at(-1)!.heldMs && first!.heldMs < SOAK_MS, `${first!.heldMs}`);
    assert.ok(first!.elapsedMs > before.at(-1)!.elapsedMs);
    const { legs, status, error } = await reportOn(t, folder);
    assert.ok(status !== 'interrupted' && error?.code !== 'EINTERRUPTED', JSON.stringify({ status, error }));
    const { soak, attempts, levels } = legs[0]!;
    assert.ok(soak!.heldMs >= SOAK_MS && soak!.readings === points.length, JSON.stringify(soak));
    assert.equal(soak!.interruptions.length, 1);
    assert.equal(soak!.interruptions[0]!.afterMs, before.at(-1)!.heldMs);
    assert.equal(soak!.interruptions[0]!.forMs, first!.elapsedMs - before.at(-1)!.elapsedMs);
    assert.deepEqual([levels.length, attempts], [1, climbed], 'they are those of the climb');
    assert.match(readFileSync(join(folder, 'charts', 'drift-tcp.svg'), 'utf8'), /<svg/);
    assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), /in 2 segments.*\n[\s\S]*interrupted.*after .* for /);

    assertFailed(await connrigHere(args), EXIT.usage, 'EOUT', /holds a run that is finished/);
  });

  it(
    'is gone on with twice, after Ctrl-C and where the target was away, in the process that is there',
    TIMEOUT,
    async (t) => {
      const server = spawn(process.execPath, [sourceOf('known-answer/turnover.mjs'), 'tcp', '0'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      t.after(() => server.kill('SIGKILL'));
      const [said] = (await once(server.stdout, 'data')) as [Buffer];
      const [port] = String(said).trim().split(' ');
      const folder = newFolder(t);
      const args = ['run', `tcp://127.0.0.1:${port}`, '--pid', String(server.pid), ...PLAN, '--out', folder];
      const goesOn = / — the same command with --out .* goes on with the soak; connrig report /;
      for (let times = 0; times < 2; times++) assert.match(await endedInSoak(t, args, folder, 'SIGINT'), goesOn);
      // As if the target had been away: the folder stays one that can be gone on with.
      const away = `${folder}-away`;
      cpSync(folder, away, { recursive: true });
      await wentThrough(t, args);
      const { legs } = await reportOn(t, folder);
      assert.equal(legs[0]!.soak!.interruptions.length, 2);
      server.kill('SIGKILL');
      await once(server, 'exit');
      const gone = [...args.slice(0, -1), away];
      for (let times = 0; times < 2; times++) {
        const ended = await connrig(t, gone);
        assert.ok(/^(EPID|EREFUSED|EUNREACHABLE|ETARGETDIED): /m.test(ended.stderr), ended.stderr);
      }
    },
  );

  it('is not where there is none to go on with', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const run = ['run', '--protocol', 'tcp', '--quiet', ...ONE_LEVEL, '--out', folder];
    await connrig(t, run);
    assertFailed(await connrigHere(run), EXIT.usage, 'EOUT', /not empty/);
    const path = join(folder, 'run.json');
    const file = readRunJson(folder);
    copyFileSync(path, `${path}.kept`);
    writeFileSync(path, JSON.stringify({ ...file, status: 'interrupted', config: { ...file.config, soakMs: 1000 } }));
    const soaks = [...run, '--soak', '1s'];
    assertFailed(await connrigHere(soaks), EXIT.usage, 'EOUT', /was not interrupted in a soak/);
    writeFileSync(path, JSON.stringify({ ...file, schema: 99 }));
    assertFailed(await connrigHere(soaks), EXIT.usage, 'ERUNFOLDER', /this version can't go on with/);
  });
});

async function endedInSoak(
  t: TestContext,
  args: string[],
  folder: string,
  signal: 'SIGINT' | 'SIGKILL',
): Promise<string> {
  const countBefore = driftIn(folder).length;
  const started = startConnrig(t, args);
  await eventually(() => driftIn(folder).length >= countBefore + 2, 'readings in the soak', 60_000);
  started.child.kill(signal);
  return (await started.ended).stderr;
}

async function wentThrough(t: TestContext, args: string[]): Promise<void> {
  const { code, stderr } = await connrig(t, args);
  assert.ok(code === EXIT.done || code === EXIT.inconclusive || code === EXIT.invalid, stderr);
  assert.match(stderr, /going on with a soak of which/);
}

function driftIn(folder: string): DriftPoint[] {
  try {
    return readSamples(folder).filter((sample): sample is DriftPoint => sample.type === 'drift');
  } catch {
    return [];
  }
}
