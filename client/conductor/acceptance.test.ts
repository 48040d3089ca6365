import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../../test/support/wait.ts';
import { Acceptance } from './acceptance.ts';

/** Listens with a short queue, says where, and never takes anybody. */
const DEAF = `
  const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 2 }, () => {
    require('fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
const onLinux = { skip: process.platform !== 'linux' ? 'needs netlink' : false, timeout: 60_000 };

test('clients that a full accept queue turned away are counted since the leg began', onLinux, async (t) => {
  const server = spawn(process.execPath, ['-e', DEAF]);
  t.after(() => server.kill('SIGKILL'));
  const [said] = (await once(server.stdout, 'data')) as [Buffer];
  const port = Number(said);
  const acceptance = new Acceptance({
    url: `tcp://127.0.0.1:${port}`,
    ip: '127.0.0.1',
    ports: [port],
    pid: server.pid!,
    isLocal: true,
    meters: { readEnds: () => Promise.reject(new Error('not asked')), readLive: () => assert.fail('not asked') },
  });
  assert.equal(await acceptance.turnedAway(), null, 'nothing to count from');
  await acceptance.begin({ established: null, target: null });
  assert.deepEqual(await acceptance.turnedAway(), { most: 2, drops: 0 });
  const clients = Array.from({ length: 20 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.after(() => clients.forEach((client) => void client.destroy()));
  const { drops } = await eventually(async () => {
    const away = await acceptance.turnedAway();
    return away !== null && away.drops > 0 ? away : undefined;
  }, 'somebody is turned away');
  assert.ok(drops >= 1);
  await acceptance.begin({ established: null, target: null });
  assert.ok((await acceptance.turnedAway())!.drops < drops, 'counted anew');
});
