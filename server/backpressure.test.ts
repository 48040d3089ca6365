import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { TopConnections } from '../core/schemas/admin.ts';
import { openWs } from '../scripts/bench/peers.ts';
import { connectRaw, frame } from '../test/support/rude-peers.ts';
import { type ServeProcess, startServe } from '../test/support/serve-process.ts';
import { connectTls } from '../test/support/tls-peers.ts';
import { eventually } from '../test/support/wait.ts';

const MIB = 2 ** 20;
/** Our own limit, and one more read of 64 KiB (twice, while frames are split). */
const MOST_QUEUED = 256 * 1024;
const MESSAGE = frame(2, Buffer.alloc(100, 7));

describe('a peer that does not read', () => {
  let server: ServeProcess;
  before(async () => {
    server = await startServe(['--protocol', 'tcp,ws,tls']);
  });
  after(() => server.stop());

  for (const protocol of ['tcp', 'ws', 'tls'] as const) {
    it(`is not read from over ${protocol} until it takes what it asked for`, async () => {
      const port = server.ports[protocol];
      const socket =
        protocol === 'tls'
          ? await connectTls(port, server.ready.caCert)
          : await (protocol === 'tcp' ? connectRaw : openWs)(port);
      socket.pause();
      const { sentBytes, stuck } = await sendUntilStuck(
        server,
        socket,
        protocol === 'ws' ? repeated(MESSAGE, MIB) : Buffer.alloc(MIB, 7),
      );
      assert.equal(stuck.open, 1);
      const [worst] = stuck.connections;
      assert.equal(worst?.protocol, protocol);
      assert.equal(worst?.peer, `127.0.0.1:${socket.localPort}`);
      assert.ok(worst.queuedBytes > 0 && worst.queuedBytes <= MOST_QUEUED, `${worst.queuedBytes} bytes queued`);
      assert.ok(worst.bytesIn < sentBytes, 'it stopped reading');

      let receivedBytes = 0;
      socket.on('data', (chunk: Buffer) => {
        receivedBytes += chunk.length;
      });
      socket.resume();
      // Frames of a server carry no mask: four bytes less each.
      const messages = Math.floor(sentBytes / MESSAGE.length);
      const expected = protocol === 'ws' ? messages * (MESSAGE.length - 4) : sentBytes;
      await eventually(() => receivedBytes === expected, `all ${expected} bytes echoed`);
      // What has arrived here may not yet be known to have left there.
      await eventually(async () => (await top(server)).connections[0]?.queuedBytes === 0, 'nothing is queued');
      socket.destroy();
      await eventually(async () => (await top(server)).open === 0, 'closed');
    });
  }
});

/** Whole copies of `unit`, at least `bytes` together. */
const repeated = (unit: Buffer, bytes: number): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(bytes / unit.length) }, () => unit));

/**
 * Writes until the server has something queued and reads no more. That nothing moves for half a second isn't enough: it may
 * only have been late.
 */
async function sendUntilStuck(
  server: ServeProcess,
  socket: Socket,
  piece: Buffer,
): Promise<{ sentBytes: number; stuck: TopConnections }> {
  let sentBytes = 0;
  let bytesIn = -1;
  const stuck = await eventually(async () => {
    while (!socket.writableNeedDrain) {
      sentBytes += piece.length;
      socket.write(piece);
    }
    await Promise.race([once(socket, 'drain'), delay(500)]);
    const now = await top(server);
    const [one] = now.connections;
    const isStuck = socket.writableNeedDrain && one !== undefined && one.queuedBytes > 0 && one.bytesIn === bytesIn;
    bytesIn = one?.bytesIn ?? -1;
    return isStuck && now;
  }, 'it reads no more');
  return { sentBytes, stuck };
}

async function top(server: ServeProcess): Promise<TopConnections> {
  return TopConnections.parse(await (await fetch(`${server.ready.admin}/connections?top=5`)).json());
}
