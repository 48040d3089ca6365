/** Where a run writes to may end before the run does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  HASTY,
  limited,
  newFolder,
  ONE_LEVEL,
  phaseOf,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';

const TIMEOUT = { timeout: 180_000 };

describe('a run folder on a disk that fills up', () => {
  it('ends the run with EOUT; what was written can be read', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    // No file may grow beyond 20 blocks of 512 bytes (1,024 in some shells).
    const server = await startEcho('tcp');
    t.after(() => server.close());
    const args = ['run', server.url, '--levels', '20,40,2k', '--rate', '100/s', ...HASTY, '--out', folder];
    const ended = await connrig(t, args, limited('ulimit -f 20'));
    assertFailed(ended, 2, 'EOUT');
    assert.match(ended.stdout, /^The run failed: the record breaks off: it could not be written/m);
    const { status, exitCode, error, warnings } = await reportOn(t, folder);
    assert.deepEqual({ status, exitCode, code: error?.code }, { status: 'failed', exitCode: 2, code: 'EOUT' });
    assert.match(warnings.join('\n'), /the last line of samples.jsonl is cut off/);
  });
});

describe('a reader that goes away', () => {
  it('is no reason to give up the run', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const few = ['--levels', '10,20', ...HASTY];
    const run = startConnrig(t, ['run', '--protocol', 'tcp', ...few, '--json', '--out', folder]);
    await phaseOf(run, folder, 'hold', 10);
    run.child.stderr?.destroy();
    run.child.stdout?.destroy();
    assertWentThrough(await run.ended);
    const [leg] = (await reportOn(t, folder)).legs;
    assert.deepEqual(
      leg?.levels.map(({ open }) => open),
      [10, 20],
    );
    assert.ok(leg?.retained, 'it went on to the end');
  });
});

describe('progress that goes to a full disk', () => {
  it('is no reason to give up the run either', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const server = await startEcho('tcp');
    t.after(() => server.close());
    const args = ['run', server.url, ...ONE_LEVEL, '--out', folder];
    const ended = await connrig(t, args, limited('exec 2>/dev/full'));
    assertWentThrough(ended);
    assert.equal((await reportOn(t, folder)).legs[0]?.levels.length, 1);
  });
});
