import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { openWs, upgradeRequest } from '../scripts/bench/peers.ts';
import { addsUp } from '../test/support/local-server.ts';
import { answerOf, connectRaw, frame } from '../test/support/rude-peers.ts';
import { outcomeOf, type ServeProcess, spawnServe, startServe } from '../test/support/serve-process.ts';
import { eventually } from '../test/support/wait.ts';

describe('past the connection limit', () => {
  it('answers ws with 503 and tcp with FIN, and nobody else notices', async () => {
    const server = await startServe(['--max-connections', '3']);
    const inside = [await openWs(server.ports.ws), await openWs(server.ports.ws), await connectRaw(server.ports.tcp)];
    await eventually(async () => (await server.memory()).census.tcp.open === 1, 'tcp accepted');
    const refused = await connectRaw(server.ports.ws);
    refused.write(upgradeRequest());
    assert.match(await answerOf(refused), /^HTTP\/1.1 503 Service Unavailable\r\n(.*\r\n)*Retry-After: \d+\r\n/);
    assert.equal(await answerOf(await connectRaw(server.ports.tcp)), '');
    const { tcp, ws } = (await server.memory()).census;
    assert.deepEqual([ws.open, ws.closed['over-limit'], tcp.open, tcp.closed['over-limit']], [2, 1, 1, 1]);
    assert.ok(addsUp(ws) && addsUp(tcp));
    assert.equal(await server.metric('connrig_server_connections_limit'), 3);
    inside[0]?.destroy();
    await eventually(async () => (await server.memory()).census.ws.open === 1, 'a place is free');
    inside.push(await openWs(server.ports.ws));
    for (const socket of inside) socket.destroy();
    assert.equal(await server.stop(), 0);
  });
});

describe('with few descriptors', () => {
  const CLIENTS = 600;

  it('gives every client a clear answer, and keeps those it has', async () => {
    const server = await startServe([], ['prlimit', '--nofile=256']);
    const limit = (await server.metric('connrig_server_connections_limit')) ?? 0;
    assert.ok(limit > 50 && limit < 256, `limit ${limit}`);
    const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => connectRaw(server.ports.ws)));
    for (const socket of sockets) socket.write(upgradeRequest());
    const statuses = await Promise.all(sockets.map(statusOf));
    assert.equal(statuses.filter((status) => status === 101).length, limit);
    assert.equal(statuses.filter((status) => status === 503).length, CLIENTS - limit);
    const { ws } = (await server.memory()).census;
    assert.deepEqual([ws.accepted, ws.open, ws.closed['over-limit']], [CLIENTS, limit, CLIENTS - limit]);
    for (const [i, socket] of sockets.entries()) if (statuses[i] === 101) await echoes(socket);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await server.memory()).census.ws.open === 0, 'all gone');
    assert.equal(await server.stop(), 0);
  });

  it('closes tcp clients it has no room for at once, bursts of both together', async () => {
    const server = await startServe([], ['prlimit', '--nofile=256']);
    const sockets = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => connectRaw(i % 2 ? server.ports.tcp : server.ports.ws)),
    );
    const limit = (await server.metric('connrig_server_connections_limit')) ?? 0;
    const census = await eventually(async () => {
      const { tcp, ws } = (await server.memory()).census;
      return tcp.accepted + ws.accepted === CLIENTS && { tcp, ws };
    }, 'all accepted');
    assert.ok(addsUp(census.tcp) && addsUp(census.ws));
    assert.equal(census.tcp.open + census.ws.handshaking, limit);
    assert.equal(census.tcp.closed['over-limit'] + census.ws.closed['over-limit'], CLIENTS - limit);
    await descriptorsLeft(server);
    for (const socket of sockets) socket.destroy();
    assert.equal(await server.stop(), 0);
  });

  it('refuses to start with a limit it could not keep', async () => {
    const { code, stderr } = await outcomeOf(spawnServe(['--max-connections', '1000'], ['prlimit', '--nofile=256']));
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^EFILES: 1,000 connections need 1,\d{3} open files in one process; the limit is 256 — ulimit -n 1\d{3}\n$/,
    );
  });
});

/** Status code of the HTTP answer; NaN when the connection ended without one. */
async function statusOf(socket: Socket): Promise<number> {
  let answer = '';
  while (!answer.includes('\r\n\r\n')) {
    const chunk: unknown = await Promise.race([
      once(socket, 'data').then(([data]) => data),
      once(socket, 'close').then(() => undefined),
    ]);
    if (chunk === undefined) break;
    answer += String(chunk);
  }
  return Number(/^HTTP\/1.1 (\d+) /.exec(answer)?.[1]);
}

async function echoes(socket: Socket): Promise<void> {
  socket.write(frame(1, Buffer.from('ping')));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(answer.subarray(2).toString(), 'ping');
}

async function descriptorsLeft(server: ServeProcess): Promise<void> {
  const open = (await server.metric('process_open_fds')) ?? Number.NaN;
  const max = (await server.metric('process_max_fds')) ?? Number.NaN;
  assert.equal(max, 256);
  assert.ok(open < max, `${open} of ${max} descriptors open`);
}
