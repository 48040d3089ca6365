/** Runs that go on until they know enough, and no longer. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { carriedOut, type KnownRun } from '../known-answer/targets.ts';
import { compiled } from '../support/compiled.ts';
import { assertWentThrough, readRunJson } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';

const OPTIONS = { timeout: 240_000, skip: process.platform === 'linux' ? needs('gcc') : 'needs /proc' };
const TOP = 2000;

/** A server that keeps 8 KiB for each connection, so that every level is where it should be. */
const runOf = (t: TestContext, ...args: readonly string[]): Promise<KnownRun> =>
  carriedOut(t, '--command', (port) => `exec ${compiled(t, 'known-answer/held')} ${port} 8192`, [
    ...['--connections', String(TOP), '--settle-timeout', '300ms', ...args],
  ]);

describe('a run with --precision', () => {
  it('leaves levels out once the cost is known well enough, but never the top', OPTIONS, async (t) => {
    const { ended, folder, summary } = await runOf(t, '--levels', '20', '--precision', '40%', '--max-launches', '1');
    assertWentThrough(ended);
    const held = summary.legs[0]!.levels.map(({ open }) => open);
    assert.equal(held.at(-1), TOP);
    assert.ok(held.length >= 6 && held.length < 20, `${held}`);
    assert.equal(readRunJson(folder).plan.launches, 1);
  });

  it('goes on with launches, up to as many as are allowed, and says what is still open', OPTIONS, async (t) => {
    // Closer than memory can be read, which comes in pages.
    const { ended, folder, summary } = await runOf(t, '--levels', '5', '--precision', '0.1%', '--max-launches', '2');
    assertWentThrough(ended);
    assert.equal(readRunJson(folder).plan.launches, 2);
    assert.equal(summary.legs[0]!.launches?.count, 2);
    assert.match(summary.warnings.join('\n'), /^after 2 launches: /m);
  });
});
