/** Servers in C whose memory grows in ways of its own: what is measured must say which. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { needs } from '../support/needs.ts';
import { measured } from './targets.ts';

const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };
const MIB = 2 ** 20;
const HELD_BYTES = 4096;
const PLAN = ['--levels', '500,1k,1500,2k,2500,3k,3500,4k,4500,5k,5500,6k'];
const LEAKED_BYTES = 1024;

const table = (mib: number, at: number): string => `table=${mib * MIB}@${at}`;
const measure = (t: TestContext, ...more: string[]): Promise<LegSummary> =>
  measured(t, 'C', '--command', [HELD_BYTES, ...more], PLAN);

type Fit = NonNullable<LegSummary['fit']>;
/** @param wanted MiB, and the connection that brought them */
function assertSteps({ steps, step }: Fit, wanted: ReadonlyArray<readonly [number, number]>): void {
  assert.equal(steps.length, wanted.length, JSON.stringify(steps));
  for (const [i, [mib, at]] of wanted.entries()) {
    const { low, high, bytes } = steps[i]!;
    assert.ok(low < at && at <= high, `between ${low} and ${high} instead of at ${at}`);
    assert.ok(Math.abs(bytes / (mib * MIB) - 1) <= 0.02, `a step of ${bytes}`);
  }
  // The one that is told where there is room for one only.
  const largest = wanted.toSorted(([a], [b]) => b - a)[0]!;
  assert.equal(step!.bytes, Math.max(...steps.map(({ bytes }) => bytes)));
  assert.ok(Math.abs(step!.at - largest[1]) <= 500, JSON.stringify(step));
}

describe('a server that', () => {
  it('grows two tables has two steps, and its slope unspoiled', TIMEOUT, async (t) => {
    const { fit, perConnection } = await measure(t, table(16, 1750), table(64, 4250));
    assertSteps(fit!, [
      [16, 1750],
      [64, 4250],
    ]);
    assert.equal(fit!.knee, null);
    const each = perConnection!.user!.bytes;
    assert.ok(Math.abs(each - HELD_BYTES - 16) <= 128, `a slope of ${each}`);
    // What comes after the steps is forecast from beyond them.
    const top = fit!.lines.at(-1)!;
    assert.ok(top.fromOpen > 4000 && Math.abs(fit!.holdoutErrorPercent!) < 1, JSON.stringify(fit));
  });

  it('grows a table, and later takes twice as much, has a step and a knee', TIMEOUT, async (t) => {
    const { fit, perConnection } = await measure(t, table(16, 1750), 'knee=4000');
    assertSteps(fit!, [[16, 1750]]);
    const { at, below, above } = fit!.knee!;
    assert.ok(Math.abs(at - 4000) <= 500, `a knee at ${at}`);
    // Both with the kernel's part, which is the same.
    const more = above.bytes - below.bytes;
    assert.ok(Math.abs(more - HELD_BYTES) <= 128, `from there on ${more} more`);
    const user = perConnection!.user!.bytes;
    assert.ok(Math.abs(user - 2 * HELD_BYTES - 16) <= 0.02 * 2 * HELD_BYTES, `above it ${user}`);
  });

  it('leaks for each closed connection is found out, its twin is not', TIMEOUT, async (t) => {
    // It holds nothing else: what was held and is free again might take in what leaks, or be cut up by it.
    const plan = ['--levels', '1k,2k', '--cycles', '3'];
    const leaky = await measured(t, 'C', '--command', [0, `leak=${LEAKED_BYTES}`], plan);
    const { bytesPerClosedConnection, low, high } = leaky.retained!;
    assert.ok(Math.abs(bytesPerClosedConnection / LEAKED_BYTES - 1) <= 0.1, `retained ${bytesPerClosedConnection}`);
    assert.ok(low! > 0 && high! > low!);
    const tight = await measured(t, 'C', '--command', [0], plan);
    assert.ok(tight.retained!.low! <= 0 && tight.retained!.high! >= 0, JSON.stringify(tight.retained));
  });
});
