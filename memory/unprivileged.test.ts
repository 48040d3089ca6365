/** Meters where little may be read: what is unknown is null with a reason, and what can be known is. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ledgerOf } from '../core/ledger/ledger.ts';
import { Readings } from '../core/schemas/readings.ts';
import { readSlab } from './slab.ts';

const asRoot = {
  skip: process.platform !== 'linux' || process.getuid?.() !== 0 ? 'needs root on Linux, to give it up' : false,
  timeout: 60_000,
};
const NOBODY = 65_534;
const METER_SET = new URL('./meter-set.js', import.meta.url);

/** Reads all meters of a process in a process of its own; skips the test where that can't even start. */
async function readElsewhere(t: TestContext, pid: number, how: { uid?: number; wrapper?: readonly string[] }) {
  const script = `const { openMeters } = await import(process.argv[1]);
    const meters = openMeters({ pids: [${pid}], ports: [1], clientPid: process.pid });
    console.log(JSON.stringify({ readings: await meters.read({ list: true }), quick: meters.readQuick() }));`;
  const [program = '', ...args] = [...(how.wrapper ?? []), process.execPath, '--input-type=module', '-e', script];
  const child = spawn(program, [...args, METER_SET.href], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(how.uid === undefined ? {} : { uid: how.uid, gid: how.uid }),
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0 && /EACCES|EPERM|Operation not permitted/.test(said.stderr)) {
    t.skip(said.stderr.trim().split('\n')[0]);
    return undefined;
  }
  assert.equal(code, 0, said.stderr);
  const { readings, quick } = JSON.parse(said.stdout);
  return { readings: Readings.parse(readings), quick };
}

test("another user's process, without root: RSS is known, the kernel's objects are estimated", asRoot, async (t) => {
  const read = await readElsewhere(t, process.pid, { uid: NOBODY });
  if (!read) return;
  const { readings, quick } = read;
  const { target, slab, slabBasis, missing } = readings;
  assert.ok(target!.rssBytes > 1e7 && target!.pids.includes(process.pid));
  const { pssBytes, anonBytes, ussBytes, swapBytes, openFiles, hasEpoll } = target!;
  assert.deepEqual(
    [pssBytes, anonBytes, ussBytes, swapBytes, openFiles, hasEpoll],
    [null, null, null, null, null, null],
  );
  if (existsSync('/sys/kernel/btf/vmlinux')) {
    assert.equal(slabBasis, 'types');
    const byRoot = await readSlab();
    assert.deepEqual(
      [slab!.TCP, slab!.sock_inode_cache].map((cache) => cache?.bytesPerObject),
      [byRoot.TCP, byRoot.sock_inode_cache].map((cache) => cache?.bytesPerObject),
    );
  } else {
    assert.equal(slab, null);
    assert.match(missing.find(({ meter }) => meter === 'slab')?.why ?? '', /readable by root only, and .* not there/);
  }
  assert.ok(quick.targetBytes > 1e6, 'the running counters are for everybody');
  assert.ok(readings.client!.anonBytes! > 1e6, 'its own process it may read');
  const { user, userBasis, kernel } = ledgerOf(readings, readings, { target: 10, client: 10 });
  assert.deepEqual([user, userBasis, kernel === null], [target!.rssBytes, 'rss', slab === null]);
});

test('a fresh network namespace: no socket there is 0 sockets, and nothing is missing for it', asRoot, async (t) => {
  const wrapper = ['unshare', '--net'];
  if (spawnSync(wrapper[0]!, [...wrapper.slice(1), 'true']).status !== 0) return t.skip('no namespace can be made');
  const read = await readElsewhere(t, process.pid, { wrapper });
  if (!read) return;
  const { sockstat, established, missing } = read.readings;
  assert.equal(sockstat?.tcpInUse, 0);
  assert.deepEqual([established?.targetEnds, established?.clientEnds], [0, 0]);
  assert.deepEqual(
    missing.filter(({ meter }) => meter !== 'slab' && meter !== 'cgroup'),
    [],
  );
});
