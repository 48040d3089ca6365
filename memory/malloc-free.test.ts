import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { compiled } from '../test/support/compiled.ts';
import { needs } from '../test/support/needs.ts';
import { readMallocFree } from './malloc-free.ts';
import { readProcessTree } from './process-tree.ts';

const NEEDS = { timeout: 60_000, skip: needs('gcc') };
const PIECES = 2000;
/** 3,000 bytes with malloc's mark. */
const PIECE_BYTES = 3008;

async function started(t: TestContext): Promise<{ pid: number; said: string }> {
  const child = spawn(compiled(t, 'support/malloc-holes'), { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { pid: child.pid!, said: String(said) };
}

test('what two threads gave back to malloc is free, and what they hold is not', NEEDS, async (t) => {
  const { pid, said } = await started(t);
  // mallinfo2 counts all arenas.
  const free = (await readProcessTree([pid], { malloc: true })).mallocFreeBytes!;
  const givenBack = (PIECES / 2 + PIECES / 4) * PIECE_BYTES;
  assert.ok(Math.abs(free - givenBack) < 64 * 1024, `${free} of ${givenBack}; in use ${said}`);
  const { mallocFreeBytes } = await readProcessTree([pid]);
  assert.equal(mallocFreeBytes, undefined);
});

test('marks that lead nowhere tell nothing, nor does a process without such a malloc', NEEDS, async (t) => {
  const { pid } = await started(t);
  const smaps = readFileSync(`/proc/${pid}/smaps`, 'latin1');
  assert.equal(await readMallocFree(smaps, async (_, length) => Buffer.alloc(length, 0xa5)), null);
  assert.equal(await readMallocFree(smaps, async () => Buffer.alloc(0)), null);
  assert.equal(await readMallocFree('', async (_, length) => Buffer.alloc(length)), null);
});
