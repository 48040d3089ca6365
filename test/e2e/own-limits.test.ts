/** Limits that are too small for the command itself: one sentence with its code and what to do, whatever was asked for. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { assertFailed, assertNoStack, connrig, limited, newFolder } from '../support/connrig.ts';
import { ELSEWHERE, elsewhere } from '../support/elsewhere.ts';
import { writeRun } from '../support/synthetic-run.ts';

const TIMEOUT = { timeout: 120_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const COMMANDS: ReadonlyArray<[string, (t: TestContext) => string[]]> = [
  ['run', (t) => ['run', '--out', newFolder(t)]],
  ['serve', () => ['serve']],
  ['meter', () => ['meter', '--pid', '1']],
  ['report', (t) => ['report', writeRun(newFolder(t))]],
  ['compare', (t) => ['compare', writeRun(newFolder(t)), writeRun(newFolder(t))]],
  ['live', (t) => ['live', writeRun(newFolder(t))]],
  ['targets', () => ['targets']],
  ['doctor', () => ['doctor']],
];

describe('open files', () => {
  for (const [name, argsFor] of COMMANDS) {
    it(`${name} says that it needs more of them`, TIMEOUT, async (t) => {
      for (const most of [24, 64]) {
        const ended = await connrig(t, argsFor(t), limited(`ulimit -n ${most}`));
        assertFailed(ended, 3, 'EFILES', new RegExp(`the limit is ${most} — ulimit -n 1024$`, 'm'));
        assert.equal(ended.stdout, '');
      }
    });
  }

  it('128 are enough to make a report', TIMEOUT, async (t) => {
    const folder = writeRun(newFolder(t));
    const { code, stderr } = await connrig(t, ['report', folder], limited('ulimit -n 128'));
    assert.equal(code, 0, stderr);
  });
});

describe('other limits', () => {
  it('a run says that it needs more address space, before it makes anything', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const ended = await connrig(t, ['run', '--out', folder], limited('ulimit -v 1500000'));
    assertFailed(ended, 3, 'EMEMORY', /a run needs 1\.8 GiB of address space .* — ulimit -v unlimited$/m);
    assert.equal(existsSync(folder), false);
  });

  it('a run says that it needs more threads, before it makes anything', ELSEWHERE, async (t) => {
    // No other process of this user counts.
    const wrapper = ['setpriv', '--reuid=54321', '--clear-groups', 'prlimit', '--nproc=27'];
    const ended = await connrig(t, ['run', '--out', 'run'], elsewhere(t, { wrapper }));
    assertFailed(
      ended,
      3,
      'EMEMORY',
      /a run needs 28 threads and processes; the limit .* is 27 — ulimit -u unlimited$/m,
    );
  });

  it('files that may not be large enough for a record or a report are told', TIMEOUT, async (t) => {
    const run = ['run', '--protocol', 'tcp', '--levels', '5,10', '--settle-timeout', '0s', '--out', newFolder(t)];
    for (const args of [run, ['report', writeRun(newFolder(t))]]) {
      const ended = await connrig(t, args, limited('ulimit -f 1'));
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr.trimEnd().split('\n').at(-1)!, /^EOUT: .*\(EFBIG\) — ulimit -f unlimited$/);
      assertNoStack(ended.stderr);
    }
  });
});
