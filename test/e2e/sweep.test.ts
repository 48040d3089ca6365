/** A matrix of real runs, begun twice. What one shows of a cost is in deflate.test.ts. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newFolder } from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';

const SWEEP = fileURLToPath(new URL('../../scripts/sweep.js', import.meta.url));

it('measures each cell once, goes on where one failed, and ends in an index', { timeout: 240_000 }, async (t) => {
  const server = await startEcho('tcp');
  t.after(() => server.close());
  const there = dirname(newFolder(t));
  const [plan, folder] = [join(there, 'sweep.yaml'), join(there, 'cells')];
  const sweep = (levels: string): { status: number | null; stderr: string } => {
    writeFileSync(
      plan,
      `run: [${server.url}, --settle-timeout, 0s, --engine, node]
vary:
  levels: { few: [--levels, '20,40,60'], more: [--levels, '${levels}'] }
`,
    );
    return spawnSync(process.execPath, [SWEEP, plan, folder], { encoding: 'utf8', cwd: there });
  };
  const first = sweep('none');
  assert.equal(first.status, 1, first.stderr);
  assert.match(first.stderr, /^2\/2 levels-more: ended with 2$/m);
  const measuredAt = statSync(join(folder, 'levels-few', 'run.json')).mtimeMs;
  const second = sweep('30,60,90');
  assert.equal(second.status, 0, second.stderr);
  assert.match(second.stderr, /^1\/2 levels-few: there already$/m);
  assert.equal(statSync(join(folder, 'levels-few', 'run.json')).mtimeMs, measuredAt);
  const { legs } = JSON.parse(readFileSync(join(folder, 'levels-more', 'summary.json'), 'utf8'));
  assert.equal(legs[0].peakOpen, 90);
  assert.match(readFileSync(join(folder, 'index.html'), 'utf8'), /levels-few\/report\.html/);
  assert.ok(existsSync(join(folder, 'compare.html')));

  writeFileSync(plan, 'vary: { levels: {} }');
  const refused = spawnSync(process.execPath, [SWEEP, plan, folder], { encoding: 'utf8', cwd: there });
  assert.deepEqual([refused.status, /is no sweep: .*has no choice/.test(refused.stderr)], [2, true], refused.stderr);
});
