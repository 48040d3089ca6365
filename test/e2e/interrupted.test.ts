/** However a run is made to end, its record is whole up to there, and nothing of it stays behind. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { Phase } from '../../core/values/plan.ts';
import {
  assertFailed,
  assertNoStack,
  connrig,
  HASTY,
  killIfThere,
  newFolder,
  phaseOf,
  readRunJson,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { startHostile } from '../support/hostile.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 180_000 };
/** The last ramp takes longer than any test. */
const LONG = ['--levels', '40,80,5k', '--rate', '100/s', ...HASTY];
const GONE_WITHIN_MS = 30_000;

describe('an interrupted run', () => {
  const WHEN: ReadonlyArray<{
    protocol: ProtocolName;
    /** Whose server it is: one that the run has to end, too, or one that it must leave alone. */
    server: 'our server' | 'their server';
    signal: NodeJS.Signals;
    phase: Phase;
    level: number;
    levels: number[];
  }> = [
    { protocol: 'ws', server: 'our server', signal: 'SIGINT', phase: 'ramp', level: 5000, levels: [40, 80] },
    { protocol: 'tcp', server: 'their server', signal: 'SIGINT', phase: 'hold', level: 80, levels: [40] },
    { protocol: 'ws', server: 'their server', signal: 'SIGTERM', phase: 'settle', level: 80, levels: [40] },
    { protocol: 'ws', server: 'their server', signal: 'SIGHUP', phase: 'hold', level: 80, levels: [40] },
    { protocol: 'tcp', server: 'our server', signal: 'SIGINT', phase: 'warm-up', level: 20, levels: [] },
  ];
  for (const { protocol, server, signal, phase, level, levels } of WHEN) {
    it(`by ${signal} in ${phase} (${protocol}, ${server}): 130, with a report`, TIMEOUT, async (t) => {
      const folder = newFolder(t);
      const echo = server === 'their server' ? await startEcho(protocol) : undefined;
      t.after(() => echo?.close());
      const at = echo ? [echo.url] : ['--protocol', protocol];
      const run = startConnrig(t, ['run', ...at, ...LONG, '--out', folder]);
      await phaseOf(run, folder, phase, level);
      killIfThere(run.pid, signal);
      const ended = await run.ended;
      assertFailed(ended, 130, 'EINTERRUPTED');
      assert.match(ended.stderr, /^stopping: closing connections/m);
      assert.deepEqual(run.processes(), []);
      const written = readFileSync(join(folder, 'summary.json'), 'utf8');
      const { status, exitCode, error, legs } = await reportOn(t, folder);
      assert.deepEqual(
        { status, exitCode, code: error?.code },
        { status: 'interrupted', exitCode: 130, code: 'EINTERRUPTED' },
      );
      assert.equal(readFileSync(join(folder, 'summary.json'), 'utf8'), written);
      // The signal may arrive a moment later than it is sent: at least these levels, at most one more.
      const open = legs[0]?.levels.map((one) => one.open) ?? [];
      assert.deepEqual(open.slice(0, levels.length), levels);
      assert.ok(open.length <= levels.length + 1);
    });
  }

  it('ends at once with a second SIGINT, while it still waits for a target that has stalled', TIMEOUT, async (t) => {
    const server = await startHostile('good');
    t.after(() => server.close());
    const folder = newFolder(t);
    const run = startConnrig(t, ['run', server.url, '--pid', String(server.pid), ...LONG, '--out', folder]);
    await phaseOf(run, folder, 'ramp', 5000);
    // Nobody answers our close frames now, so an orderly end takes seconds.
    killIfThere(server.pid!, 'SIGSTOP');
    killIfThere(run.pid, 'SIGINT');
    await eventually(() => run.stderr().includes('stopping: '), 'the first signal was noticed', GONE_WITHIN_MS);
    killIfThere(run.pid, 'SIGINT');
    const { code, stderr } = await run.ended;
    assert.equal(code, 130);
    assertNoStack(stderr);
    assert.ok(!existsSync(join(folder, 'summary.json')), 'it took no time for a report');
    assert.equal(readRunJson(folder).status, 'running');
    assert.deepEqual(run.processes(), []);
    assert.equal((await reportOn(t, folder)).status, 'interrupted');
  });
});

describe('a client that is killed', () => {
  it('leaves a folder that can be read, and no server of ours', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const run = startConnrig(t, ['run', '--protocol', 'ws', ...LONG, '--out', folder]);
    await phaseOf(run, folder, 'ramp', 5000);
    assert.equal(run.processes().length, 2);
    killIfThere(run.pid, 'SIGKILL');
    assert.equal((await run.ended).code, null);
    await eventually(() => run.processes().length === 0, 'the server of a killed client has ended', GONE_WITHIN_MS);
    const { status, exitCode, error, legs } = await reportOn(t, folder);
    assert.deepEqual(
      { status, exitCode, code: error?.code },
      { status: 'interrupted', exitCode: 130, code: 'EINTERRUPTED' },
    );
    assert.match(error?.message ?? '', /its client was killed, or is still running/);
    assert.deepEqual(
      legs[0]?.levels.map(({ open, established }) => [open, established]),
      [40, 80].map((open) => [open, open]),
    );
    const again = await connrig(t, ['report', folder]);
    assert.equal(again.code, 0, again.stderr);
    assert.equal((await reportOn(t, folder)).status, 'interrupted', 'the summary that it wrote says the same');
    assert.ok(existsSync(join(folder, 'report.html')));
  });
});
