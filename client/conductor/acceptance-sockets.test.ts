import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { openMeters } from '../../memory/meter-set.ts';
import { startEcho } from '../../test/support/echo.ts';
import { unusedPath } from '../../test/support/peers.ts';
import { eventually } from '../../test/support/wait.ts';
import { Acceptance } from './acceptance.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs netlink' : false, timeout: 60_000 };

async function dial(t: TestContext, path: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const socket = connect({ path }).on('error', () => {});
    t.after(() => socket.destroy());
    await once(socket, 'connect');
  }
}

test(
  'at a Unix socket a level is whole when its server has accepted all, and else the backlog says what waits',
  onLinux,
  async (t) => {
    const path = unusedPath();
    const server = await startEcho('tcp', { path, backlog: 100 });
    t.after(() => server.close());
    const meters = openMeters({ pids: [server.pid], ports: [], socketPath: path, clientPid: process.pid });
    const acceptance = new Acceptance({
      url: `tcp+unix://${path}`,
      ip: '',
      ports: [],
      socketPath: path,
      pid: server.pid,
      isLocal: true,
      meters,
    });
    await acceptance.begin(await meters.readEnds());
    await dial(t, path, 5);
    const whole = await eventually(async () => {
      const taken = await acceptance.look(5);
      return taken?.connections === 5 && taken;
    }, 'all are accepted');
    assert.deepEqual(whole, { connections: 5, queued: 0, requests: 0, by: 'sockets' });
    server.kill('SIGSTOP');
    await dial(t, path, 3);
    const lacking = await acceptance.look(8);
    assert.equal(lacking?.queued, 3);
    assert.ok(lacking.connections < 8);
    const { established } = await meters.readEnds();
    assert.deepEqual([established?.acceptedEnds, established?.queuedEnds], [5, 3]);
    const { code, message } = await acceptance.causeOf(8, acceptance.takenOf(8, await meters.readEnds())!, 2000);
    assert.equal(code, 'ETARGETFULL');
    assert.match(
      message,
      /has 5 of 8 connections, and has taken no more for 2\.00 s: 3 wait in its accept queue, of 100$/,
    );
    assert.deepEqual(await acceptance.turnedAway(), { most: 100, drops: 0 });
  },
);
