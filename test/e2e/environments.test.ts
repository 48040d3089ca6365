/**
 * Surroundings in which something is missing: a run goes through all the same, what it can't know is null and never 0,
 * and why is said. More in environments-network.test.ts and environments-folder.test.ts.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { WebSocketServer } from 'ws';
import type { Ability } from '../../client/preflight/abilities.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  type Ended,
  foldedLegs,
  HASTY,
  readSamples,
  reportOn,
  type StartOptions,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { assertNotSkippedUnseen, ELSEWHERE, elsewhere, LOOPBACK_UP, openFolder } from '../support/elsewhere.ts';

assertNotSkippedUnseen();

/** Two are enough for what is known of a level, three for what one more connection costs. */
const LEVELS = [20, 40];
/** So many that they tell a cost on a machine that is busy with other things, too. */
const MANY = [300, 600, 900, 1200, 1500];
const BUILTIN = ['--protocol', 'tcp'];

/** Runs the plan to its end, and what it came to. The shape holds wherever it is: levels open, and nothing is left. */
async function runAt(
  t: TestContext,
  options: StartOptions,
  args: readonly string[] = BUILTIN,
  assertEnded: (ended: Ended) => void = assertWentThrough,
  levels: readonly number[] = LEVELS,
) {
  const folder = join(openFolder(t), 'run');
  const ended = await connrig(t, ['run', ...args, '--levels', levels.join(), ...HASTY, '--out', folder], options);
  assertEnded(ended);
  const summary = await reportOn(t, folder);
  const [leg] = foldedLegs(folder);
  assert.deepEqual(
    leg?.levels.map(({ open }) => open),
    levels,
  );
  assert.equal(leg?.outcomes.open, leg?.attempts);
  const told = ended.stdout + ended.stderr;
  for (const warning of summary.warnings) assert.ok(told.includes(warning), `${warning} is for people, too`);
  return { folder, summary, leg: leg!, ended };
}

/** A server outside of these surroundings, by its address and process. */
async function running(t: TestContext): Promise<string[]> {
  const echo = await startEcho('tcp');
  t.after(() => echo.close());
  return [echo.url, '--pid', String(echo.pid)];
}

/** For each level: whether the target's own and the kernel's memory are known; a number is one that can be. */
function knownOf({ legs }: Summary): { user: boolean[]; kernel: boolean[]; total: boolean[] } {
  const known = (which: 'user' | 'kernel' | 'total'): boolean[] =>
    legs[0]!.levels.map(({ bytes }) => {
      assert.ok(bytes[which] === null || bytes[which] > 1000, `${which} is ${bytes[which]}`);
      return bytes[which] !== null;
    });
  return { user: known('user'), kernel: known('kernel'), total: known('total') };
}
const ALL = LEVELS.map(() => true);
const NONE = LEVELS.map(() => false);
const ALL_OF_MANY = MANY.map(() => true);
const NONE_OF_MANY = MANY.map(() => false);

const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'];
const USER_NAMESPACE = ['unshare', '--user', '--map-root-user'];

const NO_CGROUPS = 'umount --all --types cgroup,cgroup2';

/** The kernel's own types, by which its objects are estimated where they can't be listed. */
const TYPES = '/sys/kernel/btf/vmlinux';
const NO_TYPES = `[ ! -e ${TYPES} ] || mount --bind /dev/null ${TYPES}`;
const NO_SLAB =
  /^slab could not be read: \/proc\/slabinfo is readable by root only, and .*; the kernel's part is unknown$/m;

/** What root reads of the kernel's part lies in the interval of what was estimated. */
function assertEstimated(leg: LegSummary, asRoot: LegSummary): void {
  const { kernel, isKernelEstimated } = leg.perConnection!;
  assert.deepEqual([isKernelEstimated, asRoot.perConnection!.isKernelEstimated], [true, false]);
  // Socket, inode, file and what waits for it: the rows that are sized. Page tables and the like differ from run to run.
  const sized = ['tcpSock', 'socketInode', 'dentry', 'file', 'security', 'epoll'] as const;
  const sum = ({ perConnection }: LegSummary): number =>
    sized.reduce((all, name) => all + (perConnection!.components[name] ?? 0), 0);
  const off = sum(asRoot) - sum(leg);
  assert.ok(kernel!.low - kernel!.bytes <= off && off <= kernel!.high - kernel!.bytes, `${off} B`);
}

const isIPv6Here = (): boolean =>
  Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

describe('without root', () => {
  it("estimates the kernel's part, and what root reads of it lies in the interval", ELSEWHERE, async (t) => {
    if (!existsSync(TYPES)) return t.skip('this kernel does not carry its types');
    const asRoot = await runAt(t, elsewhere(t, {}), BUILTIN, assertWentThrough, MANY);
    const { summary, leg } = await runAt(t, elsewhere(t, { asNobody: true }), BUILTIN, assertWentThrough, MANY);
    assert.deepEqual(knownOf(summary), { user: ALL_OF_MANY, kernel: ALL_OF_MANY, total: ALL_OF_MANY });
    assert.doesNotMatch(summary.warnings.join('\n'), /^slab could not be read/m);
    assertEstimated(leg, asRoot.leg);
  });

  it('does so over IPv6, of TCP and of WebSocket', ELSEWHERE, async (t) => {
    if (!existsSync(TYPES)) return t.skip('this kernel does not carry its types');
    if (!isIPv6Here()) return t.skip('this machine has no ::1');
    const tcp = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
    const ws = new WebSocketServer({ host: '::1', port: 0, backlog: 4096 });
    t.after(() => [tcp, ws].map((server) => server.close()));
    await Promise.all([once(tcp.listen(0, '::1', 4096), 'listening'), once(ws, 'listening')]);
    const portOf = (server: typeof tcp | typeof ws): number => (server.address() as AddressInfo).port;
    const urls = [`tcp://[::1]:${portOf(tcp)}`, `ws://[::1]:${portOf(ws)}`];
    const asRoot = await runAt(t, elsewhere(t, {}), urls, assertWentThrough, MANY);
    const asNobody = await runAt(t, elsewhere(t, { asNobody: true }), urls, assertWentThrough, MANY);
    assert.equal(asNobody.summary.legs.length, 2);
    for (const [i, leg] of asNobody.summary.legs.entries()) assertEstimated(leg, asRoot.summary.legs[i]!);
  });

  it("knows user space, and says that the kernel's part is not for it to see", ELSEWHERE, async (t) => {
    const options = elsewhere(t, { asNobody: true, setUp: NO_TYPES });
    const { summary, leg } = await runAt(t, options, BUILTIN, assertWentThrough, MANY);
    assert.deepEqual(knownOf(summary), { user: ALL_OF_MANY, kernel: NONE_OF_MANY, total: NONE_OF_MANY });
    assert.match(summary.warnings.join('\n'), NO_SLAB);
    const { user, kernel, total, components } = leg.perConnection!;
    assert.ok(user !== null);
    assert.deepEqual([kernel, total], [null, null]);
    const { tcpSock, socketInode, dentry, file, security, epoll, localPorts } = components;
    assert.deepEqual([tcpSock, socketInode, dentry, file, security, epoll, localPorts], Array(7).fill(null));
    assert.deepEqual(
      leg.levels.map(({ established }) => established),
      MANY,
      'counting is for everybody',
    );
  });

  it('is no better off as the root of a user namespace', ELSEWHERE, async (t) => {
    const { status, stderr } = spawnSync('setpriv', [...NOBODY, ...USER_NAMESPACE, 'true'], { encoding: 'utf8' });
    if (status !== 0) return t.skip(`nobody may make a user namespace here: ${stderr.trim()}`);
    const wrapped = elsewhere(t, { asNobody: true, wrapper: USER_NAMESPACE, setUp: NO_TYPES });
    const { summary } = await runAt(t, wrapped);
    assert.deepEqual(knownOf(summary), { user: ALL, kernel: NONE, total: NONE });
    assert.match(summary.warnings.join('\n'), NO_SLAB);
  });

  it("takes another user's process by its RSS, and says so", ELSEWHERE, async (t) => {
    const { summary, folder } = await runAt(t, elsewhere(t, { asNobody: true, setUp: NO_TYPES }), await running(t));
    assert.deepEqual(knownOf(summary), { user: ALL, kernel: NONE, total: NONE });
    assert.match(summary.warnings.join('\n'), /^in user space stands the target's RSS/m);
    for (const sample of readSamples(folder)) {
      if (sample.type !== 'memory') continue;
      const { rssBytes, pssBytes, anonBytes, ussBytes, openFiles, hasEpoll } = sample.readings.target!;
      assert.ok(rssBytes > 1e7);
      assert.deepEqual([pssBytes, anonBytes, ussBytes, openFiles, hasEpoll], [null, null, null, null, null]);
    }
  });

  for (const hidepid of ['1', '2']) {
    it(`says of another user's process that it is hidden, not gone (hidepid=${hidepid})`, ELSEWHERE, async (t) => {
      const echo = await startEcho('tcp');
      t.after(() => echo.close());
      const options = elsewhere(t, {
        asNobody: true,
        setUp: `${NO_TYPES}\nmount -t proc -o hidepid=${hidepid} proc /proc`,
      });
      // It was asked for by its id, so a run that can't read it has failed.
      const { summary, leg } = await runAt(t, options, [echo.url, '--pid', String(echo.pid)], (ended) =>
        assertFailed(ended, 4, 'EMETER', /the target's memory could not be read at 2 of 2 levels/),
      );
      assert.deepEqual(knownOf(summary), { user: NONE, kernel: NONE, total: NONE });
      assert.equal(leg.perConnection, null);
      const why = `process ${echo.pid} is hidden from us: /proc is mounted with hidepid`;
      const warnings = summary.warnings.join('\n');
      assert.ok(warnings.includes(`target could not be read: ${why}; the target's own memory is unknown`), warnings);
      assert.ok(warnings.includes(`cgroup could not be read: ${why}`), warnings);
    });
  }
});

describe('connrig doctor', () => {
  const heard = async (t: TestContext, options: StartOptions, ends: number = 0): Promise<Map<string, Ability>> => {
    const { code, stdout, stderr } = await connrig(t, ['doctor', '--connections', '100', '--json'], options);
    assert.equal(code, ends, stderr);
    const { abilities, readingMs } = JSON.parse(stdout) as { abilities: Ability[]; readingMs: number };
    assert.ok(readingMs > 0);
    return new Map(abilities.map((ability) => [ability.what, ability]));
  };

  it('has nothing to say against this machine, as root, but where it lacks cgroups', ELSEWHERE, async (t) => {
    const lacking = [...(await heard(t, elsewhere(t, {})))].filter(([, { ok }]) => !ok).map(([what]) => what);
    assert.deepEqual(
      lacking.filter((what) => !['cgroup', '--command', 'established'].includes(what)),
      [],
    );
  });

  it('names everything that is lacking, and what to do about it', ELSEWHERE, async (t) => {
    const setUp = `${NO_TYPES}\n${NO_CGROUPS}\nmount -t proc -o hidepid=2 proc /proc`;
    // With loopback down no run would get anywhere.
    const abilities = await heard(t, elsewhere(t, { asNobody: true, namespaces: ['net'], setUp }), 4);
    const told = (what: string): unknown[] => {
      const { ok, sentence, remedy } = abilities.get(what)!;
      return [ok, sentence, remedy];
    };
    const root = "run as root, or as the target's user";
    assert.deepEqual(told('others'), [false, "other users' processes are hidden: /proc is mounted with hidepid", root]);
    const [hasSlab, slab, remedy] = told('slab');
    assert.deepEqual([hasSlab, remedy], [false, 'run as root']);
    assert.match(String(slab), /^\/proc\/slabinfo is readable by root only, and .*; the kernel's part is unknown$/);
    const cgroup = "there is no memory cgroup here; what the target's cgroup is charged is unknown";
    assert.deepEqual(told('cgroup'), [false, cgroup, '']);
    assert.equal(told('--command')[0], false);
    const loopback = "127.0.0.1 can't be reached, and with it our own server";
    assert.deepEqual(told('loopback'), [false, loopback, 'ip link set lo up']);
    for (const what of ['target', 'sockstat', 'established', 'host', 'engine']) assert.equal(told(what)[0], true, what);
  });
});

describe('a /proc that tells less', () => {
  it('has a slabinfo for form alone', ELSEWHERE, async (t) => {
    const setUp = `${NO_TYPES}\nmount --bind /dev/null /proc/slabinfo`;
    const { summary } = await runAt(t, elsewhere(t, { setUp }), await running(t));
    assert.deepEqual(knownOf(summary), { user: ALL, kernel: NONE, total: NONE });
    assert.match(summary.warnings.join('\n'), /^slab could not be read: \/proc\/slabinfo shows none of the caches/m);
  });

  // The shell's process id is connrig's own in the end: these folders stand where /proc/self/net leads.
  const withNet = (t: TestContext, names: readonly string[], ...more: readonly string[]): StartOptions => {
    const links = names.map((name) => `ln -s /proc/${process.pid}/net/${name} net/${name}`);
    return elsewhere(t, { setUp: ['mkdir net', ...links, 'mount --bind net /proc/$$/net', ...more].join('\n') });
  };

  it(
    'has no IPv6, neither tcp6 nor sockstat6, and no cgroups: all but what a cgroup would be charged',
    ELSEWHERE,
    async (t) => {
      const { summary, leg } = await runAt(t, withNet(t, ['tcp', 'sockstat'], NO_CGROUPS), await running(t));
      assert.deepEqual(knownOf(summary), { user: ALL, kernel: ALL, total: ALL });
      assert.deepEqual(
        leg.levels.map(({ established }) => established),
        LEVELS,
      );
      for (const { chargedBytes } of leg.levels) assert.equal(chargedBytes, null);
      const unread = summary.warnings.filter((text) => text.includes('could not be read'));
      const why =
        "cgroup could not be read: there is no memory cgroup here; what the target's cgroup is charged is unknown";
      assert.deepEqual(unread, [why], 'nothing else is missing');
    },
  );

  it('has no lists of sockets at all: netlink has one', ELSEWHERE, async (t) => {
    const { summary, leg } = await runAt(t, withNet(t, []), await running(t), assertWentThrough, MANY);
    assert.deepEqual(knownOf(summary), { user: ALL_OF_MANY, kernel: ALL_OF_MANY, total: ALL_OF_MANY });
    for (const { open, established, kernelSockets } of leg.levels)
      assert.deepEqual([established, kernelSockets], [open, null]);
    assert.equal(leg.perConnection?.components.socketBuffers, 0, 'it tells what is queued, too');
    const warnings = summary.warnings.join('\n');
    assert.match(
      warnings,
      /^sockstat could not be read: .* is not there; what is reserved for TCP buffers is unknown$/m,
    );
    assert.doesNotMatch(warnings, /^established could not be read/m);
  });
});

describe('without cgroups', () => {
  it('starts a command in none of its own, and says so', ELSEWHERE, async (t) => {
    // A network namespace of its own, so that the port is free.
    const options = elsewhere(t, {
      namespaces: ['net'],
      setUp: `${LOOPBACK_UP}\n${NO_CGROUPS}`,
    });
    const command = `exec '${process.execPath}' -e "require('net').createServer((c) => c.pipe(c)).listen(3000)"`;
    const { summary } = await runAt(t, options, ['tcp://127.0.0.1:3000', '--command', command]);
    assert.deepEqual(knownOf(summary), { user: ALL, kernel: ALL, total: ALL });
    assert.match(
      summary.warnings.join('\n'),
      /^the command runs in no memory cgroup of its own: there is no memory cgroup/m,
    );
  });
});
