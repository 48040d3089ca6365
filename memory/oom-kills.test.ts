import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseOomKills, watchOomKills } from './oom-kills.ts';

const MIB = 2 ** 20;

test('the count of kills is the same line in v1 and v2; an older kernel has none', () => {
  assert.equal(parseOomKills('oom_kill_disable 0\nunder_oom 0\noom_kill 3\n'), 3);
  assert.equal(parseOomKills('low 0\nhigh 0\nmax 12\noom 4\noom_kill 2\noom_group_kill 0\n'), 2);
  assert.equal(parseOomKills('oom_kill_disable 0\nunder_oom 0\n'), undefined);
  assert.equal(parseOomKills(''), undefined);
});

/** A made-up /proc with process 7 in the cgroup /pod/app, and that cgroup's files. */
function fakeSystem(t: TestContext, version: 1 | 2) {
  const at = mkdtempSync(join(tmpdir(), 'connrig-oom-'));
  t.after(() => rmSync(at, { recursive: true, force: true }));
  for (const folder of ['7', 'self', 'cg/pod/app']) mkdirSync(join(at, folder), { recursive: true });
  const [line, mount] =
    version === 1 ? ['4:memory:/pod/app\n', 'cgroup cgroup rw,memory'] : ['0::/pod/app\n', 'cgroup2 cgroup2 rw'];
  writeFileSync(join(at, '7/cgroup'), line);
  writeFileSync(join(at, 'self/mountinfo'), `30 23 0:26 / ${join(at, 'cg')} rw - ${mount}\n`);
  const [counter, limit] =
    version === 1 ? ['memory.oom_control', 'memory.limit_in_bytes'] : ['memory.events', 'memory.max'];
  return {
    proc: at,
    count: (folder: string, kills: number) =>
      writeFileSync(join(at, 'cg', folder, counter), `oom 9\noom_kill ${kills}\n`),
    limit: (folder: string, text: string) => writeFileSync(join(at, 'cg', folder, limit), `${text}\n`),
    remove: (folder: string) => rmSync(join(at, 'cg', folder), { recursive: true }),
  };
}

for (const version of [1, 2] as const) {
  test(`v${version}: kills since the watch began, with the least limit above the process`, async (t) => {
    const system = fakeSystem(t, version);
    system.count('pod/app', 5);
    system.limit('pod/app', String(128 * MIB));
    system.limit('pod', String(64 * MIB));
    const kills = await watchOomKills(7, system.proc);
    assert.equal(kills(), undefined, 'the five were before');
    system.count('pod/app', 7);
    assert.deepEqual(kills(), { processes: 2, path: '/pod/app', limitBytes: 64 * MIB });
  });
}

test('v2: where the cgroup goes with its last process, the one above tells; v1 has no such sum', async (t) => {
  for (const [version, wanted] of [
    [2, { processes: 1, path: '/pod/app', limitBytes: null }],
    [1, undefined],
  ] as const) {
    const system = fakeSystem(t, version);
    system.limit('pod/app', version === 1 ? '9223372036854771712' : 'max');
    system.count('pod', 2);
    system.count('pod/app', 0);
    const kills = await watchOomKills(7, system.proc);
    system.count('pod', 3);
    system.remove('pod/app');
    assert.deepEqual(kills(), wanted);
  }
});

test('a neighbour that was killed below the same cgroup is not ours, while our own is there to say so', async (t) => {
  const system = fakeSystem(t, 2);
  system.count('pod', 0);
  system.count('pod/app', 0);
  const kills = await watchOomKills(7, system.proc);
  system.count('pod', 1);
  assert.equal(kills(), undefined);
});

test('nothing is claimed of a process that is gone, nor where the kernel does not count', async (t) => {
  const system = fakeSystem(t, 1);
  assert.equal((await watchOomKills(7, system.proc))(), undefined);
  assert.equal((await watchOomKills(8, system.proc))(), undefined);
});
