import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTargetUrl } from '../../core/values/urls.ts';
import { whyNot } from '../../fleet/engines/index.ts';
import {
  assertWentThrough,
  HASTY,
  newFolder,
  phaseOf,
  readEvents,
  readRunJson,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { countHeld } from '../support/tcp-table.ts';

const MANY = 40_000;
const DEADLINE_MS = 400_000;

/** The smaller twin of a million: more than a process may have descriptors on most machines, and than a port range has. */
for (const engine of ['auto', 'epoll'] as const)
  test(`forty thousand WebSockets by ${engine}, held, counted from outside, and closed`, {
    skip: process.platform === 'linux' ? false : 'descriptor tables and port ranges are looked at on Linux',
    timeout: DEADLINE_MS,
  }, async (t) => {
    const folder = newFolder(t);
    const plan = ['--protocol', 'ws', '--levels', '10k,25k,40k', '--rate', '20k/s', '--engine', engine];
    const run = startConnrig(t, ['run', ...plan, ...HASTY, '--out', folder], { deadlineMs: DEADLINE_MS });
    await phaseOf(run, folder, 'settle', MANY, DEADLINE_MS);
    const url = parseTargetUrl(readRunJson(folder).target.urls[0]!);
    assert.ok(typeof url !== 'string');
    // Counting takes seconds where a machine is busy. A client that is stopped closes nothing meanwhile.
    run.child.kill('SIGSTOP');
    const last = readEvents(folder).findLast((event) => event.type === 'phase');
    const counts = countHeld(url.ports);
    run.child.kill('SIGCONT');
    assert.deepEqual([last?.level, ['settle', 'hold'].includes(last?.phase ?? '')], [MANY, true]);
    const ended = await run.ended;
    assertWentThrough(ended);
    assert.deepEqual(run.processes(), [], 'nothing is left running');

    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      MANY,
    );
    const even = MANY / counts.length;
    for (const count of counts) assert.ok(Math.abs(count / even - 1) <= 0.02, `shares are even: ${counts}`);

    const { legs } = await reportOn(t, folder);
    const [leg] = legs;
    assert.ok(leg);
    assert.deepEqual([leg.peakOpen, leg.attempts - leg.outcomes.open], [MANY, 0]);
    assert.deepEqual(
      leg.levels.map(({ open, established, censusOpen }) => [open, established, censusOpen]),
      [10_000, 25_000, MANY].map((open) => [open, open, open]),
    );
    const { bytes } = leg.perConnection?.kernel ?? { bytes: 0 };
    assert.ok(bytes > 3600 && bytes < 4600, `${bytes} bytes in the kernel`);
    assert.ok((leg.fit?.rSquared ?? 0) > 0.99);

    const [laidOut] = readRunJson(folder).generator.legs;
    const limit = readRunJson(folder).environment.descriptorLimit ?? Number.POSITIVE_INFINITY;
    const isByRings = engine === 'auto' && limit < MANY && (await whyNot('uring')) === undefined;
    assert.equal(readRunJson(folder).generator.engine, isByRings ? 'uring' : 'epoll');
    assert.equal(laidOut?.ownTables, !isByRings && limit < MANY);
  });
