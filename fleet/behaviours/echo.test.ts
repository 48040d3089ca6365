import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { countOf, toSparse } from '../../core/stats/histogram.ts';
import { startEcho } from '../../test/support/echo.ts';
import { withFleet } from '../../test/support/fleet.ts';
import { HOST, withServer } from '../../test/support/peers.ts';
import { ENGINES } from '../engines/index.ts';

const FAST = 1e6;
const TIMEOUT = { timeout: 60_000 };

const above = (counts: Uint32Array, ms: number): number =>
  countOf(toSparse(counts).filter(([lowestMicros]) => lowestMicros >= ms * 1000));

for (const engine of ENGINES) {
  for (const protocol of ['tcp', 'ws'] as const) {
    for (const bytes of [16, 64, 100_000]) {
      test(`${engine}, ${protocol}: messages of ${bytes} bytes come back, each once`, TIMEOUT, async () => {
        const server = await startEcho(protocol);
        const options = { layout: { engine }, behaviour: { kind: 'echo', perSecond: 300, bytes } } as const;
        try {
          await withFleet(protocol, [{ ip: HOST, port: server.port }], options, async ({ fleet, until }) => {
            fleet.pursue(20, FAST);
            await until(({ open }) => open === 20, '20 are open');
            fleet.setTalking(true);
            await until(({ replies }) => replies >= 200, '200 are back');
            const order = fleet.setTalking(false);
            const end = await until((now) => now.pending === 0 && now.orderSeen >= order, 'all are back');
            assert.deepEqual([end.replies, end.lostReplies], [end.messages, 0]);
            for (const name of ['rttPlanned', 'rttActual', 'sendLag'] as const) {
              assert.equal(countOf(toSparse(fleet.histogram(name))), end.messages);
            }
          });
        } finally {
          await server.close();
        }
      });
    }
  }

  test(`${engine}: an echo server that stalls is late with all it was sent`, TIMEOUT, async () => {
    const [perSecond, stallMs] = [200, 1500];
    let stalls = false;
    const held: Array<() => void> = [];
    const serve = (socket: Socket): void => {
      socket.on('data', (bytes) => {
        if (stalls) held.push(() => socket.write(bytes));
        else socket.write(bytes);
      });
    };
    await withServer({}, serve, (at) =>
      withFleet(
        'tcp',
        [at],
        { layout: { engine }, behaviour: { kind: 'echo', perSecond, bytes: 64 } },
        async (watched) => {
          const { fleet, until } = watched;
          fleet.pursue(4, FAST);
          await until(({ open }) => open === 4, '4 are open');
          fleet.setTalking(true);
          await until(({ replies }) => replies >= 40, 'it answers');
          const stalledAtMs = performance.now();
          stalls = true;
          await delay(stallMs);
          stalls = false;
          for (const release of held) release();
          const order = fleet.setTalking(false);
          const end = await until((now) => now.pending === 0 && now.orderSeen >= order, 'all are back');
          // On a busy machine the stall and what follows from it last longer.
          const [least, most] = [stallMs, performance.now() - stalledAtMs].map(
            (ms) => ((ms - 1000) * perSecond) / 1000,
          );
          assert.ok(end.lateReplies >= 0.75 * least! && end.lateReplies <= 1.25 * most!, `${end.lateReplies} late`);
          // A bucket is 8 ms wide here.
          assert.ok(Math.abs(above(fleet.histogram('rttPlanned'), 1000) - end.lateReplies) <= 3);
        },
      ),
    );
  });

  test(`${engine}: a tcp server that greets, and echoes line by line`, TIMEOUT, async () => {
    const serve = (socket: Socket): void => {
      socket.write('220 echo.example ready, 0123456789abcdefghijklmno at your service\r\n');
      let text = '';
      socket.setEncoding('utf8').on('data', (more: string) => {
        const lines = (text + more).split('\n');
        text = lines.pop()!;
        for (const line of lines) socket.write(`${line}\n`);
      });
    };
    await withServer({}, serve, (at) => comesBack('tcp', at));
  });

  test(`${engine}: a ws server that greets, echoes text, and tells the time in between`, TIMEOUT, async () => {
    const server = new WebSocketServer({ host: HOST, port: 0 });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      socket.send('Request served by 7811941c69e658');
      socket.on('message', (data, _isBinary) => {
        socket.send(String(data));
        socket.send(new Date().toISOString());
      });
    });
    try {
      await comesBack('ws', { ip: HOST, port: (server.address() as AddressInfo).port });
    } finally {
      for (const client of server.clients) client.terminate();
      server.close();
    }
  });

  async function comesBack(protocol: 'tcp' | 'ws', at: { ip: string; port: number }): Promise<void> {
    const options = { layout: { engine }, behaviour: { kind: 'echo', perSecond: 300, bytes: 64 } } as const;
    await withFleet(protocol, [at], options, async ({ fleet, until }) => {
      fleet.setTalking(true);
      fleet.pursue(10, FAST);
      await until(({ replies }) => replies >= 200, '200 are back');
      const order = fleet.setTalking(false);
      const end = await until((now) => now.pending === 0 && now.orderSeen >= order, 'all are back');
      assert.deepEqual([end.replies, end.lostReplies], [end.messages, 0]);
      assert.ok(above(fleet.histogram('rttPlanned'), 20_000) === 0);
    });
  }
}
