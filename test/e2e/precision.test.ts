/** Runs that go on until they know enough, and no longer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertWentThrough, connrig, newFolder, readRunJson, reportOn } from '../support/connrig.ts';

const TIMEOUT = { timeout: 240_000 };
const PLAN = ['run', '--protocol', 'tcp', '--connections', '2k', '--rate', '20k/s', '--settle-timeout', '300ms'];

describe('a run with --precision', () => {
  it('leaves levels out once the cost is known well enough, but never the top', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    assertWentThrough(await connrig(t, [...PLAN, '--levels', '20', '--precision', '40%', '--out', folder]));
    const { legs } = await reportOn(t, folder);
    const held = legs[0]!.levels.map(({ open }) => open);
    assert.equal(held.at(-1), 2000);
    assert.ok(held.length >= 6 && held.length < 20, `${held}`);
    assert.equal(readRunJson(folder).plan.launches, 1);
  });

  it('goes on with launches, up to as many as are allowed, and says what is still open', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    // Closer than a heap can be read.
    const args = ['--levels', '5', '--precision', '0.1%', '--max-launches', '2', '--out', folder];
    assertWentThrough(await connrig(t, [...PLAN, ...args]));
    const { legs, warnings } = await reportOn(t, folder);
    assert.equal(readRunJson(folder).plan.launches, 2);
    assert.equal(legs[0]!.launches?.count, 2);
    assert.match(warnings.join('\n'), /^after 2 launches: /m);
  });
});
