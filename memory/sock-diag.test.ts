import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually } from '../test/support/wait.ts';
import {
  type DiagQuery,
  type DiagSocket,
  listSockets,
  SOCKET_MEMORY,
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_TIME_WAIT,
} from './sock-diag.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs netlink' : false, timeout: 60_000 };
const LOOPBACK = 0x7f000001;

/** @returns the port, and the server's ends in the order of the clients */
async function serve(t: TestContext, host: string): Promise<{ port: number; accepted: Socket[] }> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket.on('error', () => {}))).listen(0, host);
  t.after(() => server.close());
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, accepted };
}

async function dial(t: TestContext, port: number, host: string): Promise<Socket> {
  const socket = connect(port, host).on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** While sockets of others go, the kernel may pass over a row, so it is asked several times; what was seen once is there. */
const TIMES = 3;

/** A copy of what was shown of each when it was last seen; lists again while the kernel says that the list changed. */
async function list(query: DiagQuery): Promise<DiagSocket[]> {
  const found = new Map<string, DiagSocket>();
  for (let whole = 0; whole < TIMES; ) {
    const isWhole = await listSockets(query, (socket) => {
      const { state, localPort, remotePort, localAddress, remoteAddress, inode, receiveQueue, sendQueue } = socket;
      const { timer, retries, timerMs } = socket;
      const memory = Array.from({ length: 9 }, (_, what) => socket.memory(what as 0));
      found.set(`${state} ${localAddress} ${localPort} ${remoteAddress} ${remotePort}`, {
        state,
        localPort,
        remotePort,
        localAddress,
        remoteAddress,
        inode,
        receiveQueue,
        sendQueue,
        timer,
        retries,
        timerMs,
        memory: (what) => memory[what]!,
      });
    });
    if (isWhole) whole++;
  }
  return [...found.values()];
}

test('both ends of a connection and its listener are listed, and nothing of other ports', onLinux, async (t) => {
  const [ours, others] = [await serve(t, '127.0.0.1'), await serve(t, '127.0.0.1')];
  const client = await dial(t, ours.port, '127.0.0.1');
  await dial(t, others.port, '127.0.0.1');
  await eventually(() => ours.accepted.length === 1, 'accepted');
  // A test that had the port's number before may have left some that rest.
  const found = (await list({ ports: [ours.port] })).filter(({ state }) => state !== TCP_TIME_WAIT);
  const told = found.map(
    ({ state, localPort, remotePort, localAddress }) => `${state} ${localAddress}:${localPort} ${remotePort}`,
  );
  assert.deepEqual(
    told.sort(),
    [
      `${TCP_LISTEN} ${LOOPBACK}:${ours.port} 0`,
      `${TCP_ESTABLISHED} ${LOOPBACK}:${ours.port} ${client.localPort}`,
      `${TCP_ESTABLISHED} ${LOOPBACK}:${client.localPort} ${ours.port}`,
    ].sort(),
  );
  assert.ok(
    found.every(({ inode }) => inode > 0),
    'each is held by this process',
  );
  assert.equal(found.find(({ state }) => state === TCP_LISTEN)?.sendQueue, 511, 'the backlog of a listener');
});

test(
  'an IPv4 connection of an IPv6 listener has one address at both ends; an IPv6 one has its digits',
  onLinux,
  async (t) => {
    const { port, accepted } = await serve(t, '::').catch(() => serve(t, '127.0.0.1'));
    const client = await dial(t, port, '127.0.0.1');
    await eventually(() => accepted.length === 1, 'accepted');
    const ends = await list({ ports: [port], states: [TCP_ESTABLISHED] });
    assert.deepEqual(
      ends.map(({ localAddress, remoteAddress }) => [localAddress, remoteAddress]),
      [
        [LOOPBACK, LOOPBACK],
        [LOOPBACK, LOOPBACK],
      ],
    );
    const ofServer = ends.find(({ localPort }) => localPort === port);
    assert.equal(ofServer?.remotePort, client.localPort);
    const six = await serve(t, '::1').catch(() => undefined);
    if (six === undefined) return;
    await dial(t, six.port, '::1');
    const [end] = await list({ ports: [six.port], states: [TCP_ESTABLISHED] });
    assert.equal(end?.localAddress, `${'0'.repeat(31)}1`);
  },
);

/** Listens, and never looks at what comes. */
const DEAF = `const s=require('node:net').createServer().listen(0,'127.0.0.1',()=>{
  require('node:fs').writeSync(1,String(s.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0)})`;

test(
  'what waits in an accept queue is held by no process, and a listener tells how many they are',
  onLinux,
  async (t) => {
    const child = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const port = Number(String((await once(child.stdout, 'data'))[0]));
    for (let i = 0; i < 7; i++) await dial(t, port, '127.0.0.1');
    const waiting = async (): Promise<unknown[]> => {
      const found = await list({ ports: [port] });
      const queued = found.filter(({ localPort, state }) => localPort === port && state === TCP_ESTABLISHED);
      assert.ok(queued.every(({ inode }) => inode === 0));
      const told = found.find(({ state }) => state === TCP_LISTEN)?.receiveQueue;
      return [queued.length, told];
    };
    await eventually(async () => (await waiting()).every((count) => count === 7), 'all seven, by both');
  },
);

test('what is queued in a socket is told in bytes, and what it takes with its buffers', onLinux, async (t) => {
  const { port, accepted } = await serve(t, '127.0.0.1');
  const client = await dial(t, port, '127.0.0.1');
  await eventually(() => accepted.length === 1, 'accepted');
  const ofClient = async (): Promise<DiagSocket> =>
    (await list({ ports: [port], states: [TCP_ESTABLISHED] })).find(({ remotePort }) => remotePort === port)!;
  assert.equal((await ofClient()).memory(SOCKET_MEMORY.received), 0);
  client.pause();
  accepted[0]!.write(Buffer.alloc(2048));
  await eventually(async () => (await ofClient()).receiveQueue === 2048, '2 KiB unread');
  const end = await ofClient();
  assert.ok(end.memory(SOCKET_MEMORY.received) > 2048, 'with the head of the buffer');
  assert.ok(end.memory(SOCKET_MEMORY.receiveLimit) >= end.memory(SOCKET_MEMORY.received));
});

test('states are chosen by the kernel: what rests in TIME_WAIT alone', onLinux, async (t) => {
  const { port, accepted } = await serve(t, '127.0.0.1');
  const client = await dial(t, port, '127.0.0.1');
  await eventually(() => accepted.length === 1, 'accepted');
  accepted[0]!.end();
  client.resume().end();
  await eventually(async () => (await list({ ports: [port], states: [TCP_TIME_WAIT] })).length === 1, 'it rests');
  const [resting] = await list({ ports: [port], states: [TCP_TIME_WAIT] });
  assert.deepEqual([resting?.inode, resting?.memory(SOCKET_MEMORY.received)], [0, 0]);
});
