/** Servers of several processes whose cost is known: all of them are seen, and what they share is counted once. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { MemoryPoint } from '../../core/schemas/record.ts';
import { compiled } from '../support/compiled.ts';
import { assertWentThrough, readSamples } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { carriedOut, type KnownRun } from './targets.ts';

const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };
const MIB = 2 ** 20;
const HELD_BYTES = 4096;
const WORKERS = 4;
const LEVELS = ['--levels', '2k,3k,4k,5k'];

async function runOn(
  t: TestContext,
  how: '--command' | '--pid',
  ...more: readonly string[]
): Promise<KnownRun & { userBytes: number; points: readonly MemoryPoint[] }> {
  const program = compiled(t, 'known-answer/pool');
  const commandAt = (port: number): string => ['exec', program, port, HELD_BYTES, WORKERS, ...more].join(' ');
  const outcome = await carriedOut(t, how, commandAt, LEVELS);
  assertWentThrough(outcome.ended);
  const points = readSamples(outcome.folder).flatMap((sample) => (sample.type === 'memory' ? [sample] : []));
  return { ...outcome, userBytes: outcome.summary.legs[0]!.perConnection!.user!.bytes, points };
}

/** Beside what a connection holds it costs 16 bytes of malloc's. */
function assertCost({ userBytes }: { readonly userBytes: number }): void {
  const allowed = Math.max(0.02 * HELD_BYTES, 128);
  assert.ok(
    Math.abs(userBytes - HELD_BYTES) <= allowed,
    `${HELD_BYTES} bytes were measured as ${userBytes.toFixed(0)}`,
  );
}

const pidsAt = (points: readonly MemoryPoint[]): number[][] => points.map(({ readings }) => readings.target!.pids);

/** How many each child accepted, by its own account. */
const sharesIn = (folder: string): number[] =>
  (/^([\d ]+) accepted$/m.exec(readFileSync(join(folder, 'target.log'), 'utf8'))?.[1] ?? '').split(' ').map(Number);

describe('four processes below one that listens', () => {
  for (const how of ['--command', '--pid'] as const) {
    it(`cost what their connections hold, all of them, and what they share once, by ${how}`, TIMEOUT, async (t) => {
      const pool = await runOn(t, how, `shared=${64 * MIB}`);
      assertCost(pool);
      const { points, summary, pid, folder } = pool;
      const [first, ...others] = pidsAt(points);
      assert.equal(new Set(first).size, 1 + WORKERS);
      for (const pids of others) assert.deepEqual(pids, first, 'the same tree all the way');
      if (pid !== undefined) assert.equal(first![0], pid);
      const baseline = summary.legs[0]!.baselineBytes!;
      assert.ok(baseline > 64 * MIB && baseline < 68 * MIB, `without connections ${baseline}`);
      // Nearly even, so a process that wasn't seen would be missed.
      if (how === '--command') {
        const shares = sharesIn(folder);
        assert.equal(shares.length, WORKERS);
        assert.ok(Math.min(...shares) > 1000, shares.join(' '));
      }
      // Each process has a descriptor table; all of them together have the sockets of one.
      const kernel = summary.legs[0]!.perConnection!.kernel;
      if (kernel !== null) assert.ok(kernel.bytes > 3500 && kernel.bytes < 4600, `in the kernel ${kernel.bytes}`);
    });
  }
});

describe('four processes that come and go', () => {
  it('of which all are born after the first connections came cost the same', TIMEOUT, async (t) => {
    const four = await runOn(t, '--pid', 'late=1400');
    assertCost(four);
    const counts = pidsAt(four.points).map((pids) => pids.length);
    assert.ok(counts[0]! < 1 + WORKERS && counts.at(-1) === 1 + WORKERS, counts.join(' '));
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
  });

  it('of which one ends with its connections and is replaced cost the same', TIMEOUT, async (t) => {
    const four = await runOn(t, '--command', 'recycle=4500');
    assertCost(four);
    const all = pidsAt(four.points);
    const [first, last] = [all[0]!, all.at(-1)!];
    assert.deepEqual([first.length, last.length], [1 + WORKERS, 1 + WORKERS]);
    const gone = first.filter((pid) => !last.includes(pid));
    assert.equal(gone.length, 1, 'one is another one');
    assert.equal(sharesIn(four.folder).length, WORKERS + 1);
    // Those of the one that ended were replaced, and each level was whole.
    const [leg] = four.summary.legs;
    assert.ok(leg!.attempts > 5000 + 500, String(leg!.attempts));
    assert.deepEqual(
      leg!.levels.map(({ open }) => open),
      [2000, 3000, 4000, 5000],
    );
  });
});
