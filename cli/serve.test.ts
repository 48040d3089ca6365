import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { openWs } from '../scripts/bench/peers.ts';
import { ephemeralRange } from '../telemetry/ports.ts';
import { answerOf, connectRaw } from '../test/support/rude-peers.ts';
import { outcomeOf, readyLine, spawnServe, startServe } from '../test/support/serve-process.ts';
import { eventually } from '../test/support/wait.ts';

const AUTO = ['--ws-port', 'auto', '--tcp-port', 'auto', '--http-port', 'auto', '--admin-port', 'auto'];

/** Elsewhere the loopback interface has one address. */
const onLinux = { skip: process.platform !== 'linux' ? 'needs 127.0.0.2' : false };

describe('connrig serve', () => {
  it('prints one line of JSON once it can be connected to, and finds ports outside the ephemeral range', async () => {
    const server = await startServe();
    const { low, high } = ephemeralRange();
    const ports = [...server.ready.urls, server.ready.admin].map((url) => Number(url.split(':').at(-1)));
    assert.equal(new Set(ports).size, 3);
    for (const port of ports) assert.ok(port < low || port > high, `${port}`);
    assert.equal(server.ready.pid, server.child.pid);
    const outcome = outcomeOf(server.child);
    server.child.kill('SIGINT');
    assert.deepEqual(await outcome, { code: 0, stdout: '', stderr: '' });
  });

  it('answers at its admin port beyond this machine only who knows the token', async () => {
    const open = await outcomeOf(spawnServe(['--admin-host', '0.0.0.0', ...AUTO]));
    assert.equal(open.code, 2);
    assert.match(
      open.stderr,
      /^EUSAGE: --admin-host 0\.0\.0\.0: beyond this machine only who knows a token is answered; /,
    );
    const server = await startServe([
      '--admin-host',
      '0.0.0.0',
      '--admin-token',
      'a-token',
      '--admin-names',
      'rig.test',
    ]);
    assert.match(server.ready.admin, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await fetch(`${server.ready.admin}/metrics`)).status, 401);
    const headers = { Authorization: 'Bearer a-token' };
    assert.match(
      await (await fetch(`${server.ready.admin}/metrics`, { headers })).text(),
      /^connrig_server_processes 1$/m,
    );
    await server.stop();
  });

  it('has its admin port on one address alone, wherever it listens', onLinux, async () => {
    const server = await startServe(['--host', '0.0.0.0']);
    const dial = (port: number): Socket => connect({ host: '127.0.0.2', port });
    const [error] = await once(dial(Number(new URL(server.ready.admin).port)), 'error');
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
    const welcome = dial(server.ports.tcp);
    await once(welcome, 'connect');
    welcome.destroy();
    await server.stop();
  });

  it('serves only the protocols asked for', async () => {
    const server = await startServe(['--protocol', 'tcp']);
    assert.match(server.ready.urls.join(), /^tcp:\/\/127\.0\.0\.1:\d+$/);
    await server.stop();
  });

  it('reports everything that is wrong with the command line at once', async () => {
    const { code, stdout, stderr } = await outcomeOf(
      spawnServe([
        '--max-connections',
        'abc',
        '--ws-port',
        '70000',
        '--protocol',
        'ws,quic',
        '--backlog',
        '0',
        '--what',
      ]),
    );
    assert.equal(code, 2);
    assert.equal(stdout, '');
    for (const part of [
      /^EUSAGE: --what is not an option; /,
      /--max-connections: "abc" is not a count such as 100k/,
      /--ws-port: "70000" is neither auto nor a port from 1 to 65535/,
      /--protocol: "quic" is not one of tcp, ws, http/,
      /--backlog: 0 is too small: at least 1/,
      / — connrig serve --help\n$/,
    ]) {
      assert.match(stderr, part);
    }
  });

  it('sees ports that overlap, and ports that are taken', async () => {
    const overlapping = await outcomeOf(spawnServe(['--ws-port', '7000', '--tcp-port', '7003', '--processes', '4']));
    assert.equal(overlapping.code, 2);
    assert.match(overlapping.stderr, /--tcp-port 7003 and --ws-port 7000 overlap/);
    const server = await startServe();
    const taken = await outcomeOf(spawnServe([...AUTO, '--ws-port', String(server.ports.ws)]));
    assert.equal(taken.code, 2);
    assert.match(taken.stderr, /^ELISTEN: 127\.0\.0\.1:\d+ is taken — .*ss -ltnp/);
    await server.stop();
  });

  it('warns of a port inside the ephemeral range', async () => {
    const { high } = ephemeralRange();
    const child = spawnServe([...AUTO, '--tcp-port', String(high)]);
    const outcome = outcomeOf(child);
    await eventually(() => once(child.stderr!, 'data').then(() => true), 'it says something');
    child.kill('SIGTERM');
    assert.match((await outcome).stderr, new RegExp(`--tcp-port ${high} lies in the range of outgoing connections`));
  });
});

describe('stopping connrig serve', () => {
  it('closes in order on SIGTERM while the last counts can still be read', async () => {
    const server = await startServe();
    const ws = new WebSocket(`ws://127.0.0.1:${server.ports.ws}`);
    await once(ws, 'open');
    const wsClosed = once(ws, 'close');
    const tcp = await connectRaw(server.ports.tcp);
    const deaf = await connectRaw(server.ports.tcp);
    await eventually(async () => (await server.memory()).census.tcp.open === 2, 'both accepted');
    server.child.kill('SIGTERM');
    assert.equal((await wsClosed)[0], 1001);
    assert.equal(await answerOf(tcp), '');
    const census = await eventually(async () => {
      const now = (await server.memory()).census;
      return now.ws.open === 0 && now.tcp.open === 1 && now;
    }, 'all but the deaf one closed');
    assert.deepEqual([census.ws.closed.shutdown, census.tcp.closed.shutdown], [1, 1]);
    assert.equal(await server.exited, 0);
    deaf.destroy();
  });

  it('ends at once on a second signal', async () => {
    const server = await startServe();
    const deaf = await connectRaw(server.ports.tcp);
    await eventually(async () => (await server.memory()).census.tcp.open === 1, 'accepted');
    server.child.kill('SIGINT');
    await eventually(
      () =>
        connectRaw(server.ports.tcp).then(
          () => false,
          () => true,
        ),
      'stopped listening',
    );
    server.child.kill('SIGINT');
    assert.equal(await server.exited, 130);
    deaf.destroy();
  });

  it('ends with its parent, even one that was killed', async () => {
    const parent = spawn(
      process.execPath,
      [fileURLToPath(new URL('../test/support/serve-parent.js', import.meta.url)), ...AUTO, '--processes', '2'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ready = await readyLine(parent);
    assert.ok(isAlive(ready.pid));
    parent.kill('SIGKILL');
    await eventually(() => !isAlive(ready.pid), 'the orphan is gone');
    await assert.rejects(fetch(`${ready.admin}/healthz`));
  });
});

describe('connrig serve --processes', () => {
  it('has one census, one /metrics and one /memory over all of them', async () => {
    const server = await startServe(['--processes', '3', '--max-connections', '10']);
    const { ws: port } = server.ports;
    assert.match(server.ready.urls.join(), new RegExp(`ws://127.0.0.1:${port}-${port + 2}$`));
    const sockets = await Promise.all([openWs(port), openWs(port), openWs(port + 1), openWs(port + 2)]);
    const memory = await server.memory(true);
    assert.deepEqual([memory.census.ws.accepted, memory.census.ws.open], [4, 4]);
    assert.equal(memory.processes.length, 4, 'the supervisor and three that hold connections');
    assert.equal(new Set(memory.processes.map(({ pid }) => pid)).size, 4);
    assert.equal(memory.processes[0]?.pid, server.child.pid);
    assert.equal(typeof memory.live.bytesPerConnection, 'number');
    assert.equal(await server.metric('connrig_server_connections_open{protocol="ws"}'), 4);
    assert.equal(await server.metric('connrig_server_connections_limit'), 10);
    assert.equal(await server.metric('connrig_server_processes'), 3);
    const top = (await (await fetch(`${server.ready.admin}/connections?top=3`)).json()) as {
      open: number;
      connections: [];
    };
    assert.deepEqual([top.open, top.connections.length], [4, 3]);
    const ws = new WebSocket(`ws://127.0.0.1:${port + 1}`);
    await once(ws, 'open');
    ws.send('over there');
    assert.equal(String((await once(ws, 'message'))[0]), 'over there');
    const closed = once(ws, 'close');
    for (const socket of sockets) socket.destroy();
    assert.equal(await server.stop(), 0);
    assert.equal((await closed)[0], 1001);
    for (const { pid } of memory.processes) assert.ok(!isAlive(pid), `${pid} is gone`);
  });

  it('ends with a clear error when one of them dies, and leaves none behind', async () => {
    const server = await startServe(['--processes', '2']);
    const { processes } = await server.memory();
    const outcome = outcomeOf(server.child);
    const victim = processes[1]?.pid ?? 0;
    process.kill(victim, 'SIGKILL');
    const { code, stderr } = await outcome;
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(`^EDEFECT: the server's process ${victim} was killed by SIGKILL; its connections are lost`),
    );
    for (const { pid } of processes) assert.ok(!isAlive(pid), `${pid} is gone`);
  });

  it('loses its children when it is killed', async () => {
    const server = await startServe(['--processes', '2']);
    const { processes } = await server.memory();
    server.child.kill('SIGKILL');
    await eventually(() => processes.every(({ pid }) => !isAlive(pid)), 'all gone');
  });

  it('says which port is taken in a child', async () => {
    const server = await startServe();
    const child: ChildProcess = spawnServe([...AUTO, '--processes', '2', '--tcp-port', String(server.ports.tcp - 1)]);
    const { code, stderr } = await outcomeOf(child);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`^ELISTEN: 127\\.0\\.0\\.1:${server.ports.tcp} is taken`, 'm'));
    await server.stop();
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
