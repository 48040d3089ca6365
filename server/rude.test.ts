import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import { openWs, upgradeRequest } from '../scripts/bench/peers.ts';
import { addsUp } from '../test/support/local-server.ts';
import { answerOf, closeCodeIn, connectRaw, frame, provoke } from '../test/support/rude-peers.ts';
import { type ServeProcess, startServe } from '../test/support/serve-process.ts';
import { eventually } from '../test/support/wait.ts';

const TEXT = 1;
const PAYLOAD_LIMIT = 1024;
const HELLO = Buffer.from('hello');

describe('a server against rude clients', () => {
  let server: ServeProcess;
  /** Behaves, all the time; nothing of what follows may disturb it. */
  let bystander: WebSocket;

  before(async () => {
    server = await startServe(['--handshake-timeout', '3s', '--max-payload', String(PAYLOAD_LIMIT)]);
    bystander = new WebSocket(`ws://127.0.0.1:${server.ports.ws}`);
    await once(bystander, 'open');
  });
  after(async () => {
    bystander.terminate();
    assert.equal(await server.stop(), 0);
  });

  /** Runs `act`, and sees that exactly `count` closes more have exactly this reason, and the bystander its echo. */
  async function counted(reason: ServerCloseReason, count: number, act: () => Promise<unknown>): Promise<void> {
    const { ws: was } = (await server.memory()).census;
    await act();
    const now = await eventually(async () => {
      const { ws } = (await server.memory()).census;
      assert.ok(addsUp(ws));
      return ws.accepted === was.accepted + count && ws.open === 1 && ws.handshaking === 0 && ws;
    }, `${count} accepted and gone`);
    const expected = { ...was.closed, [reason]: was.closed[reason] + count };
    assert.deepEqual(now.closed, expected);
    bystander.send('still here');
    assert.equal(String((await once(bystander, 'message'))[0]), 'still here');
  }

  it('answers what is not a WebSocket handshake, and closes', async () => {
    const port = server.ports.ws;
    await counted('bad-handshake', 7, async () => {
      assert.match(await provoke(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1.1 426 /);
      assert.match(await provoke(port, 'not http at all\r\n\r\n'), /^HTTP\/1.1 400 /);
      assert.match(await provoke(port, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 405 /);
      const request = upgradeRequest();
      assert.match(await provoke(port, request.replace('Version: 13', 'Version: 99')), /^HTTP\/1.1 400 /);
      assert.match(await provoke(port, request.replace(/Sec-WebSocket-Key: .*\r\n/, '')), /^HTTP\/1.1 400 /);
      assert.match(await provoke(port, request.replace('GET', 'POST')), /^HTTP\/1.1 405 /);
      assert.match(await provoke(port, upgradeRequest({ Cookie: 'x'.repeat(40_000) })), /^HTTP\/1.1 431 /);
    });
  });

  it('gives up on half-open handshakes, silent ones too', async () => {
    await counted('handshake-timeout', 40, async () => {
      const silent = await Promise.all(Array.from({ length: 20 }, () => connectRaw(server.ports.ws)));
      const slow = await Promise.all(Array.from({ length: 20 }, () => connectRaw(server.ports.ws)));
      for (const socket of slow) socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-');
      const drip = setInterval(() => {
        for (const socket of slow) if (socket.writable) socket.write('y');
      }, 100);
      const answers = await Promise.all([...silent, ...slow].map(answerOf));
      clearInterval(drip);
      for (const answer of answers) assert.match(answer, /^HTTP\/1.1 408 /);
    });
  });

  it('counts a reset and a FIN in mid-handshake as what they are', async () => {
    const half = upgradeRequest().slice(0, 60);
    await counted('reset', 10, () => inMidHandshake(half, (socket) => socket.resetAndDestroy()));
    await counted('by-peer', 10, () => inMidHandshake(half, (socket) => socket.end()));
  });

  async function inMidHandshake(bytes: string, end: (socket: Socket) => void): Promise<void> {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => connectRaw(server.ports.ws)));
    for (const socket of sockets) socket.write(bytes);
    await eventually(async () => (await server.memory()).census.ws.handshaking === 10, 'ten handshakes begun');
    const gone = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) end(socket.resume());
    await Promise.all(gone);
  }

  it('closes with 1002 on frames that break the protocol', async () => {
    const frames = [
      frame(TEXT, HELLO, { masked: false }),
      frame(0x3, HELLO),
      Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), // RSV1 without an extension
      Buffer.from([0x09, 0x80, 0, 0, 0, 0]), // a ping in fragments
    ];
    await counted('protocol-error', frames.length + 1, async () => {
      for (const bytes of frames) assert.equal(closeCodeIn(await afterUpgrade(bytes)), 1002);
      assert.equal(closeCodeIn(await afterUpgrade(frame(TEXT, Buffer.from([0xff, 0xfe])))), 1007);
    });
  });

  it('closes with 1009 on frames over the payload limit, before they arrive', async () => {
    await counted('too-large', 3, async () => {
      assert.equal(closeCodeIn(await afterUpgrade(frame(TEXT, HELLO, { announced: PAYLOAD_LIMIT + 1 }))), 1009);
      assert.equal(closeCodeIn(await afterUpgrade(frame(TEXT, HELLO, { announced: 2 ** 40 }))), 1009);
      const half = frame(TEXT, Buffer.alloc(600), { announced: 600 });
      half[0] = TEXT; // not the last fragment
      const rest = frame(0, Buffer.alloc(600), { announced: 600 });
      assert.equal(closeCodeIn(await afterUpgrade(Buffer.concat([half, rest]))), 1009);
    });
  });

  async function afterUpgrade(bytes: Uint8Array): Promise<string> {
    const socket = await openWs(server.ports.ws);
    socket.write(bytes);
    return answerOf(socket);
  }

  it('gives the memory back', async () => {
    /** Every kind of rudeness, in numbers; then what the server holds on to. */
    async function round(): Promise<{ heapBytes: number; rssBytes: number }> {
      const port = server.ports.ws;
      const times = <T>(count: number, act: () => Promise<T>): Promise<T[]> =>
        Promise.all(Array.from({ length: count }, act));
      await times(200, () => babble(port));
      await times(50, async () => (await connectRaw(port)).resetAndDestroy());
      await times(50, () => afterUpgrade(frame(TEXT, HELLO, { masked: false })));
      await times(50, () => afterUpgrade(frame(TEXT, HELLO, { announced: 2 ** 40 })));
      await times(50, () => provoke(port, upgradeRequest({ Cookie: 'x'.repeat(40_000) })));
      await eventually(async () => {
        const { ws } = (await server.memory()).census;
        return ws.open === 1 && ws.handshaking === 0;
      }, 'all gone');
      const [memory] = (await server.memory(true)).processes;
      return { heapBytes: memory?.heapUsedBytes ?? Number.NaN, rssBytes: memory?.rssBytes ?? Number.NaN };
    }
    // The first rounds pay what is paid once: compiled code, caches, malloc's arenas.
    await round();
    await round();
    const first = await round();
    const second = await round();
    assert.ok(second.heapBytes < first.heapBytes * 1.05, `heap: ${first.heapBytes} → ${second.heapBytes}`);
    assert.ok(second.rssBytes < first.rssBytes * 1.05, `resident: ${first.rssBytes} → ${second.rssBytes}`);
  });

  it('counts random bytes as bad handshakes, all of them', async () => {
    await counted('bad-handshake', 200, async () => {
      await Promise.all(Array.from({ length: 200 }, () => babble(server.ports.ws)));
    });
  });

  /** Random bytes that can't begin an HTTP method, so that the server decides at once. */
  async function babble(port: number): Promise<void> {
    const bytes = randomBytes(1 + Math.floor(Math.random() * 3000));
    bytes[0] = 0x80 | (bytes[0] ?? 0);
    await provoke(port, bytes);
  }
});
