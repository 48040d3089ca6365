/** Plans that don't fit on this machine, and what doctor says of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyNot } from '../../fleet/engines/index.ts';
import {
  assertFailed,
  assertNoStack,
  assertWentThrough,
  connrig,
  connrigHere,
  HASTY,
  killIfThere,
  limited,
  newFolder,
  phaseOf,
  readEvents,
  readSamples,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { startServe } from '../support/serve-process.ts';

const TIMEOUT = { timeout: 180_000 };

const FEW_FILES = limited('ulimit -n 256');

describe('a plan beyond the open files of one process', () => {
  // Shared by all workers with the node engine; the epoll engine gives a worker its own.
  const PLAN = ['run', '--levels', '60,500', '--rate', '100/s', '--engine', 'node', ...HASTY];
  const LIMIT = /the client needs 572 open files in one process; its limit is 256/;

  it('stops before the first socket, and names the command that helps', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const ended = await connrig(t, [...PLAN, '--out', folder], FEW_FILES);
    assertFailed(ended, 3, 'EFILES', LIMIT);
    assert.match(ended.stderr, / — ulimit -n 572$/m);
    const times = [ended.stdout, ended.stderr].map((text) => text.split('the client needs').length - 1);
    assert.deepEqual(times, [1, 1], 'both legs need the same; it is not said for each');
    assert.deepEqual(
      readEvents(folder).map(({ type }) => type),
      ['error'],
    );
    assert.deepEqual(readSamples(folder), []);
    const { status, exitCode, legs } = await reportOn(t, folder);
    assert.deepEqual({ status, exitCode, legs }, { status: 'failed', exitCode: 3, legs: [] });
  });

  it('starts with --force, and says what it found', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const run = startConnrig(t, [...PLAN, '--force', '--out', folder], FEW_FILES);
    await phaseOf(run, folder, 'ramp', 500);
    killIfThere(run.pid, 'SIGINT');
    assertFailed(await run.ended, 130, 'EINTERRUPTED');
    assert.deepEqual(run.processes(), []);
    const { warnings, legs } = await reportOn(t, folder);
    assert.match(warnings.join('\n'), LIMIT);
    assert.equal(legs[0]?.levels[0]?.open, 60);
  });

  for (const engine of ['node', 'epoll']) {
    it(`runs into the limit with --force, in order (${engine}): EFILES, with the levels below`, TIMEOUT, async (t) => {
      const server = await startServe();
      t.after(() => server.stop());
      const folder = newFolder(t);
      const url = `ws://127.0.0.1:${server.ports.ws}`;
      const how = ['--engine', engine, '--workers', '1', '--force', ...HASTY];
      const ended = await connrig(t, ['run', url, '--levels', '60,120,1000', ...how, '--out', folder], FEW_FILES);
      assertFailed(ended, 3, 'EFILES', /the client may have no more open files/);
      assert.doesNotMatch(ended.stderr, /the target needs/, 'what an unknown process may open is its own affair');
      const [leg] = (await reportOn(t, folder)).legs;
      assert.deepEqual(
        leg?.levels.map(({ open }) => open),
        [60, 120],
      );
      assert.ok((leg?.outcomes['no-fds'] ?? 0) > 0);
      // More may have been open for a moment: whether a sample was taken just then is chance.
      assert.ok((leg?.peakOpen ?? 0) >= 120 && (leg?.peakOpen ?? 0) < 256);
    });
  }

  it('fits with the epoll engine, over several tables and several processes of our server', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const args = ['run', '--protocol', 'tcp', '--levels', '100,400', '--engine', 'epoll', ...HASTY, '--out', folder];
    const ended = await connrig(t, args, FEW_FILES);
    assertWentThrough(ended);
    assert.deepEqual(
      (await reportOn(t, folder)).legs[0]?.levels.map(({ open, established }) => [open, established]),
      [100, 400].map((open) => [open, open]),
    );
  });
});

describe('connrig doctor', () => {
  it('says that 5,000 connections fit, or which command makes them', TIMEOUT, async () => {
    const { code, stdout, stderr } = await connrigHere(['doctor', '--connections', '5k']);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    assert.match(stdout, /^ok +the client's open files +[\d,]+ +5,0\d\d +ulimit -n$/m);
    assert.match(stdout, /5,000 connections with both ends on this machine: fit\./);
  });

  it('ends in exit code 3 when they do not', TIMEOUT, async (t) => {
    const few = await connrig(t, ['doctor', '--connections', '5k', '--engine', 'epoll'], FEW_FILES);
    assertFailed(few, 3, 'EFILES', /ulimit -n 50\d\d/);
    const byRings = await connrig(t, ['doctor', '--connections', '5k'], FEW_FILES);
    assert.equal(byRings.code, (await whyNot('uring')) === undefined ? 0 : 3, 'whose sockets are no open files');
    const many = await connrigHere(['doctor', '--connections', '100M', '--json']);
    assert.equal(many.code, 3);
    assertNoStack(many.stderr);
    const { findings } = JSON.parse(many.stdout) as { findings: Array<{ what: string; ok: string }> };
    assert.ok(findings.some(({ what, ok }) => what === 'memory' && ok === 'fail'));
  });
});
