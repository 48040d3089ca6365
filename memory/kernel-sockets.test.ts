import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../test/support/wait.ts';
import { parseTcpMem, readKernelSockets } from './kernel-sockets.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 60_000 };

test('tcp_mem is in pages', () => {
  assert.deepEqual(parseTcpMem('10\t20\t30\n', 4096), { low: 40_960, pressure: 81_920, high: 122_880 });
  assert.equal(parseTcpMem('', 4096), null);
});

test('without /proc nothing is known', () => {
  assert.deepEqual(readKernelSockets('/nowhere'), { sockstat: null, listen: null, tcpMemBytes: null });
});

test('an accept queue that overflows is counted', onLinux, async (t) => {
  // A server whose process stands still accepts nothing: its queue takes two.
  const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    process.stdout.write(String(this.address().port) + '\\n');
  });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const before = readKernelSockets().listen;
  assert.ok(before);
  const sockets = Array.from({ length: 12 }, () => connect(Number(line), '127.0.0.1').on('error', () => {}));
  t.after(() => sockets.map((socket) => socket.destroy()));
  await eventually(() => (readKernelSockets().listen?.overflows ?? 0) > before.overflows, 'an overflow');
  assert.ok((readKernelSockets().listen?.drops ?? 0) > before.drops);
  const { sockstat, tcpMemBytes } = readKernelSockets();
  assert.ok((sockstat?.tcpInUse ?? 0) >= 3);
  assert.ok(tcpMemBytes && tcpMemBytes.low < tcpMemBytes.pressure && tcpMemBytes.pressure < tcpMemBytes.high);
});
