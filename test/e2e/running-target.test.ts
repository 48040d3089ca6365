/** A server that runs already, named by its process id: the right one, one of a pair, and a wrong one. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Summary } from '../../core/schemas/summary.ts';
import { assertWentThrough, connrig, newFolder, ONE_LEVEL, readEvents, reportOn } from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';

const TIMEOUT = { timeout: 120_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const WRONG = /^neither process \d+ nor a child of it listens at tcp:\/\/127\.0\.0\.1:\d+: is it the right one\? — ss/m;

async function runOf(
  t: TestContext,
  url: string,
  pid: string,
  more: readonly string[] = [],
): Promise<[Summary, string]> {
  const folder = newFolder(t);
  const plan = [...ONE_LEVEL, '--quiet', ...more, '--out', folder];
  assertWentThrough(await connrig(t, ['run', url, '--pid', pid, ...plan]));
  return [await reportOn(t, folder), folder];
}

describe('--pid', () => {
  it('of who does not listen at the URL is warned of', TIMEOUT, async (t) => {
    const echo = await startEcho('tcp');
    t.after(() => echo.close());
    const stranger = await startEcho('tcp');
    t.after(() => stranger.close());
    const [wrong] = await runOf(t, echo.url, String(stranger.pid));
    assert.match(wrong.warnings.join('\n'), WRONG);
  });

  it('takes several, of which one started the others', TIMEOUT, async (t) => {
    const echo = await startEcho('tcp');
    t.after(() => echo.close());
    const [{ warnings, target }] = await runOf(t, echo.url, `${echo.pid} ${process.pid}`);
    assert.equal(target.kind, 'pid');
    assert.doesNotMatch(warnings.join('\n'), WRONG);
  });
});

describe('--rest', () => {
  it('passes before each reading that counts, and all at once is read besides', TIMEOUT, async (t) => {
    const echo = await startEcho('tcp');
    t.after(() => echo.close());
    const [{ legs, warnings }, folder] = await runOf(t, echo.url, String(echo.pid), ['--rest', '1500ms']);
    assert.doesNotMatch(warnings.join('\n'), WRONG);
    const phases = readEvents(folder).flatMap((event) => (event.type === 'phase' ? [event] : []));
    const next = (i: number): number => phases[i + 1]?.elapsedMs ?? Number.NaN;
    const waited = phases.flatMap(({ phase, elapsedMs }, i) =>
      ['baseline', 'settle', 'retained'].includes(phase) ? [next(i) - elapsedMs] : [],
    );
    assert.equal(waited.length, 3);
    for (const waitedMs of waited) assert.ok(waitedMs >= 1499, `${waitedMs} ms`);
    assert.equal(legs[0]?.burst?.open, 20);
  });
});
