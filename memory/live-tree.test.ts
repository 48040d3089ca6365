import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { countDescriptors, countInFullestTable, maxDescriptors, readDescriptorUse } from './descriptors.ts';
import { readLiveTree } from './live-tree.ts';
import { openMeters } from './meter-set.ts';
import { readProcessTree } from './process-tree.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 60_000 };

/** A process with this much memory of its own and so many open files, which then does nothing. */
const PROGRAM = `const kept = Buffer.alloc(64 * 2 ** 20, 1);
for (let i = 0; i < 50; i++) require('fs').openSync('/dev/null');
setInterval(() => kept.length, 1000);
process.stdout.write('ready');`;

test('what is live is what a full reading says, but for what only a walk can tell', onLinux, async (t) => {
  const child = spawn('/bin/sh', ['-c', `ulimit -n 1000; exec "$0" -e "$1"`, process.execPath, PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const pid = child.pid!;
  const full = await readProcessTree([pid]);
  const live = readLiveTree([pid]);
  assert.ok(live);
  for (const key of ['anonBytes', 'rssBytes'] as const) {
    assert.ok(Math.abs(live[key]! / full[key]! - 1) < 0.05, `${key}: ${live[key]} and ${full[key]}`);
  }
  assert.ok(live.anonBytes! > 64 * 2 ** 20);
  assert.deepEqual([live.pids, live.pageTablesBytes! > 0, live.pssBytes], [[pid], true, null]);
  if (live.openFiles === null) return t.skip('no cheap count of descriptors here');
  assert.ok(live.openFiles > 50 && live.openFiles < 120);
  const use = readDescriptorUse([pid]);
  assert.deepEqual(use, { maxFds: 1000, highestRatio: live.openFiles / 1000 });
  // Two processes: what they have together, and the one that is nearer to its limit.
  const both = readDescriptorUse([pid, process.pid]);
  assert.equal(both.maxFds, 1000 + (maxDescriptors() ?? 0));
  assert.ok(both.highestRatio! >= use.highestRatio!);

  const meters = openMeters({ pids: [pid], ports: [], clientPid: process.pid });
  const { target, client } = meters.readLive();
  assert.deepEqual([target?.pids, client?.pids[0]], [[pid], process.pid]);
  assert.ok(!client?.pids.includes(pid));
  assert.equal(await meters.readHeap(), null, 'it has no port for that');
});

test('nothing is known of nobody', onLinux, () => {
  assert.equal(readLiveTree([2 ** 30]), null);
  assert.deepEqual(readDescriptorUse([2 ** 30]), { maxFds: null, highestRatio: null });
  assert.deepEqual(readDescriptorUse([]), { maxFds: null, highestRatio: null });
});

test('with one table for all threads, the fullest is the only one', onLinux, (t) => {
  const open = countDescriptors();
  if (open === undefined) return t.skip('no cheap count of descriptors here');
  // Each look at a folder has it open for a moment.
  assert.ok(Math.abs(countInFullestTable()! - open) <= 1);
});
