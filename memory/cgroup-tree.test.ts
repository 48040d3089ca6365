/**
 * The cgroup meter on hosts that this one isn't: /proc and the cgroup file systems as they look there, laid out in a
 * temporary folder.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Cgroup } from '../core/schemas/readings.ts';
import { readCgroup } from './cgroup.ts';
import { leastLimit, placesOf } from './cgroup-place.ts';
import { Missing } from './meter.ts';

const PID = 4711;
const MIB = 2 ** 20;

/** As Linux 6.12 writes it for a service that holds connections. */
const V2_STAT = `anon 94633984
file 9437184
kernel 41943040
kernel_stack 360448
pagetables 1130496
sec_pagetables 0
percpu 9184
sock 4198400
vmalloc 0
shmem 1048576
zswap 0
zswapped 0
file_mapped 4194304
file_dirty 0
file_writeback 0
swapcached 0
anon_thp 20971520
file_thp 0
shmem_thp 0
inactive_anon 94371840
active_anon 1310720
inactive_file 6291456
active_file 2097152
unevictable 0
slab_reclaimable 9175040
slab_unreclaimable 31195136
slab 40370176
workingset_refault_anon 0
workingset_refault_file 0
pgfault 311296
pgmajfault 12
`;
/** The same as Linux 5.10 writes it: no sum of kernel memory, no page tables. */
const V2_STAT_5_10 = V2_STAT.replace(
  /^(kernel|pagetables|sec_pagetables|vmalloc|zswap|zswapped|swapcached) .*\n/gm,
  '',
);
const V2_PARTS = { anonBytes: 95_682_560, fileBytes: 8_388_608, kernelBytes: 41_943_040, sockBytes: 4_198_400 };

/** As Linux 5.15 and 6.18 write it; cut to the lines with `total_` and two of those without. */
const V1_STAT = `cache 0
rss 4096
hierarchical_memory_limit 268435456
total_cache 9437184
total_rss 94633984
total_rss_huge 20971520
total_shmem 1048576
total_mapped_file 4194304
total_pgfault 311296
`;
const V1_FILES = {
  'memory.usage_in_bytes': '151011328\n',
  'memory.stat': V1_STAT,
  'memory.limit_in_bytes': '268435456\n',
  'memory.kmem.usage_in_bytes': '41943040\n',
  'memory.kmem.tcp.usage_in_bytes': '0\n',
  'memory.kmem.tcp.limit_in_bytes': '9223372036854771712\n',
  'cgroup.procs': `${PID}\n`,
};
const V2_FILES = {
  'memory.current': '151011328\n',
  'memory.stat': V2_STAT,
  'memory.max': '268435456\n',
  'cgroup.procs': `${PID}\n`,
  'cgroup.controllers': 'cpuset cpu io memory pids\n',
};
/** A v2 cgroup for which the memory controller isn't on. */
const V2_BARE = { 'cgroup.procs': `${PID}\n`, 'cgroup.controllers': 'cpu pids\n' };
/** The root cgroup of v2 has no account of its own. */
const V2_ROOT = { 'cgroup.procs': '1\n2\n', 'cgroup.controllers': 'cpuset cpu io memory pids\n' };

interface Host {
  /** /proc/PID/cgroup. */
  readonly cgroup: string;
  /** Lines of /proc/self/mountinfo: root and mount point (below the folder), then what follows the dash. */
  readonly mounts: ReadonlyArray<readonly [root: string, point: string, type: string]>;
  /** Folder → file → what it says. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
const V1 = 'cgroup cgroup rw,memory';
const V2 = 'cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot';

/** Lays the host out. @returns where its /proc is */
function layOut(t: TestContext, { cgroup, mounts, files }: Host): string {
  const at = mkdtempSync(join(tmpdir(), 'connrig-host-'));
  t.after(() => rmSync(at, { recursive: true, force: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  for (const who of [String(PID), 'self']) write(join(at, 'proc', who, 'cgroup'), cgroup);
  write(join(at, `proc/${PID}/stat`), `${PID} (server) S 1 ${PID} ${PID} 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 11 0 100\n`);
  const lines = ['23 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw'].concat(
    mounts.map(([root, point, type], i) => `${30 + i} 23 0:${26 + i} ${root} ${join(at, point)} rw,nosuid - ${type}`),
  );
  write(join(at, 'proc/self/mountinfo'), `${lines.join('\n')}\n`);
  for (const [folder, texts] of Object.entries(files)) {
    for (const [name, text] of Object.entries(texts)) write(join(at, folder, name), text);
  }
  return join(at, 'proc');
}

const readHost = (proc: string): Promise<Cgroup> => readCgroup([PID], [PID], { proc });

const V1_PARTS = { ...V2_PARTS, sockBytes: null };
const WHOLE = { currentBytes: 151_011_328, limitBytes: 256 * MIB, exclusive: true };
const SERVICE = 'system.slice/app.service';

const HOSTS: ReadonlyArray<[name: string, host: Host, expected: Partial<Cgroup>]> = [
  [
    'v2 alone, a service',
    { cgroup: `0::/${SERVICE}\n`, mounts: [['/', 'cg', V2]], files: { cg: V2_ROOT, [`cg/${SERVICE}`]: V2_FILES } },
    { version: 2, path: `/${SERVICE}`, ...WHOLE, ...V2_PARTS },
  ],
  [
    'v2 alone, a kernel without a sum of its memory',
    {
      cgroup: `0::/${SERVICE}\n`,
      mounts: [['/', 'cg', V2]],
      files: { [`cg/${SERVICE}`]: { ...V2_FILES, 'memory.stat': V2_STAT_5_10 } },
    },
    { ...WHOLE, ...V2_PARTS, kernelBytes: 360_448 + 40_370_176 + 9184 },
  ],
  [
    'v2, a container with a cgroup namespace of its own: its path is /, and there is an account',
    { cgroup: '0::/\n', mounts: [['/', 'cg', V2]], files: { cg: V2_FILES } },
    { version: 2, path: '/', ...WHOLE, ...V2_PARTS },
  ],
  [
    "v2, the host's namespace in a container that sees its own cgroup alone",
    {
      cgroup: '0::/kubepods.slice/pod1/app\n',
      mounts: [['/kubepods.slice/pod1/app', 'cg', V2]],
      files: { cg: V2_FILES },
    },
    { version: 2, path: '/kubepods.slice/pod1/app', ...WHOLE, ...V2_PARTS },
  ],
  [
    'v2, charged one above: the memory controller is not on for its own',
    {
      cgroup: `0::/${SERVICE}/worker\n`,
      mounts: [['/', 'cg', V2]],
      files: { cg: V2_ROOT, [`cg/${SERVICE}`]: { ...V2_FILES, 'cgroup.procs': '' }, [`cg/${SERVICE}/worker`]: V2_BARE },
    },
    { version: 2, path: `/${SERVICE}`, ...WHOLE, ...V2_PARTS },
  ],
  [
    'v2, unlimited by itself, limited by what is above it, with others beside it there',
    {
      cgroup: `0::/${SERVICE}\n`,
      mounts: [['/', 'cg', V2]],
      files: {
        cg: V2_ROOT,
        'cg/system.slice': { ...V2_FILES, 'memory.max': '536870912\n', 'cgroup.procs': '' },
        [`cg/${SERVICE}`]: { ...V2_FILES, 'memory.max': 'max\n' },
      },
    },
    { ...WHOLE, limitBytes: 512 * MIB },
  ],
  [
    'v2, unlimited',
    {
      cgroup: `0::/${SERVICE}\n`,
      mounts: [['/', 'cg', V2]],
      files: { [`cg/${SERVICE}`]: { ...V2_FILES, 'memory.max': 'max\n' } },
    },
    { ...WHOLE, limitBytes: null },
  ],
  [
    'v2, shared with a process that is not seen from here',
    {
      cgroup: `0::/${SERVICE}\n`,
      mounts: [['/', 'cg', V2]],
      files: { [`cg/${SERVICE}`]: { ...V2_FILES, 'cgroup.procs': `${PID}\n0\n` } },
    },
    { ...WHOLE, exclusive: false },
  ],
  [
    'v1 for memory, v2 for the rest',
    {
      cgroup: `11:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/${SERVICE}\n`,
      mounts: [
        ['/', 'v2', V2],
        ['/', 'v1/cpu', 'cgroup cgroup rw,cpu,cpuacct'],
        ['/', 'v1/memory', V1],
      ],
      files: { 'v1/memory/docker/abc': V1_FILES, [`v2/${SERVICE}`]: V2_BARE },
    },
    { version: 1, path: '/docker/abc', ...WHOLE, ...V1_PARTS },
  ],
  [
    'v1 for everything but memory, which v2 has',
    {
      cgroup: `4:cpu,cpuacct:/docker/abc\n0::/${SERVICE}\n`,
      mounts: [
        ['/', 'v1/cpu', 'cgroup cgroup rw,cpu,cpuacct'],
        ['/', 'v2', V2],
      ],
      files: { [`v2/${SERVICE}`]: V2_FILES },
    },
    { version: 2, path: `/${SERVICE}`, ...WHOLE, ...V2_PARTS },
  ],
  [
    'v1 with a limit for TCP buffers, which are counted then',
    {
      cgroup: '4:memory:/a\n',
      mounts: [['/', 'cg', V1]],
      files: {
        'cg/a': {
          ...V1_FILES,
          'memory.kmem.tcp.usage_in_bytes': '8192\n',
          'memory.kmem.tcp.limit_in_bytes': '1048576\n',
        },
      },
    },
    { version: 1, ...WHOLE, ...V1_PARTS, sockBytes: 8192 },
  ],
];
for (const [name, host, expected] of HOSTS) {
  test(`a cgroup is read: ${name}`, async (t) => {
    const read = await readHost(layOut(t, host));
    const known = Object.keys(expected) as (keyof Cgroup)[];
    assert.deepEqual(Object.fromEntries(known.map((key) => [key, read[key]])), expected);
  });
}

const REFUSALS: ReadonlyArray<[name: string, host: Host, why: RegExp]> = [
  ['no cgroups', { cgroup: '', mounts: [], files: {} }, /^there is no memory cgroup here$/],
  [
    'v1 without the memory controller',
    { cgroup: '4:cpu:/a\n', mounts: [['/', 'cg', 'cgroup cgroup rw,cpu']], files: {} },
    /^there is no memory cgroup here$/,
  ],
  [
    'v2, outside of our namespace, though there is one of that name inside',
    { cgroup: '0::/../app\n', mounts: [['/', 'cg', V2]], files: { cg: V2_FILES, 'cg/app': V2_FILES } },
    /^the cgroup \/\.\.\/app lies outside of what is mounted here$/,
  ],
  [
    "v1, a mount from before our namespace was made: its root is the whole machine's, not ours",
    { cgroup: '4:memory:/\n', mounts: [['/../..', 'cg', V1]], files: { cg: V1_FILES } },
    /^the cgroup \/ lies outside of what is mounted here$/,
  ],
  [
    'v2, the root of the machine',
    { cgroup: '0::/\n', mounts: [['/', 'cg', V2]], files: { cg: V2_ROOT } },
    /^the cgroup \/ has no memory\.current: it is the root, or the memory controller is not on$/,
  ],
  [
    'v2 beside v1, without the memory controller anywhere',
    {
      cgroup: '4:cpu:/a\n0::/a\n',
      mounts: [['/', 'cg', V2]],
      files: { cg: { ...V2_ROOT, 'cgroup.controllers': 'hugetlb\n' }, 'cg/a': V2_BARE },
    },
    /^the cgroup \/a has no memory\.current/,
  ],
  [
    'a cgroup that was removed under its process',
    { cgroup: `0::/${SERVICE} (deleted)\n`, mounts: [['/', 'cg', V2]], files: { 'cg/system.slice': V2_BARE } },
    /^the cgroup \/system\.slice\/app\.service \(deleted\) is not mounted here \(ENOENT\)$/,
  ],
];
for (const [name, host, why] of REFUSALS) {
  test(`a cgroup can't be read, and why: ${name}`, async (t) => {
    const proc = layOut(t, host);
    await assert.rejects(readHost(proc), (error) => error instanceof Missing && why.test(error.message));
  });
}

test('no number is made of a file that is not there', async (t) => {
  const host: Host = {
    cgroup: '0::/a\n',
    mounts: [['/', 'cg', V2]],
    files: { 'cg/a': { 'memory.current': '1048576\n', 'cgroup.procs': `${PID}\n` } },
  };
  const proc = layOut(t, host);
  const { anonBytes, fileBytes, kernelBytes, sockBytes, limitBytes, currentBytes } = await readHost(proc);
  assert.deepEqual([anonBytes, fileBytes, kernelBytes, sockBytes, limitBytes], [null, null, null, null, null]);
  assert.equal(currentBytes, MIB);
  assert.equal(await leastLimit(await placesOf(proc)), Number.POSITIVE_INFINITY);
});
