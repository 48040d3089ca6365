import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { SchemeName } from '../core/protocols/schemes.ts';
import { type CensusOfScheme, TopConnections } from '../core/schemas/admin.ts';
import { openWs } from '../scripts/bench/peers.ts';
import { connectRaw, frame } from '../test/support/rude-peers.ts';
import { type ServeProcess, startServe } from '../test/support/serve-process.ts';
import { connectTls } from '../test/support/tls-peers.ts';
import { eventually } from '../test/support/wait.ts';

const TIMEOUT = { timeout: 120_000 };
const MIB = 2 ** 20;
const BINARY = 2;
/** Where there is glibc; elsewhere memory isn't given back to the system on demand. */
const hasGlibc = 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header;

describe('peers that do not read', TIMEOUT, () => {
  for (const [protocol, piece, maxKib] of [
    ['tcp', Buffer.alloc(MIB, 7), 2048],
    ['ws', frame(BINARY, Buffer.alloc(900_000, 7)), 2048],
    // A record at a time is read, so one has no more than 32 KiB.
    ['tls', Buffer.alloc(MIB, 7), 512],
  ] as const) {
    it(`have no more queued over ${protocol} than the server allows for all`, async (t) => {
      const server = await serve(t, ['--max-queued', `${maxKib}KiB`, '--protocol', 'tcp,ws,tls']);
      const reader = await connectRaw(server.ports.tcp);
      const peers = await slowReaders(t, server, protocol, 40);
      for (const peer of peers) feed(peer, piece, 8);
      const { closed } = await eventually(async () => {
        const census = await censusOf(server, protocol);
        return census.closed['slow-reader'] > 0 && census;
      }, 'some are ended');
      assert.equal(closed.reset + closed['by-peer'] + closed['protocol-error'], 0, 'by nobody else');
      const queuedBytes = await settledQueue(server);
      // A sixteenth may come in before all is looked at again; over ws whole messages may.
      assert.ok(queuedBytes <= 2 * maxKib * 1024, `${queuedBytes} bytes queued`);
      const census = await censusOf(server, protocol);
      const others = protocol === 'tcp' ? 1 : 0;
      assert.equal(census.open + census.closed['slow-reader'], 40 + others);
      assert.ok(census.open - others >= 1, 'the last one stays');
      reader.write('still here');
      assert.equal(String((await once(reader, 'data'))[0]), 'still here');
      reader.destroy();
    });
  }

  it('are ended by size: the largest queues go, the small ones stay', async (t) => {
    const server = await serve(t, ['--max-queued', '8MiB']);
    const small = await slowReaders(t, server, 'tcp', 10);
    for (const peer of small) feed(peer, Buffer.alloc(MIB, 7), 8);
    await settledQueue(server);
    const large = await slowReaders(t, server, 'ws', 12);
    for (const peer of large) feed(peer, frame(BINARY, Buffer.alloc(MIB, 7)), 8);
    await eventually(async () => (await censusOf(server, 'ws')).closed['slow-reader'] > 0, 'a large one is ended');
    await settledQueue(server);
    const tcp = await censusOf(server, 'tcp');
    assert.deepEqual([tcp.open, tcp.closed['slow-reader']], [10, 0]);
  });

  it('each process has its share of the bound', async (t) => {
    const server = await serve(t, ['--max-queued', '3MiB', '--processes', '2']);
    const peers = await slowReaders(t, server, 'tcp', 40);
    for (const peer of peers) feed(peer, Buffer.alloc(MIB, 7), 8);
    await eventually(async () => (await censusOf(server, 'tcp')).closed['slow-reader'] > 0, 'some are ended');
    const queuedBytes = await settledQueue(server);
    assert.ok(queuedBytes <= 2 * MIB, `${queuedBytes} bytes queued in one of two processes`);
  });

  it('leave no memory behind once they are gone', { skip: !hasGlibc }, async (t) => {
    const server = await serve(t);
    const rssBytes = async (): Promise<number> => (await server.memory(true)).processes[0]!.rssBytes;
    await rssBytes();
    const before = await rssBytes();
    const peers = await slowReaders(t, server, 'tcp', 150);
    for (const peer of peers) feed(peer, Buffer.alloc(MIB, 7), 6);
    const queuedBytes = await settledQueue(server);
    assert.ok(queuedBytes > 8 * MIB, `${queuedBytes} bytes queued`);
    const peak = (await server.memory()).processes[0]!.rssBytes;
    for (const peer of peers) peer.destroy();
    await eventually(async () => (await censusOf(server, 'tcp')).open === 0, 'all gone');
    await rssBytes();
    const after = await rssBytes();
    assert.ok(peak - before > 15 * MIB, `${peak - before} bytes more with all of them`);
    assert.ok(after - before < 10 * MIB, `${after - before} bytes more with none`);
  });
});

const DIAL = { tcp: (port) => connectRaw(port), ws: openWs, tls: connectTls } as const satisfies Partial<
  Record<SchemeName, (port: number, ca: string | undefined) => Promise<Socket>>
>;
type Dialled = keyof typeof DIAL;

async function serve(t: TestContext, args: readonly string[] = []): Promise<ServeProcess> {
  const server = await startServe(args);
  t.after(() => server.stop());
  return server;
}

async function slowReaders(t: TestContext, server: ServeProcess, protocol: Dialled, count: number): Promise<Socket[]> {
  const peers: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const peer = await DIAL[protocol](server.ports[protocol], server.ready.caCert);
    t.after(() => peer.destroy());
    // The server resets those it ends.
    peer.on('error', () => {});
    peer.pause();
    peers.push(peer);
  }
  return peers;
}

/** Sends so many pieces as fast as they are taken. */
function feed(peer: Socket, piece: Buffer, times: number): void {
  for (let left = times; left > 0; left--) {
    if (!peer.write(piece)) {
      peer.once('drain', () => feed(peer, piece, left - 1));
      return;
    }
  }
}

const censusOf = async (server: ServeProcess, protocol: Dialled): Promise<CensusOfScheme> =>
  (await server.memory()).census[protocol];

/** Bytes queued for all together, once that has been the same, and more than nothing, for a while. */
async function settledQueue(server: ServeProcess): Promise<number> {
  let last = 0;
  let times = 0;
  return eventually(async () => {
    const { connections } = TopConnections.parse(
      // Anew each time: we were too busy to hear that a connection at rest was closed.
      await (await fetch(`${server.ready.admin}/connections?top=1000`, { headers: { connection: 'close' } })).json(),
    );
    const bytes = connections.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
    times = bytes === last && bytes > 0 ? times + 1 : 0;
    last = bytes;
    return times === 20 && bytes;
  }, 'nothing moves any more');
}
