/** Servers in a memory cgroup with a limit, as in a container: what fits is known, and what happens when it is passed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compiled } from '../support/compiled.ts';
import { assertFailed, assertWentThrough, readSamples } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { insideCgroup, limitedCgroup } from './limited.ts';
import { carriedOut } from './targets.ts';

const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };
const MIB = 2 ** 20;
const LIMIT_BYTES = 64 * MIB;
const HELD_BYTES = 16 * 1024;
/** Not so fast that many wait to be accepted when the end comes. */
const CLIMB = ['--levels', '1k,2k,3k,8k', '--rate', '1500/s', '--headroom', '0%'];

describe('a server whose memory is limited', () => {
  for (const how of ['--command', '--pid'] as const) {
    it(
      `and that grows past it, by ${how}: it was the kernel, and all that was measured is there`,
      TIMEOUT,
      async (t) => {
        const cgroup = await limitedCgroup(t, LIMIT_BYTES);
        if (!cgroup) return;
        const program = compiled(t, 'known-answer/held');
        const outcome = await carriedOut(t, how, (port) => insideCgroup(cgroup, program, port, HELD_BYTES), CLIMB);
        const { ended, summary, folder } = outcome;
        assertFailed(
          ended,
          4,
          'ETARGETMEMORY',
          /the kernel killed a process for want of memory .*limited to 64\.0 MiB/,
        );
        assert.deepEqual([summary.status, summary.exitCode, summary.error?.code], ['failed', 4, 'ETARGETMEMORY']);
        assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), /ETARGETMEMORY.*killed .* for want of memory/);

        const [leg] = summary.legs;
        assert.deepEqual(
          leg!.levels.map(({ open }) => open),
          [1000, 2000, 3000],
        );
        const { user, charged, total } = leg!.perConnection!;
        assert.ok(Math.abs(user!.bytes - HELD_BYTES - 16) <= 128, `in user space ${user!.bytes}`);
        assert.ok(charged!.bytes > user!.bytes, `charged ${charged!.bytes}`);
        if (total) assert.ok(charged!.bytes < total.bytes, `charged ${charged!.bytes} of ${total.bytes}`);

        const { memoryLimit } = summary.target;
        assert.deepEqual([memoryLimit?.bytes, memoryLimit?.basis], [LIMIT_BYTES, 'cgroup']);
        const ticks = readSamples(folder).flatMap((sample) => (sample.type === 'tick' ? [sample] : []));
        // Open for the client at the end, some of them yet to be accepted; and seen to be held shortly before.
        const [, at = ''] = / at ([\d,]+) connections to /.exec(summary.error!.message) ?? [];
        const most = Number(at.replaceAll(',', ''));
        const least = Math.max(...ticks.map(({ targetBytes }) => targetBytes ?? 0)) / (HELD_BYTES + 16);
        if (total) {
          const [{ of, memoryLimitBytes, connections } = assert.fail()] = summary.capacity;
          assert.deepEqual([of, memoryLimitBytes], ['charged', LIMIT_BYTES]);
          // On the safe side, and no further from the truth than what the kernel gives back when memory gets short.
          assert.ok(
            connections <= most && connections > 0.75 * least,
            `${connections} forecast, ${least} to ${most} held`,
          );
          assert.deepEqual(
            summary.forecast.map(({ connections: at }) => at),
            [10_000, 100_000, 1_000_000],
          );
        }
      },
    );
  }

  it('and one of whose processes is killed while the others live: told as what it is', TIMEOUT, async (t) => {
    const cgroup = await limitedCgroup(t, LIMIT_BYTES);
    if (!cgroup) return;
    const program = compiled(t, 'known-answer/pool');
    const { ended, summary } = await carriedOut(
      t,
      '--command',
      (port) => insideCgroup(cgroup, program, port, HELD_BYTES, 4),
      CLIMB,
    );
    assertFailed(ended, 4, 'ETARGETMEMORY', /the kernel killed .* for want of memory in the target's cgroup/);
    assert.equal(summary.legs[0]!.levels.length, 3);
  });

  it('and that stays below: its limit is what the capacity is for', TIMEOUT, async (t) => {
    const cgroup = await limitedCgroup(t, 2 * LIMIT_BYTES);
    if (!cgroup) return;
    const program = compiled(t, 'known-answer/held');
    const plan = ['--levels', '500,750,1k,1250,1500', '--headroom', '10%'];
    const commandAt = (port: number): string => insideCgroup(cgroup, program, port, HELD_BYTES);
    const { ended, summary, folder } = await carriedOut(t, '--pid', commandAt, plan);
    assertWentThrough(ended);
    assert.equal(summary.target.memoryLimit?.bytes, 2 * LIMIT_BYTES);
    assert.ok(summary.legs[0]!.levels.every(({ chargedBytes }) => chargedBytes! > 500 * HELD_BYTES));
    const [capacity] = summary.capacity;
    if (!summary.legs[0]!.perConnection!.total) return;
    assert.deepEqual([capacity!.memoryLimitBytes, capacity!.headroomPercent], [2 * LIMIT_BYTES, 10]);
    const [memory] = summary.limiters.filter(({ what }) => what === 'memory');
    assert.equal(memory!.at, capacity!.connections);
    assert.match(readFileSync(join(folder, 'report.md'), 'utf8'), /128 MiB, the limit of its cgroup, hold, with 10 %/);
  });
});
