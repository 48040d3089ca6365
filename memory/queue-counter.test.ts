import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import type { Established } from '../core/schemas/readings.ts';
import { eventually } from '../test/support/wait.ts';
import { readEstablished } from './established.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs netlink' : false, timeout: 60_000 };
const AS_TEXT = { paths: { tcp: '/proc/net/tcp', tcp6: '/proc/net/tcp6', sockstat: '/proc/net/sockstat' } };
const PAGE_BYTES = 4096;
const NOTHING = { sockets: 0, bytes: 0, truesizeBytes: 0 };

test(
  'what waits at each end is summed up, with its buffers where the kernel tells, also when the peer has closed',
  onLinux,
  async (t) => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      t.after(() => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const clients = Array.from({ length: 3 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    t.after(() => {
      for (const client of clients) client.destroy();
    });
    await Promise.all(clients.map((client) => once(client, 'connect')));
    clients[0]!.write('x');
    clients[1]!.write(Buffer.alloc(2048));

    const received = async (
      options?: typeof AS_TEXT,
    ): Promise<[Established, NonNullable<Established['targetQueues']>]> => {
      const listed = await readEstablished([port], options);
      return [listed, listed.targetQueues!];
    };
    await eventually(async () => (await received())[1].received.bytes === 2049, 'both have arrived');
    const [{ targetQueuedBytes, clientQueues }, queues] = await received();
    assert.equal(targetQueuedBytes, 2049);
    assert.deepEqual([queues.received.sockets, queues.written], [2, NOTHING]);
    const truesizeBytes = queues.received.truesizeBytes!;
    assert.ok(truesizeBytes > 2049 + 2 * 500 && truesizeBytes < 2049 + 2 * 2500, `${truesizeBytes} with buffers`);
    assert.equal(queues.reservedBytes! % PAGE_BYTES, 0);
    assert.ok(queues.reservedBytes! >= truesizeBytes && queues.reservedBytes! <= 4 * PAGE_BYTES);
    assert.deepEqual(clientQueues, { received: NOTHING, written: NOTHING, reservedBytes: 0 });

    const [, lengths] = await received(AS_TEXT);
    assert.deepEqual(lengths.received, { sockets: 2, bytes: 2049, truesizeBytes: null });
    assert.equal(lengths.reservedBytes, null);

    clients[1]!.end();
    await eventually(async () => (await received())[0].targetEnds === 2, 'one is half closed');
    const [, left] = await received();
    assert.equal(left.received.sockets, 2);
    assert.ok(left.received.bytes >= 2049, `${left.received.bytes} bytes`);
  },
);
