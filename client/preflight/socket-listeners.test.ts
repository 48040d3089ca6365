import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { startEcho } from '../../test/support/echo.ts';
import { unusedPath } from '../../test/support/peers.ts';
import { datagramSocket } from '../../test/support/socket-files.ts';
import { readListeners, whichSocketsItHas } from './listeners.ts';
import { lookAtSocket } from './look-at-socket.ts';
import { isOfDatagrams } from './socket-listeners.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 30_000 };

test(
  'who listens at a Unix socket is found by its path, among the descendants of a process as well',
  onLinux,
  async (t) => {
    const path = unusedPath();
    const server = createServer().listen(path);
    await once(server, 'listening');
    t.after(() => server.close());
    const echo = await startEcho('tcp', { path: unusedPath() });
    t.after(() => echo.close());
    const other = 'path' in echo.at ? echo.at.path : '';
    const find = (pid: number, at: string) => readListeners(pid, [], '/proc', [at]);
    assert.deepEqual(await find(process.pid, path), { pids: [process.pid], sameNetwork: true });
    assert.deepEqual(await find(process.pid, other), { pids: [echo.pid], sameNetwork: true });
    assert.deepEqual(await find(echo.pid, path), { pids: [], sameNetwork: true });
    assert.deepEqual(whichSocketsItHas(echo.pid), [other]);
    // By another name of the same file.
    const around = path.replace('/tmp/', '/tmp/../tmp/');
    assert.deepEqual(await find(process.pid, around), { pids: [process.pid], sameNetwork: true });
    assert.equal(await lookAtSocket(path), undefined);
  },
);

test('a socket of datagrams takes no connections, also while somebody has it', onLinux, async () => {
  using datagrams = datagramSocket();
  assert.equal(isOfDatagrams(datagrams.path), true);
  assert.equal(isOfDatagrams(unusedPath()), false);
});
