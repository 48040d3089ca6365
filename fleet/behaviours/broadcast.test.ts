/** Servers of ours that lose and double what they pass on: what a fleet counts is exactly that. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { countOf, toSparse } from '../../core/stats/histogram.ts';
import { type WatchedFleet, withFleet } from '../../test/support/fleet.ts';
import { HOST } from '../../test/support/peers.ts';
import { ENGINES } from '../engines/index.ts';

const TIMEOUT = { timeout: 120_000 };
const PLAN = {
  kind: 'broadcast',
  by: 'connection',
  perSecond: 20,
  bytes: 256,
  withinMs: 60_000,
  numberAfter: null,
} as const;
const MESSAGES = 12;

/** What became of deliveries, counted by who made them. */
interface Faults {
  lost: number;
  doubled: number;
  disordered: number;
  sent: number;
}

/** Says what one says to all others; each 100th is lost, each 150th doubled, each 130th comes behind the next one. */
async function withFaultyRoom(body: (port: number, faults: Faults) => Promise<void>): Promise<void> {
  const faults = { lost: 0, doubled: 0, disordered: 0, sent: 0 };
  const server = new WebSocketServer({ host: HOST, port: 0 });
  await once(server, 'listening');
  const members = new Set<WebSocket>();
  const behind = new Map<WebSocket, Buffer>();
  let count = 0;
  const give = (member: WebSocket, data: Buffer): void => {
    count += 1;
    if (count % 100 === 0) {
      faults.lost += 1;
      return;
    }
    const times = count % 150 === 1 ? 2 : 1;
    faults.doubled += times - 1;
    faults.sent += 1;
    for (let i = 0; i < times; i++) member.send(data);
    const held = behind.get(member);
    if (held) {
      behind.delete(member);
      faults.disordered += 1;
      faults.sent += 1;
      member.send(held);
    }
  };
  server.on('connection', (socket) => {
    members.add(socket);
    socket.on('close', () => members.delete(socket));
    socket.on('message', (data: Buffer) => {
      for (const member of members) {
        if (member === socket) continue;
        count += 1;
        if (count % 130 === 0 && !behind.has(member)) behind.set(member, data);
        else {
          count -= 1;
          give(member, data);
        }
      }
    });
  });
  try {
    await body((server.address() as AddressInfo).port, faults);
  } finally {
    for (const member of members) member.terminate();
    server.close();
  }
}

/** Until so many were published, and what the server sent has come. */
async function publish({ fleet, until }: WatchedFleet, messages: number, isOver: () => Promise<boolean>) {
  fleet.setTalking(true);
  await until(() => fleet.broadcasts!.latest >= messages, `${messages} are published`);
  for (let orders = 0; orders < 2; orders++) await fleet.confirmed(fleet.setTalking(false));
  for (let i = 0; i < 1000 && !(await isOver()); i++) await delay(20);
}

for (const engine of ENGINES) {
  for (const workers of [1, 2]) {
    test(
      `${engine}, ${workers} workers: what a server loses, doubles and turns round is counted exactly`,
      TIMEOUT,
      () =>
        withFaultyRoom(async (port, faults) => {
          const open = 1000;
          const options = { layout: { engine, workers }, behaviour: PLAN, window: 256 } as const;
          await withFleet('ws', [{ ip: HOST, port }], options, async (watched) => {
            const { fleet, until, tally } = watched;
            fleet.pursue(open, 1e6);
            await until((now) => now.open === open, 'all are open');
            await publish(watched, MESSAGES, async () => {
              const { deliveries, duplicateDeliveries } = tally();
              return deliveries === faults.sent && duplicateDeliveries === faults.doubled;
            });
            const end = tally();
            const { latest } = fleet.broadcasts!;
            assert.equal(end.messages, latest);
            assert.equal(end.expectedDeliveries, latest * (open - 1));
            assert.ok(faults.lost > 50 && faults.doubled > 50 && faults.disordered > 20, JSON.stringify(faults));
            assert.deepEqual(
              [end.deliveries, end.duplicateDeliveries, end.disorderedDeliveries, end.lateDeliveries],
              [faults.sent, faults.doubled, faults.disordered, 0],
            );
            assert.deepEqual([end.unaskedDeliveries, end.untoldDeliveries, end.returnedDeliveries], [0, 0, 0]);
            assert.equal(countOf(toSparse(fleet.histogram('delivery'))), faults.sent);
            const each = Array.from({ length: latest }, (_, i) => fleet.broadcasts!.message(i + 1)!);
            const sum = (name: 'expected' | 'reached' | 'duplicates'): number =>
              each.reduce((so, message) => so + message[name], 0);
            assert.deepEqual(
              [sum('expected'), sum('reached'), sum('duplicates')],
              [latest * (open - 1), faults.sent, faults.doubled],
            );
            for (const { reached, delays } of each) assert.equal(countOf(toSparse(delays!)), reached);
          });
        }),
    );
  }
}

test('a request publishes, with words around the message, and one that is refused is counted', TIMEOUT, async () => {
  const bodies: string[] = [];
  const server = createServer();
  const wss = new WebSocketServer({ server });
  server.on('request', async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    bodies.push(`${request.headers.authorization} ${body.toString().replace(/[\w.-]{64}/, '…')}`);
    const isRefused = bodies.length === 2;
    response.writeHead(isRefused ? 401 : 204).end();
    if (!isRefused) for (const client of wss.clients) client.send(`["x",${body}]`);
  });
  await once(server.listen(0, HOST), 'listening');
  const { port } = server.address() as AddressInfo;
  const publishing = {
    request: { method: 'POST', url: `http://${HOST}:${port}/p`, headers: { Authorization: 'Bearer x' } },
    template: { before: Buffer.from('{"data":"'), behind: Buffer.from('"}') },
  } as const;
  const behaviour = { ...PLAN, by: 'request', bytes: 64 } as const;
  try {
    await withFleet('ws', [{ ip: HOST, port }], { behaviour, publishing }, async (watched) => {
      watched.fleet.pursue(50, 1e6);
      await watched.until(({ open }) => open === 50, '50 are open');
      await publish(watched, 5, async () => {
        const { deliveries, expectedDeliveries } = watched.tally();
        return deliveries === expectedDeliveries - 50 && watched.fleet.broadcasts!.refused.count === 1;
      });
      const { refused, latest } = watched.fleet.broadcasts!;
      const { expectedDeliveries, deliveries } = watched.tally();
      assert.deepEqual([expectedDeliveries, deliveries], [latest * 50, (latest - 1) * 50]);
      assert.deepEqual(refused, { count: 1, why: '401 Unauthorized' });
      assert.deepEqual([...new Set(bodies)], ['Bearer x {"data":"…"}']);
    });
  } finally {
    for (const client of wss.clients) client.terminate();
    server.close();
    server.closeAllConnections();
  }
});

test('a server that numbers messages by itself: gaps, repeats and order are told by the numbers', TIMEOUT, async () => {
  const wss = new WebSocketServer({ host: HOST, port: 0 });
  await once(wss, 'listening');
  const { port } = wss.address() as AddressInfo;
  const behaviour = {
    kind: 'broadcast',
    by: 'server',
    perSecond: 0,
    bytes: 0,
    withinMs: 60_000,
    numberAfter: '"seq":',
  } as const;
  try {
    await withFleet('ws', [{ ip: HOST, port }], { behaviour, layout: { workers: 2 } }, async ({ fleet, until }) => {
      fleet.pursue(40, 1e6);
      await until(({ open }) => open === 40, '40 are open');
      fleet.setTalking(true);
      const [one, ...others] = wss.clients;
      const say = (seq: number, to: Iterable<WebSocket>): void => {
        for (const client of to) client.send(`{"seq":${seq}}`);
      };
      for (const seq of [900, 901, 903]) say(seq, wss.clients);
      say(902, others);
      say(903, [one!]);
      await until(({ deliveries, duplicateDeliveries }) => deliveries === 159 && duplicateDeliveries === 1, 'all came');
      const end = await until(({ expectedDeliveries }) => expectedDeliveries === 160, 'all know of all');
      assert.equal(end.disorderedDeliveries, 39);
      assert.equal(fleet.broadcasts!.latest, 4);
    });
  } finally {
    for (const client of wss.clients) client.terminate();
    wss.close();
  }
});
