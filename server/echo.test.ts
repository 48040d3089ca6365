import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { addsUp, type LocalServer, startLocal } from '../test/support/local-server.ts';
import { answerOf, connectRaw } from '../test/support/rude-peers.ts';
import { eventually } from '../test/support/wait.ts';

describe('the reference server', () => {
  let local: LocalServer;
  before(async () => {
    local = await startLocal({ perMessageDeflate: true });
  });
  after(() => local.server.close());

  it('echoes text and binary messages over ws', async () => {
    const ws = new WebSocket(`ws://127.0.0.1:${local.ports.ws}/any/path?x=1`, { perMessageDeflate: false });
    await once(ws, 'open');
    ws.send('héllo');
    const [text, textIsBinary] = await once(ws, 'message');
    assert.deepEqual([String(text), textIsBinary], ['héllo', false]);
    ws.send(Buffer.from([0, 255, 128]));
    const [binary, isBinary] = await once(ws, 'message');
    assert.deepEqual([[...binary], isBinary], [[0, 255, 128], true]);
    ws.ping('alive');
    assert.equal(String((await once(ws, 'pong'))[0]), 'alive');
    const { ws: census } = await local.census();
    assert.deepEqual([census.accepted, census.open, census.bytesIn, census.bytesOut], [1, 1, 9, 9]);
    ws.close(1000);
    const [code] = await once(ws, 'close');
    assert.equal(code, 1000);
    await eventually(async () => (await local.census()).ws.closed['by-peer'] === 1, 'counted as closed by the peer');
  });

  it('compresses when asked to', async () => {
    const ws = new WebSocket(`ws://127.0.0.1:${local.ports.ws}`, { perMessageDeflate: true });
    await once(ws, 'open');
    assert.match(ws.extensions, /permessage-deflate/);
    const message = 'squeeze '.repeat(5000);
    ws.send(message);
    assert.equal(String((await once(ws, 'message'))[0]), message);
    ws.terminate();
  });

  it('answers a close behind what it still has to compress', async () => {
    const ws = new WebSocket(`ws://127.0.0.1:${local.ports.ws}`, { perMessageDeflate: true });
    await once(ws, 'open');
    const sizes: number[] = [];
    ws.on('message', (data: Buffer) => sizes.push(data.length));
    for (let i = 0; i < 20; i++) ws.send(Buffer.alloc(50_000, i));
    ws.close(1000);
    const [code] = await once(ws, 'close');
    assert.deepEqual([code, sizes], [1000, Array(20).fill(50_000)]);
  });

  it('echoes bytes over tcp until FIN, and answers with FIN', async () => {
    const socket = await connectRaw(local.ports.tcp);
    const sent = Buffer.alloc(300_000, 'abc');
    socket.end(sent);
    assert.equal(await answerOf(socket), sent.toString('latin1'));
    const { tcp } = await eventually(async () => {
      const census = await local.census();
      return census.tcp.closed['by-peer'] === 1 && census;
    }, 'closed by the peer');
    assert.deepEqual([tcp.accepted, tcp.open, tcp.handshaking, tcp.bytesIn, tcp.bytesOut], [1, 0, 0, 300_000, 300_000]);
  });

  it('tells a reset from an orderly close', async () => {
    const before = await local.census();
    const socket = await connectRaw(local.ports.tcp);
    socket.resetAndDestroy();
    const ws = new WebSocket(`ws://127.0.0.1:${local.ports.ws}`);
    await once(ws, 'open');
    const { _socket: transport } = ws as unknown as { _socket: import('node:net').Socket };
    transport.resetAndDestroy();
    const half = await connectRaw(local.ports.ws);
    half.write('GET / HTTP/1.1\r\n');
    // The server has read that much once it counts it as handshaking.
    await eventually(async () => (await local.census()).ws.handshaking === 1, 'handshaking');
    half.resetAndDestroy();
    await eventually(async () => (await local.census()).ws.handshaking === 0, 'handshaking over');
    const now = await eventually(async () => {
      const census = await local.census();
      return census.ws.open === 0 && census.tcp.open === 0 && census;
    }, 'all closed');
    assert.equal(now.tcp.closed.reset - before.tcp.closed.reset, 1);
    assert.equal(now.ws.closed.reset - before.ws.closed.reset, 2);
    assert.ok(addsUp(now.ws) && addsUp(now.tcp));
  });
});

describe('stopping the server', () => {
  it('says 1001 to ws and FIN to tcp, and counts nobody twice', async () => {
    const local = await startLocal();
    const ws = new WebSocket(`ws://127.0.0.1:${local.ports.ws}`);
    await once(ws, 'open');
    const tcp = await connectRaw(local.ports.tcp);
    await eventually(async () => (await local.census()).tcp.open === 1, 'tcp accepted');
    const closed = once(ws, 'close');
    const ended = answerOf(tcp);
    await local.server.close();
    assert.equal((await closed)[0], 1001);
    assert.equal(await ended, '');
    await assert.rejects(connectRaw(local.ports.tcp), { code: 'ECONNREFUSED' });
    await assert.rejects(fetch(local.server.ready.admin));
  });

  it('drops who does not answer', async () => {
    const local = await startLocal();
    const deaf = await connectRaw(local.ports.tcp);
    deaf.pause();
    const half = await connectRaw(local.ports.ws);
    half.write('GET / HTTP/1.1\r\n');
    await eventually(async () => (await local.census()).ws.handshaking === 1, 'handshaking');
    await local.server.close();
    deaf.destroy();
    half.destroy();
  });
});
