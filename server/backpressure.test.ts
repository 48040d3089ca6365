import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { TopConnections } from '../core/admin.ts';
import { openWs } from '../scripts/bench/peers.ts';
import { connectRaw, frame } from '../test/support/rude-peers.ts';
import { type ServeProcess, startServe } from '../test/support/serve-process.ts';
import { eventually } from '../test/support/wait.ts';

const MIB = 2 ** 20;
/** Our own limit, and one more read of 64 KiB (twice, while frames are split). */
const MOST_QUEUED = 256 * 1024;
const MESSAGE = frame(2, Buffer.alloc(100, 7));

describe('a peer that does not read', () => {
  let server: ServeProcess;
  before(async () => {
    server = await startServe();
  });
  after(() => server.stop());

  for (const protocol of ['tcp', 'ws'] as const) {
    it(`is not read from over ${protocol} until it takes what it asked for`, async () => {
      const port = server.ports[protocol];
      const socket = protocol === 'tcp' ? await connectRaw(port) : await openWs(port);
      socket.pause();
      const sentBytes = await sendUntilStuck(
        socket,
        protocol === 'tcp' ? Buffer.alloc(MIB, 7) : repeated(MESSAGE, MIB),
      );
      const stuck = await top(server);
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
      const expected = protocol === 'tcp' ? sentBytes : messages * (MESSAGE.length - 4);
      await eventually(() => receivedBytes === expected, `all ${expected} bytes echoed`);
      const done = await top(server);
      assert.equal(done.connections[0]?.queuedBytes, 0);
      socket.destroy();
      await eventually(async () => (await top(server)).open === 0, 'closed');
    });
  }
});

/** Whole copies of `unit`, at least `bytes` together. */
const repeated = (unit: Buffer, bytes: number): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(bytes / unit.length) }, () => unit));

/** Writes until nothing has moved for half a second; returns how many bytes were written in all. */
async function sendUntilStuck(socket: Socket, piece: Buffer): Promise<number> {
  let sentBytes = 0;
  for (;;) {
    sentBytes += piece.length;
    if (socket.write(piece)) continue;
    const drained = once(socket, 'drain').then(() => true);
    const tooLong = new Promise<false>((resolve) => setTimeout(resolve, 500, false));
    if (!(await Promise.race([drained, tooLong]))) return sentBytes;
  }
}

async function top(server: ServeProcess): Promise<TopConnections> {
  return TopConnections.parse(await (await fetch(`${server.ready.admin}/connections?top=5`)).json());
}
