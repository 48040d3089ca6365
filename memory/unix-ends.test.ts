import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startEcho } from '../test/support/echo.ts';
import { unusedPath } from '../test/support/peers.ts';
import { eventually } from '../test/support/wait.ts';
import { countInText, readUnixBacklog, readUnixEnds } from './unix-ends.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs netlink' : false, timeout: 60_000 };
const COUNT = 50;

async function dial(t: TestContext, path: string, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ path }).on('error', () => {}));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

const countsOf = async (path: string): Promise<(number | undefined)[]> => {
  const { targetEnds, clientEnds, acceptedEnds, queuedEnds } = await readUnixEnds(path);
  return [targetEnds, clientEnds, acceptedEnds, queuedEnds];
};

test('what a server has accepted and what waits are told apart, and neither is that of another', onLinux, async (t) => {
  const [path, other] = [unusedPath(), unusedPath()];
  const servers = await Promise.all([path, other].map((at) => startEcho('tcp', { path: at, backlog: 100 })));
  t.after(() => Promise.all(servers.map((server) => server.close())));
  const [server] = servers;
  assert.deepEqual(await countsOf(path), [0, 0, 0, 0]);
  assert.deepEqual(await readUnixBacklog(path), { most: 100, drops: 0, waiting: 0 });
  const first = await dial(t, path, COUNT);
  await dial(t, other, 3);
  await eventually(async () => (await countsOf(path))[2] === COUNT, 'all are accepted');
  server!.kill('SIGSTOP');
  await dial(t, path, 7);
  assert.deepEqual(await countsOf(path), [COUNT + 7, COUNT + 7, COUNT, 7]);
  assert.deepEqual(await readUnixBacklog(path), { most: 100, drops: 0, waiting: 7 });
  // The text has the same, but for what the client has closed.
  const { acceptedEnds, queuedEnds } = countInText(readFileSync('/proc/net/unix', 'latin1'), path);
  assert.deepEqual([acceptedEnds, queuedEnds], [COUNT, 7]);
  for (const socket of first.slice(0, 10)) socket.destroy();
  await eventually(async () => (await countsOf(path))[2] === COUNT - 10, 'what its client has closed is none');
});

test('what waits to be read lies at whom it was sent to, with the buffers it lies in', onLinux, async (t) => {
  const path = unusedPath();
  let peer: Socket | undefined;
  const server = createServer((socket) => {
    peer = socket.pause();
  }).listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  const [client] = await dial(t, path, 1);
  client!.pause();
  await eventually(() => peer !== undefined, 'it is accepted');
  t.after(() => peer!.destroy());
  const idle = await readUnixEnds(path);
  const nothing = { sockets: 0, bytes: 0, truesizeBytes: 0 };
  assert.deepEqual(idle.targetQueues, { received: nothing, written: nothing, reservedBytes: 0 });
  await new Promise((resolve) => client!.write(Buffer.alloc(1), resolve));
  await new Promise((resolve) => peer!.write(Buffer.alloc(3000), resolve));
  const { targetQueues, clientQueues, targetQueuedBytes, clientQueuedBytes } = await readUnixEnds(path);
  // Node reads some of what comes before it knows that it is to pause.
  assert.ok(targetQueuedBytes <= 1 && clientQueuedBytes <= 3000);
  if (targetQueuedBytes === 1) {
    assert.deepEqual([targetQueues!.received.sockets, targetQueues!.received.bytes], [1, 1]);
    assert.ok(targetQueues!.received.truesizeBytes! >= 512 && targetQueues!.received.truesizeBytes! <= 2048);
  }
  if (clientQueuedBytes === 3000) {
    assert.ok(clientQueues!.received.truesizeBytes! > 3000 && clientQueues!.received.truesizeBytes! <= 8192);
  }
});

test('a server that was bound by a relative path is found by its file', onLinux, async (t) => {
  const path = unusedPath();
  const child = fork(
    fileURLToPath(new URL('../test/support/relative-listener.js', import.meta.url)),
    [basename(path)],
    {
      cwd: dirname(path),
      execArgv: [],
    },
  );
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'message');
  await dial(t, path, 5);
  await eventually(async () => (await countsOf(path))[2] === 5, 'five are accepted');
  assert.equal((await readUnixBacklog(path))?.most, 511);
});

test('where nobody listens there is no backlog, and nobody is connected', onLinux, async () => {
  const path = unusedPath();
  assert.equal(await readUnixBacklog(path), null);
  assert.deepEqual(await countsOf(path), [0, 0, 0, 0]);
});
