/** How fast connections open where nobody says how fast. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { countOf } from '../../core/stats/histogram.ts';
import { assertWentThrough, connrig, HASTY, newFolder, readRunJson, readSamples } from '../support/connrig.ts';
import { unusedPort } from '../support/peers.ts';

const OPTIONS = { timeout: 240_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const PLAN = ['--protocol', 'tcp', '--connections', '2k', '--levels', '2', ...HASTY];

/** @returns the pace that the run has recorded, and its folder */
async function paceOf(t: TestContext, ...args: readonly string[]): Promise<{ perSecond: number; folder: string }> {
  const folder = newFolder(t);
  assertWentThrough(await connrig(t, ['run', ...args, '--out', folder]));
  return { perSecond: readRunJson(folder).plan.legs[0]!.connectsPerSecond, folder };
}

/** Each connection keeps it from everything else for 2 ms, so it takes no more than 500 a second. */
const SLOW = `require('node:net').createServer((socket) => {
  const until = performance.now() + 2;
  while (performance.now() < until);
  socket.on('error', () => {}).resume();
}).listen({ port: Number(process.argv[1]), host: '127.0.0.1', backlog: 4096 })`;

describe('a run without --rate', () => {
  it('opens at half of what the target took in the warm-up, and says so', OPTIONS, async (t) => {
    const { perSecond, folder } = await paceOf(t, ...PLAN, '--launches', '2');
    assert.ok(perSecond >= 2000 && perSecond <= 10_000 && perSecond % 500 === 0, `${perSecond}`);
    // They are times of the climb alone: what the warm-up tried is no part of it, in any launch.
    const tops = readSamples(folder).filter(
      (sample) => sample.type === 'memory' && sample.phase === 'hold' && sample.level === 2000,
    );
    const counts = tops.map((sample) => 'progress' in sample && countOf(sample.progress.openPlanned));
    assert.deepEqual(counts, [2000, 2000]);
    const written = readFileSync(join(folder, 'report.md'), 'utf8');
    assert.match(written, new RegExp(`${perSecond.toLocaleString('en')} opened per second`));
  });

  it('keeps to 2,000 a second where a target is no faster', OPTIONS, async (t) => {
    const port = await unusedPort();
    const command = `exec ${process.execPath} -e "${SLOW.replaceAll('"', '\\"')}" ${port}`;
    const { perSecond } = await paceOf(t, `tcp://127.0.0.1:${port}`, '--command', command, ...PLAN.slice(2));
    assert.equal(perSecond, 2000);
  });
});

it('what --rate says stays as it is', OPTIONS, async (t) => {
  const { perSecond } = await paceOf(t, ...PLAN, '--rate', '3333/s');
  assert.equal(perSecond, 3333);
});
