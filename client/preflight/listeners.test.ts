import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { needs } from '../../test/support/needs.ts';
import { readListeners } from './listeners.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 30_000 };

const withPython = { ...onLinux, skip: onLinux.skip || needs('python3') };

async function listening(host: string): Promise<{ port: number; close: () => void }> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { port: address.port, close: () => server.close() };
}

test('a process that listens itself', onLinux, async (t) => {
  const { port, close } = await listening('127.0.0.1');
  t.after(close);
  assert.deepEqual(await readListeners(process.pid, [port]), { pids: [process.pid], sameNetwork: true });
  assert.deepEqual(await readListeners(process.pid, [port === 1 ? 2 : 1]), { pids: [], sameNetwork: true });
});

test('children that got the socket of the one that opened it take the connections', withPython, async (t) => {
  // A parent that opens, and two children that inherit: as servers with workers do it.
  const script = `
    import os, socket, sys, time
    s = socket.create_server(('127.0.0.1', 0))
    for _ in range(2):
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
    print(s.getsockname()[1], flush=True)
    sys.stdin.read()
    os.killpg(0, 15)`.replaceAll('\n    ', '\n');
  const parent = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  t.after(() => process.kill(-parent.pid!, 'SIGKILL'));
  const [port] = (await once(parent.stdout, 'data')) as [Buffer];
  const found = await readListeners(parent.pid!, [Number(port.toString())]);
  assert.equal(found?.pids.length, 2);
  assert.ok(!found.pids.includes(parent.pid!));
  // Seen from elsewhere in the tree nothing changes.
  assert.deepEqual(await readListeners(found.pids[0]!, [Number(port.toString())]), {
    pids: [found.pids[0]],
    sameNetwork: true,
  });
});

test('what can not be known is null', onLinux, async () => {
  assert.equal(await readListeners(process.pid, [1], '/nowhere'), null);
  assert.equal(await readListeners(4_194_305, [1]), null);
});
