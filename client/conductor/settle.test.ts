import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Readings } from '../../core/schemas/readings.ts';
import { processTree, readingsAt } from '../../test/support/readings.ts';
import { rest, settle } from './settle.ts';

const MB = 1e6;
const look = async (): Promise<void> => {};

/** Answers what the script says, one reading after the other, its last one for ever. */
function scripted(script: ReadonlyArray<number | null>): { read: () => Promise<Readings>; readonly reads: number } {
  let reads = 0;
  return {
    read: async () => {
      const bytes = script[Math.min(reads, script.length - 1)]!;
      reads += 1;
      return readingsAt(0, 0, { target: bytes === null ? null : processTree(bytes), tookMs: reads });
    },
    get reads() {
      return reads;
    },
  };
}

const SETTLING: ReadonlyArray<[string, ReadonlyArray<number | null>, number, boolean, number[]]> = [
  ['memory at rest', [50 * MB], 5000, true, [50 * MB, 50 * MB]],
  ['memory that moves by less than 64 KiB', [50 * MB, 50 * MB + 65_536], 5000, true, [50 * MB, 50 * MB + 65_536]],
  ['memory that comes to rest', [60 * MB, 52 * MB, 50 * MB, 50 * MB], 5000, true, [60 * MB, 52 * MB, 50 * MB, 50 * MB]],
  ['a large target that moves by 0.04 %', [1000 * MB, 1000.4 * MB], 5000, true, [1000 * MB, 1000.4 * MB]],
  ['no time to wait: two windows all the same', [50 * MB], 0, true, [50 * MB, 50 * MB]],
  ['no time to wait, and no rest', [50 * MB, 52 * MB], 0, false, [50 * MB, 52 * MB]],
  ['no target to read', [null], 5000, true, []],
];
for (const [name, script, timeoutMs, settled, windows] of SETTLING) {
  test(`settle: ${name}`, async () => {
    const read = scripted(script);
    const { readings, ...came } = await settle({ read: read.read, timeoutMs, look, talks: false });
    assert.deepEqual(came, { settled, windows });
    assert.equal(readings.tookMs, read.reads, 'the last reading is what is told');
  });
}

const COLLECTED: ReadonlyArray<[string, boolean, readonly number[], readonly boolean[]]> = [
  ['what stays as it is has one collection', false, [50, 50], [true, false]],
  ['what does not is compared with the collection before', false, [50, 51, 50], [true, false, true]],
  ['and with the next one', false, [52, 51, 50, 50], [true, false, true, true]],
  ['what talks has one each', true, [50, 50], [true, true]],
];
for (const [name, talks, script, forced] of COLLECTED) {
  test(`settle, where collections can be forced: ${name}`, async () => {
    const seen: boolean[] = [];
    const runtime = { collected: true, processes: [], census: null };
    const read = async (after?: Readings): Promise<Readings> => {
      seen.push(after === undefined);
      return readingsAt(0, 0, { target: processTree(script[seen.length - 1]! * MB), runtime });
    };
    const { settled } = await settle({ read, timeoutMs: 5000, look, talks });
    assert.equal(settled, true);
    assert.deepEqual(seen, forced);
  });
}

test('settle: memory that only grows has not settled when time is up', async () => {
  const growing = scripted(Array.from({ length: 100 }, (_, i) => (50 + i) * MB));
  const { settled, windows } = await settle({ read: growing.read, timeoutMs: 800, look, talks: false });
  assert.equal(settled, false);
  assert.ok(windows.length >= 2 && windows.length <= 4 && windows.length === growing.reads);
});

test('settle: RSS counts where anonymous memory can not be told', async () => {
  const read = async (): Promise<Readings> => readingsAt(0, 0, { target: processTree(null, { rssBytes: 7 * MB }) });
  const { settled, windows } = await settle({ read, timeoutMs: 5000, look, talks: false });
  assert.deepEqual({ settled, windows }, { settled: true, windows: [7 * MB, 7 * MB] });
});

test('rest takes as long as it is told to, and looks on', async () => {
  let looks = 0;
  const startedAtMs = performance.now();
  await rest(600, async () => void looks++);
  assert.ok(performance.now() - startedAtMs >= 599 && looks >= 2, `${looks} looks`);
  await rest(0, () => Promise.reject(new Error('there is nothing to look at')));
  const lost = new Error('the target died');
  await assert.rejects(
    rest(60_000, () => Promise.reject(lost)),
    lost,
  );
});

test('settle: a look that throws ends the waiting', async () => {
  const growing = scripted([1 * MB, 2 * MB, 3 * MB]);
  const lost = new Error('the target died');
  await assert.rejects(
    settle({ read: growing.read, timeoutMs: 5000, look: () => Promise.reject(lost), talks: false }),
    lost,
  );
  assert.equal(growing.reads, 1);
});
