/** Data that stays in sockets costs what its buffers take, not the pages reserved for it, and whoever else has some pays for it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { compiled } from '../support/compiled.ts';
import { assertWentThrough, HASTY, newFolder } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';
import { carriedOut, started } from './targets.ts';

const whyNot = ((): string | false => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root, for /proc/slabinfo';
  return needs('gcc');
})();
const TIMEOUT = { timeout: 400_000, skip: whyNot };
const KIB = 1024;
const PAGE_BYTES = 4 * KIB;
/** A buffer beside its data: a pair of heads and space for headers, 1,088 bytes in Linux 6.18, more in earlier ones. */
const BUFFER_BYTES = [900, 1700] as const;

async function legOf(t: TestContext, program: string, mode: string, sentBytes: number): Promise<LegSummary> {
  const opening = join(dirname(newFolder(t)), 'opening');
  writeFileSync(opening, Buffer.alloc(sentBytes));
  const commandAt = (port: number): string => `exec ${program} ${port} ${mode}`;
  const plan = ['--levels', '300,450,600,750,900', '--send-on-open', `@${opening}`, '--close', 'reset', ...HASTY];
  const { ended, summary } = await carriedOut(t, '--command', commandAt, plan);
  assertWentThrough(ended);
  return summary.legs[0]!;
}

/** @param buffers that so many bytes may lie in */
function assertQueued({ perConnection }: LegSummary, bytes: number, [least, most]: readonly [number, number]): void {
  const queued = perConnection!.components.socketBuffers!;
  const [low, high] = [bytes + least * BUFFER_BYTES[0], bytes + most * BUFFER_BYTES[1]];
  assert.ok(queued >= low && queued <= high, `${bytes} bytes queued take ${queued}, not ${low} to ${high}`);
  const reserved = perConnection!.tcpReservedBytes!;
  const pages = Math.ceil(queued / PAGE_BYTES) * PAGE_BYTES;
  assert.ok(Math.abs(reserved - pages) <= PAGE_BYTES, `reserved for it are ${reserved}`);
}

describe('a server in whose sockets data stays', () => {
  for (const [what, bytes, buffers] of [
    ['1 byte', 1, [1, 1]],
    ['2 KiB', 2 * KIB, [1, 2]],
    ['16 KiB', 16 * KIB, [1, 2]],
  ] as const) {
    it(`that doesn't read ${what}`, TIMEOUT, async (t) => {
      assertQueued(await legOf(t, compiled(t, 'known-answer/queued'), 'unread', bytes), bytes, buffers);
    });
  }

  it('that has 64 KiB to send, and nobody takes them', TIMEOUT, async (t) => {
    const leg = await legOf(t, compiled(t, 'known-answer/queued'), `unsent ${64 * KIB}`, 1);
    assertQueued(leg, 64 * KIB, [1, 4]);
  });

  it('pays nothing for the data of a neighbour', TIMEOUT, async (t) => {
    const program = compiled(t, 'known-answer/queued');
    const port = await unusedPort();
    await started(t, `exec ${program} ${port} unread`);
    const client = spawn(program, [String(port), 'dial', '600', String(16 * KIB)]);
    t.after(() => client.kill('SIGKILL'));
    for (let lines = 0; lines < 2; lines++) {
      await once(client.stdout, 'data');
      client.stdin.write('\n');
    }
    await once(client.stdout, 'data');
    const { perConnection } = await legOf(t, program, 'unsent 0', 1);
    assert.equal(perConnection!.components.socketBuffers, 0);
    assert.equal(perConnection!.tcpReservedBytes, 0);
  });
});
