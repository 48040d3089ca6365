import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readCgroup } from './cgroup.ts';
import { type MadeCgroup, makeCgroup } from './cgroup-make.ts';
import { Missing } from './meter.ts';

const nameOf = (t: TestContext): string => `connrig-test-${process.pid}-${t.name.length}`;

/** Skips the test, with the reason, where no cgroup can be made. */
async function tryMake(t: TestContext): Promise<MadeCgroup | undefined> {
  try {
    const made = await makeCgroup(nameOf(t));
    t.after(() => made.remove());
    return made;
  } catch (error) {
    assert.ok(error instanceof Missing, String(error));
    t.skip(error.message);
    return undefined;
  }
}

const HOARDER = `const kept=Buffer.alloc(64*2**20,1);console.log(kept.length);setInterval(()=>{},1e3)`;

test('a process that starts in a cgroup of its own is charged there, all of it and alone', async (t) => {
  const made = await tryMake(t);
  if (!made) return;
  const child = spawn(
    '/bin/sh',
    ['-c', 'echo $$ > "$1"; exec "$2" -e "$3"', 'sh', made.procsFile, process.execPath, HOARDER],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const pid = child.pid!;
  assert.deepEqual(await made.members(), [pid]);
  const cgroup = await readCgroup([pid], [pid]);
  assert.equal(cgroup.exclusive, true);
  assert.ok(cgroup.path.endsWith(`/${nameOf(t)}`), cgroup.path);
  assert.ok(cgroup.anonBytes! > 64 * 2 ** 20 && cgroup.anonBytes! < 200 * 2 ** 20, `${cgroup.anonBytes} bytes`);
  assert.ok(cgroup.currentBytes >= cgroup.anonBytes!);
  assert.ok(cgroup.kernelBytes! > 0);

  const stranger = spawn('/bin/sh', ['-c', 'echo $$ > "$1"; echo in; exec sleep 60', 'sh', made.procsFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(stranger.stdout, 'data');
  assert.equal((await readCgroup([pid], [pid])).exclusive, false);

  const ended = Promise.all([once(child, 'exit'), once(stranger, 'exit')]);
  assert.equal(await made.remove(), undefined);
  assert.equal(existsSync(made.folder), false);
  await ended;
  assert.equal(await made.remove(), undefined, 'twice is no harm');
});

test('a process that starts others and sees them go stays alone', async (t) => {
  const made = await tryMake(t);
  if (!made) return;
  const parent = spawn(
    '/bin/sh',
    ['-c', 'echo $$ > "$1"; echo in; while :; do sleep 0.05; done', 'sh', made.procsFile],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => parent.kill('SIGKILL'));
  await once(parent.stdout, 'data');
  for (let i = 0; i < 20; i++) {
    assert.equal((await readCgroup([parent.pid!], [parent.pid!])).exclusive, true);
    await delay(7);
  }
});

/** A made-up /proc and cgroup file system. */
function fakeProc(t: TestContext, cgroup: string, mounts: readonly string[], handsOn: readonly string[]): string {
  const at = mkdtempSync(join(tmpdir(), 'connrig-cgroup-'));
  t.after(() => rmSync(at, { recursive: true, force: true }));
  mkdirSync(join(at, 'self'));
  mkdirSync(join(at, 'cg/user/app'), { recursive: true });
  writeFileSync(join(at, 'self/cgroup'), cgroup);
  const lines = mounts.map((mount, i) => `${30 + i} 23 0:${26 + i} / ${mount.replace('CG', join(at, 'cg'))}\n`);
  writeFileSync(join(at, 'self/mountinfo'), lines.join(''));
  for (const folder of handsOn) writeFileSync(join(at, folder, 'cgroup.subtree_control'), 'cpu memory pids\n');
  return at;
}
const V2 = 'CG rw - cgroup2 cgroup2 rw';

const refusals: ReadonlyArray<[string, string, readonly string[], readonly string[], RegExp]> = [
  ['no cgroups at all', '', [], [], /^there is no memory cgroup here$/],
  ['v2, nothing handed on', '0::/user/app\n', [V2], [], /^the memory controller is not handed on in .*app or .*user$/],
  // What is made there is a plain folder, without the files a kernel would put in.
  ['v2, handed on beside us', '0::/user/app\n', [V2], ['cg/user'], /made as .*\/cg\/user\/mine \(ENOENT\)$/],
  [
    'v1, below us',
    '4:memory:/user/app\n',
    ['CG rw - cgroup cgroup rw,memory'],
    [],
    /\/cg\/user\/app\/mine \(ENOENT\)$/,
  ],
];
for (const [what, cgroup, mounts, handsOn, why] of refusals) {
  test(`where no cgroup can be made, the reason: ${what}`, async (t) => {
    const proc = fakeProc(t, cgroup, mounts, handsOn);
    await assert.rejects(makeCgroup('mine', proc), (error) => error instanceof Missing && why.test(error.message));
    assert.equal(existsSync(join(proc, 'cg/user/mine')) || existsSync(join(proc, 'cg/user/app/mine')), false);
  });
}
