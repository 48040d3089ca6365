/** What slow readers cost a server that holds a known number of bytes for each, what waits in the kernel for them, and whom it ends. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { SlowSummary } from '../../core/schemas/slow.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { sourceOf } from '../support/compiled.ts';
import { assertFailed, assertWentThrough, HASTY, newFolder } from '../support/connrig.ts';
import { commandOf, needs } from '../support/needs.ts';
import { carriedOut, type KnownRun } from './targets.ts';

const TIMEOUT = { timeout: 400_000, skip: needs('python3') };
const HELD_BYTES = 65_536;

/** What the server knew, when it held the most. */
interface Truth {
  readonly clients: number;
  readonly heldBytes: number;
  readonly queuedBytes: number;
  readonly closed: number;
}

async function runOf(
  t: TestContext,
  mode: 'hold' | 'close',
  args: readonly string[],
): Promise<{ readonly run: KnownRun; readonly truth: Truth }> {
  const truth = join(dirname(newFolder(t)), 'truth.json');
  const commandAt = (port: number): string =>
    `exec ${commandOf('python3')} ${sourceOf('known-answer/slow-holder.py')} ${port} ${HELD_BYTES} ${mode} ${truth}`;
  const run = await carriedOut(t, '--command', commandAt, [...args, '--levels', '1', ...HASTY]);
  return { run, truth: JSON.parse(readFileSync(truth, 'utf8')) as Truth };
}

function slowIn({ legs }: Summary): SlowSummary {
  return legs[0]?.slow ?? assert.fail('nothing is told of slow connections');
}

/** Within 3 %. */
function assertNear(what: string, value: number | null, wanted: number): void {
  assert.ok(value !== null && Math.abs(value - wanted) <= 0.03 * wanted, `${what}: ${value}, not ${wanted}`);
}

describe('a server that holds what its clients do not read', { concurrency: true }, () => {
  it(
    'costs so much in user space for each, and what waits in the kernel is that of their sockets',
    TIMEOUT,
    async (t) => {
      const args = ['--connections', '1000', '--behaviour', 'slow:10%', '--slow-for', '10s'];
      const { run, truth } = await runOf(t, 'hold', args);
      assertWentThrough(run.ended);
      const slow = slowIn(run.summary);
      // Beyond that it sends them nothing more.
      assert.deepEqual([slow.slow, slow.closed, slow.defence], [100, 0, 'drops']);
      assert.deepEqual([truth.clients, truth.heldBytes], [100, 100 * HELD_BYTES]);
      assertNear('user space', slow.userBytesPerSlow, HELD_BYTES);
      assertNear('queued at the target', slow.queuedBytesPerSlow.target, truth.queuedBytes / truth.clients);
      assert.equal(run.summary.legs[0]!.losses, null);
    },
  );

  it('ends them, which is no loss, and others are there in their place', TIMEOUT, async (t) => {
    const args = ['--connections', '300', '--behaviour', 'slow:20%', '--slow-for', '8s'];
    const { run, truth } = await runOf(t, 'close', args);
    assertWentThrough(run.ended);
    const slow = slowIn(run.summary);
    assert.deepEqual([slow.slow, slow.closed, slow.closedPercent, slow.defence], [60, 60, 100, 'closes']);
    assert.equal(truth.closed, 60);
    assert.ok(slow.closedAfter!.firstMs > 0 && slow.closedAfter!.lastMs <= slow.durationMs, JSON.stringify(slow));
    assert.deepEqual([run.summary.legs[0]!.losses, run.summary.status], [null, 'measured']);
  });

  it('is not let grow beyond --memory-limit, and what was measured until then is told', TIMEOUT, async (t) => {
    const args = ['--connections', '300', '--behaviour', 'slow:100%', '--slow-for', '5m', '--memory-limit', '16MiB'];
    const { run } = await runOf(t, 'hold', args);
    assertFailed(
      run.ended,
      4,
      'EMEMORYLIMIT',
      /more than the 16.0 MiB of --memory-limit, at 300 connections .* 300 read slowly/,
    );
    const slow = slowIn(run.summary);
    assert.deepEqual([slow.slow, slow.stoppedBy, run.summary.legs[0]!.levels.length], [300, 'EMEMORYLIMIT', 1]);
  });
});
