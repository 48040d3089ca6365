/** A server that isn't on the client's machine, as far as the network tells: its limits are its own. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { totalmem } from 'node:os';
import { it, type TestContext } from 'node:test';
import { compiled } from '../support/compiled.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  ENTRY,
  foldedLegs,
  HASTY,
  newFolder,
  readRunJson,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';
import { insideCgroup, limitedCgroup } from './limited.ts';
import { started } from './targets.ts';

const MIB = 2 ** 20;
const LIMIT_BYTES = 128 * MIB;
const HELD_BYTES = 16 * 1024;
const PORT = 7000;
const TOKEN = 'between-us';

const whyNot = ((): string | false => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root, for a network of its own';
  const { status } = spawnSync('/bin/sh', ['-c', 'unshare --net ip link add name a0 type veth peer name b0']);
  return status === 0 ? needs('gcc') : 'can make no network of its own here (unshare, ip, veth)';
})();

/** Another network, with one link to it; all of it goes with the process that keeps it. */
async function anotherNetwork(t: TestContext): Promise<{ keeper: number; ip: string }> {
  const child = spawn('unshare', ['--net', '/bin/sh', '-c', 'echo up; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const keeper = child.pid!;
  // A part of 198.18.0.0/15, which is for measuring (RFC 2544), for each process that does this.
  const net = `198.18.${(keeper >> 6) & 255}.${(keeper & 63) * 4}`;
  const [ours, theirs] = [1, 2].map((host) => net.replace(/\d+$/, (last) => String(Number(last) + host)));
  const link = `cr${keeper}`;
  const ip = (...args: string[]): void => void execFileSync('ip', args);
  ip('link', 'add', 'name', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(keeper));
  ip('address', 'add', `${ours}/30`, 'dev', link);
  ip('link', 'set', link, 'up');
  execFileSync('nsenter', ['-t', String(keeper), '-n', 'ip', 'address', 'add', `${theirs}/30`, 'dev', 'eth0']);
  execFileSync('nsenter', ['-t', String(keeper), '-n', 'ip', 'link', 'set', 'eth0', 'up']);
  return { keeper, ip: theirs! };
}

it('a server elsewhere in a cgroup with a limit has that for its limit, not the memory of the client', {
  timeout: 400_000,
  skip: whyNot,
}, async (t) => {
  const cgroup = await limitedCgroup(t, LIMIT_BYTES);
  if (!cgroup) return;
  const { keeper, ip } = await anotherNetwork(t);
  const there = ['nsenter', '-t', String(keeper), '-n'];
  const server = [...there, compiled(t, 'known-answer/held'), PORT, HELD_BYTES, `at=${ip}`];
  const pid = await started(t, insideCgroup(cgroup, ...server));
  const meter = startConnrig(t, ['meter', '--pid', String(pid), '--listen', `${ip}:0`], {
    program: [...there, process.execPath, ENTRY],
    env: { CONNRIG_ADMIN_TOKEN: TOKEN },
  });
  const exporter = await eventually(() => /http:\S+\/metrics/.exec(meter.stderr())?.[0], 'the meter');

  const folder = newFolder(t);
  const plan = ['--levels', '500,1k,1500,2k', '--rate', '5k/s', '--headroom', '10%', '--quiet', '--out', folder];
  assertWentThrough(
    await connrig(t, ['run', `tcp://${ip}:${PORT}`, '--exporter', exporter, ...plan], {
      env: { CONNRIG_EXPORTER_TOKEN: TOKEN },
    }),
  );
  const { target, legs, capacity, limiters } = await reportOn(t, folder);
  assert.equal(readRunJson(folder).generator.legs[0]?.targetIsLocal, false);

  const { user, total, charged } = legs[0]!.perConnection!;
  assert.ok(Math.abs(user!.bytes - HELD_BYTES - 16) <= 128, `in user space ${user!.bytes}`);
  assert.deepEqual(target.memoryLimit, { bytes: LIMIT_BYTES, basis: 'cgroup', machineBytes: totalmem() });
  assert.ok(charged!.bytes > user!.bytes && charged!.bytes < total!.bytes, `charged ${charged!.bytes}`);
  const [{ of, memoryLimitBytes, connections } = assert.fail()] = capacity;
  assert.deepEqual([of, memoryLimitBytes], ['charged', LIMIT_BYTES]);
  const wanted = (0.9 * LIMIT_BYTES) / charged!.bytes;
  assert.ok(connections > 0.9 * wanted && connections <= wanted, `${connections} instead of nearly ${wanted}`);
  assert.deepEqual(
    limiters.map(({ what }) => what).filter((what) => ['cpu', 'fds', 'tcp-mem'].includes(what)),
    [],
    "what the client's machine limits is no limit of the target",
  );
});

/** A server there, its meter here and there, and a run against it. */
async function runThere(t: TestContext, program: 'onward' | 'ghosts', words: string, ...plan: readonly string[]) {
  const { keeper, ip } = await anotherNetwork(t);
  const there = ['nsenter', '-t', String(keeper), '-n'];
  execFileSync('nsenter', ['-t', String(keeper), '-n', 'ip', 'link', 'set', 'lo', 'up']);
  // What a proxy leads to; what happens there is nobody's business.
  await started(t, `exec ${[...there, compiled(t, 'known-answer/held'), PORT + 1, 0].join(' ')}`);
  const pid = await started(
    t,
    `exec ${[...there, compiled(t, `known-answer/${program}`), PORT, words, `at=${ip}`].join(' ')}`,
  );
  const meter = startConnrig(t, ['meter', '--pid', String(pid), '--listen', `${ip}:0`], {
    program: [...there, process.execPath, ENTRY],
    env: { CONNRIG_ADMIN_TOKEN: TOKEN },
  });
  const exporter = await eventually(() => /http:\S+\/metrics/.exec(meter.stderr())?.[0], 'the meter');
  const folder = newFolder(t);
  const args = ['--exporter', exporter, ...plan, ...HASTY, '--quiet', '--out', folder];
  const ended = await connrig(t, ['run', `tcp://${ip}:${PORT}`, ...args], { env: { CONNRIG_EXPORTER_TOKEN: TOKEN } });
  return { ended, summary: { ...(await reportOn(t, folder)), legs: foldedLegs(folder) } };
}

it("a proxy elsewhere pays for its way onwards, by the meter's own look at it", {
  timeout: 400_000,
  skip: whyNot,
}, async (t) => {
  const plan = ['--levels', '300,600,900,1200,1500'];
  const costOf = async (words: string) => {
    const { ended, summary } = await runThere(t, 'onward', words, ...plan);
    assertWentThrough(ended);
    return summary.legs[0]!.perConnection!.components;
  };
  const [plain, proxy] = [await costOf('nothing'), await costOf(String(PORT + 1))];
  assert.ok(
    Math.abs(proxy.tcpSock! - 2 * plain.tcpSock!) <= 0.03 * plain.tcpSock!,
    `${proxy.tcpSock} of ${plain.tcpSock}`,
  );
  assert.equal(plain.localPorts, 0);
  assert.ok(proxy.localPorts! > 150, `${proxy.localPorts} bytes of ports`);
});

it('connections that a server elsewhere does not have are missed among its open files', {
  timeout: 400_000,
  skip: whyNot,
}, async (t) => {
  const plan = ['--levels', '100,200', '--open-timeout', '3s'];
  const { ended, summary } = await runThere(t, 'ghosts', '0 defer=60', ...plan);
  assertFailed(ended, 4, 'ETIMEDOUT', /has none of \d+ connections, by its open files, /);
  assert.deepEqual([summary.legs[0]!.levels, summary.capacity], [[], []]);
});
