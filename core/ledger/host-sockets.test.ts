import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSlab, makeTree } from '../../test/support/ledger-readings.ts';
import { hostSocketsOf } from './host-sockets.ts';

const slab = makeSlab(() => 100);
const target = makeTree(1);
const sizeOf = (...names: ReadonlyArray<keyof typeof slab>): number =>
  names.reduce((sum, name) => sum + slab[name]!.bytesPerObject, 0);
const none = { tcpInUse: 0, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: 0, tcpMemBytes: 0 };

test('sockets of a host: objects with their files, orphans without, what rests in TIME_WAIT, what is reserved', () => {
  const both = { slab, target, client: target };
  const fileBytes = sizeOf('sock_inode_cache', 'dentry', 'filp', 'lsm_inode_cache', 'lsm_file_cache');
  const epollBytes = sizeOf('eventpoll_epi', 'eventpoll_pwq', 'ep_head');
  const one = sizeOf('TCP') + fileBytes + epollBytes;
  assert.equal(hostSocketsOf(both, { ...none, tcpAlloc: 1 }), one);
  assert.equal(hostSocketsOf(both, { ...none, tcpAlloc: 3, tcpOrphan: 2 }), one + 2 * sizeOf('TCP'));
  assert.equal(hostSocketsOf(both, { ...none, tcpTimeWait: 10, tcpMemBytes: 4096 }), 10 * sizeOf('tw_sock_TCP') + 4096);
  // One end has it, the other hasn't, or isn't known.
  assert.equal(hostSocketsOf({ ...both, client: null }, { ...none, tcpAlloc: 2 }), 2 * one - epollBytes);
});

test('without sizes there is no telling', () => {
  assert.equal(hostSocketsOf({ slab: null, target, client: target }, none), null);
  assert.equal(hostSocketsOf({ slab: {}, target, client: target }, none), null);
});
