import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../test/support/wait.ts';
import { readHeldSockets } from './held-sockets.ts';
import { loadProtocolOf } from './socket-protocol.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 60_000 };
const CONNECTIONS = 12;

test('a socket that was reset and never closed is held, though the kernel lists it no more', onLinux, async (t) => {
  if ((await loadProtocolOf()) === null) return t.skip('needs koffi');
  // It never reads, so it never hears that its clients have gone.
  const program = `require('net').createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1', function () {
    process.stdout.write(String(this.address().port) + '\\n');
  });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const held = () => readHeldSockets([child.pid!]);
  const before = await held();
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(Number(line), '127.0.0.1'));
  t.after(() => sockets.map((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await eventually(async () => (await held()).tcp === before.tcp + CONNECTIONS, 'all of them to be accepted');
  for (const socket of sockets) socket.resetAndDestroy();
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
  const after = await held();
  assert.equal(after.tcp, before.tcp + CONNECTIONS);
  assert.deepEqual([after.connecting, after.others], [before.connecting, before.others]);
});
