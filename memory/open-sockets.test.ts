import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { countOpenSockets } from './open-sockets.ts';

test('sockets are counted, other files are not', { skip: process.platform !== 'linux' }, async (t) => {
  const before = countOpenSockets([process.pid])!;
  const files = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'));
  t.after(() => files.forEach(closeSync));
  assert.equal(countOpenSockets([process.pid]), before);
  const servers = Array.from({ length: 3 }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  assert.equal(countOpenSockets([process.pid]), before + 3);
  assert.equal(countOpenSockets([process.pid, process.pid]), 2 * (before + 3));
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  assert.equal(countOpenSockets([process.pid]), before);
});

test('of a process that is not there nobody can tell', () => {
  assert.equal(countOpenSockets([2 ** 30]), null);
});
