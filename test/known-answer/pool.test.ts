/** Servers of several processes whose cost is known: all of them are seen, and what they share is counted once. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { MemoryPoint } from '../../core/record.ts';
import { compiled } from '../support/compiled.ts';
import { assertWentThrough, readSamples } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { carriedOut, type Outcome } from './targets.ts';

const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };
const MIB = 2 ** 20;
const HELD_BYTES = 4096;
const WORKERS = 4;
const TEN_THOUSAND = ['--levels', '2500,5k,7500,10k'];
const FIVE_THOUSAND = ['--levels', '2k,3k,4k,5k'];

async function runOn(
  t: TestContext,
  how: '--command' | '--pid',
  bytes: number,
  levels: readonly string[],
  ...more: readonly string[]
): Promise<Outcome & { userBytes: number; points: readonly MemoryPoint[] }> {
  const program = compiled(t, 'known-answer/pool');
  const commandAt = (port: number): string => ['exec', program, port, bytes, WORKERS, ...more].join(' ');
  const outcome = await carriedOut(t, how, commandAt, levels);
  assertWentThrough(outcome.ended);
  const points = readSamples(outcome.folder).flatMap((sample) => (sample.type === 'memory' ? [sample] : []));
  return { ...outcome, userBytes: outcome.summary.legs[0]!.perConnection!.user!.bytes, points };
}

/** @param nothingBytes cost of a connection that holds nothing */
function assertCost(userBytes: number, nothingBytes: number): void {
  const extra = userBytes - nothingBytes;
  const allowed = Math.max(0.02 * HELD_BYTES, 128);
  assert.ok(Math.abs(extra - HELD_BYTES) <= allowed, `${HELD_BYTES} bytes were measured as ${extra.toFixed(0)}`);
}

const pidsAt = (points: readonly MemoryPoint[]): number[][] => points.map(({ readings }) => readings.target!.pids);

/** How many each child accepted, by its own account. */
const sharesIn = (folder: string): number[] =>
  (/^([\d ]+) accepted$/m.exec(readFileSync(join(folder, 'target.log'), 'utf8'))?.[1] ?? '').split(' ').map(Number);

for (const how of ['--command', '--pid'] as const) {
  describe(`four processes below one that listens, by ${how}`, () => {
    it('cost what their connections hold, all of them, and what they share once', TIMEOUT, async (t) => {
      const shared = `shared=${64 * MIB}`;
      const nothing = await runOn(t, how, 0, TEN_THOUSAND, shared);
      const four = await runOn(t, how, HELD_BYTES, TEN_THOUSAND, shared);
      assertCost(four.userBytes, nothing.userBytes);
      for (const { points, summary, pid, folder } of [nothing, four]) {
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
          assert.ok(Math.min(...shares) > 2000, shares.join(' '));
        }
        // Each process has a descriptor table; all of them together have the sockets of one.
        const kernel = summary.legs[0]!.perConnection!.kernel;
        if (kernel !== null) assert.ok(kernel.bytes > 3500 && kernel.bytes < 4600, `in the kernel ${kernel.bytes}`);
      }
    });
  });
}

describe('four processes that come and go', () => {
  it('of which all are born after the first connections came cost the same', TIMEOUT, async (t) => {
    const late = 'late=1400';
    const nothing = await runOn(t, '--pid', 0, FIVE_THOUSAND, late);
    const four = await runOn(t, '--pid', HELD_BYTES, FIVE_THOUSAND, late);
    assertCost(four.userBytes, nothing.userBytes);
    for (const { points } of [nothing, four]) {
      const counts = pidsAt(points).map((pids) => pids.length);
      assert.ok(counts[0]! < 1 + WORKERS && counts.at(-1) === 1 + WORKERS, counts.join(' '));
      assert.deepEqual(
        counts,
        counts.toSorted((a, b) => a - b),
      );
    }
  });

  it('of which one ends with its connections and is replaced cost the same', TIMEOUT, async (t) => {
    const recycle = 'recycle=4500';
    const nothing = await runOn(t, '--command', 0, FIVE_THOUSAND, recycle);
    const four = await runOn(t, '--command', HELD_BYTES, FIVE_THOUSAND, recycle);
    assertCost(four.userBytes, nothing.userBytes);
    for (const { points, folder, summary } of [nothing, four]) {
      const all = pidsAt(points);
      const [first, last] = [all[0]!, all.at(-1)!];
      assert.deepEqual([first.length, last.length], [1 + WORKERS, 1 + WORKERS]);
      const gone = first.filter((pid) => !last.includes(pid));
      assert.equal(gone.length, 1, 'one is another one');
      assert.equal(sharesIn(folder).length, WORKERS + 1);
      // Those of the one that ended were replaced, and each level was whole.
      const [leg] = summary.legs;
      assert.ok(leg!.attempts > 5000 + 500, String(leg!.attempts));
      assert.deepEqual(
        leg!.levels.map(({ open }) => open),
        [2000, 3000, 4000, 5000],
      );
    }
  });
});
