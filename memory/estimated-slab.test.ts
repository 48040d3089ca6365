import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { SLAB_CACHES } from '../core/schemas/readings.ts';
import { readStructSizes } from './btf.ts';
import { estimateSlab, slabFrom } from './estimated-slab.ts';
import { Missing } from './meter.ts';
import { readSlab } from './slab.ts';

const hasBoth = existsSync('/sys/kernel/btf/vmlinux') && process.getuid?.() === 0;
const asRoot = { skip: hasBoth ? false : 'needs root, and a kernel with BTF' };

test('what is estimated is what root reads, of every cache that the kernel shows', asRoot, async () => {
  const [read, estimated] = [await readSlab(), estimateSlab()];
  // Notes of security modules are no types: they are guessed.
  const shown = SLAB_CACHES.filter((name) => read[name] && estimated[name] && !name.startsWith('lsm_'));
  assert.ok(shown.includes('TCP') && shown.includes('TCPv6') && shown.length >= 6, String(shown));
  assert.deepEqual(
    shown.map((name) => [name, estimated[name]!.bytesPerObject]),
    shown.map((name) => [name, read[name]!.bytesPerObject]),
  );
});

/** A BTF of one struct for each size, made by hand: a header of 24 bytes, types of 12 without members, strings. */
function btfOf(structs: Readonly<Record<string, number>> | ReadonlyArray<readonly [string, number]>): Buffer {
  const all = Array.isArray(structs) ? (structs as ReadonlyArray<readonly [string, number]>) : Object.entries(structs);
  const names = `\0${[...new Set(all.map(([name]) => name))].join('\0')}\0`;
  const types = all.map(([name, bytes]) => {
    const type = Buffer.alloc(12);
    type.writeUInt32LE(names.indexOf(`\0${name}\0`) + 1, 0);
    type.writeUInt32LE(4 << 24, 4);
    type.writeUInt32LE(bytes, 8);
    return type;
  });
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header[2] = 1;
  header.writeUInt32LE(24, 4);
  header.writeUInt32LE(12 * types.length, 12);
  header.writeUInt32LE(12 * types.length, 16);
  header.writeUInt32LE(names.length, 20);
  return Buffer.concat([header, ...types, Buffer.from(names, 'latin1')]);
}

/** Structs as they are on some kernel, and what comes of them. */
const KERNELS: ReadonlyArray<
  readonly [machine: string, structs: Record<string, number>, processors: number, shown: object]
> = [
  [
    '6.18, 2 processors',
    { tcp_sock: 2304, tcp6_sock: 2432, socket_alloc: 768, file: 184, epitem: 120, epitems_head: 16 },
    2,
    {
      TCP: 32_768 / 13,
      TCPv6: 32_768 / 13,
      sock_inode_cache: 16_384 / 19,
      filp: 4096 / 21,
      eventpoll_epi: 128,
      ep_head: 16,
    },
  ],
  ['small structs share a line', { tcp_sock: 2304, socket_alloc: 768, epitem: 24 }, 2, { eventpoll_epi: 4096 / 128 }],
];
for (const [machine, structs, processors, shown] of KERNELS) {
  test(`laid out as on ${machine}`, () => {
    const slab = slabFrom(btfOf(structs), { pageSizeBytes: 4096, cacheLineBytes: 64, processors });
    for (const [name, bytes] of Object.entries(shown)) {
      assert.equal(slab[name as keyof typeof slab]?.bytesPerObject, bytes, name);
    }
  });
}

test('what is no type information, or has no sockets, is missing', () => {
  const machine = { pageSizeBytes: 4096, cacheLineBytes: 64, processors: 2 };
  assert.throws(() => slabFrom(Buffer.from('not at all, and long enough'), machine), Missing);
  assert.throws(() => slabFrom(btfOf({ file: 184 }), machine), /sockets/);
  assert.throws(() => slabFrom(Buffer.alloc(0), machine), Missing);
});

test('a struct that comes twice counts, unless its sizes differ', () => {
  const [alike, unlike] = [192, 200].map((other) =>
    btfOf([
      ['dentry', 192],
      ['file', 184],
      ['dentry', other],
    ]),
  );
  assert.deepEqual(readStructSizes(alike!, ['dentry', 'file', 'absent']), { dentry: 192, file: 184 });
  assert.deepEqual(readStructSizes(unlike!, ['dentry', 'file']), { file: 184 });
});
