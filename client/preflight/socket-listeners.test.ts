import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { RigError } from '../../core/values/errors.ts';
import { parseTargetUrl, type TargetUrl } from '../../core/values/urls.ts';
import { startEcho } from '../../test/support/echo.ts';
import { unusedPath } from '../../test/support/peers.ts';
import { datagramSocket } from '../../test/support/socket-files.ts';
import { readListeners, whichSocketsItHas } from './listeners.ts';
import { checkSocket, lookAtSocket } from './look-at-socket.ts';
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

test('what is asked behind a socket and no colon is told from a path that is not there', onLinux, async (t) => {
  const path = unusedPath();
  const server = createServer().listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  const faultOf = async (url: string): Promise<[message: string, hint: string]> => {
    const error: unknown = await checkSocket(parseTargetUrl(url) as TargetUrl).catch((reason: unknown) => reason);
    assert.ok(error instanceof RigError && error.code === 'EREFUSED', String(error));
    return [error.message, error.hint];
  };
  const [message, hint] = await faultOf(`ws+unix://${path}/chat/room`);
  assert.ok(message.endsWith(`: ${path} is a socket: a colon comes between it and what is asked`), message);
  assert.equal(hint, `ws+unix://${path}:/chat/room`);
  const [ofTcp, other] = await faultOf(`tcp+unix://${path}/chat`);
  assert.ok(ofTcp.endsWith(`: ${path} is a socket, and no folder`), ofTcp);
  assert.equal(other, `tcp+unix://${path}`);
  assert.match((await faultOf(`ws+unix://${path}-not/chat`))[0], /there is no folder/);
});

test('a socket of datagrams takes no connections, also while somebody has it', onLinux, async () => {
  using datagrams = datagramSocket();
  assert.equal(isOfDatagrams(datagrams.path), true);
  assert.equal(isOfDatagrams(unusedPath()), false);
});
