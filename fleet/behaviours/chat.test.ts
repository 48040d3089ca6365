/** Servers that pass messages on: a reply belongs to the connection that asked, what came from another is counted apart. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ProtocolName } from '../../core/protocols/names.ts';
import { countOf, toSparse } from '../../core/stats/histogram.ts';
import { type WatchedFleet, withFleet } from '../../test/support/fleet.ts';
import { HOST, withServer } from '../../test/support/peers.ts';
import type { Endpoint } from '../engines/engine.ts';
import { ENGINES } from '../engines/index.ts';
import type { Tally } from '../wire.ts';

const FAST = 1e6;
const TIMEOUT = { timeout: 60_000 };
const OPEN = 6;
const WORKERS = 2;

type Say = (bytes: Buffer) => void;
/** What a room does with what a member said. */
type Room = (members: readonly Say[], said: Buffer, sender: Say) => void;

const toOthers: Room = (members, said, sender) => {
  for (const member of members) if (member !== sender) member(said);
};
const toAll: Room = (members, said) => {
  for (const member of members) member(said);
};
const toTheNext: Room = (members, said, sender) => members[(members.indexOf(sender) + 1) % members.length]!(said);

/** Keeps what it was told, and says it in another order, a while later. */
function backwards(): Room {
  const kept: Array<() => void> = [];
  return (_, said, sender) => {
    kept.push(() => sender(said));
    if (kept.length > 1) return;
    setTimeout(() => {
      for (const say of kept.splice(0).reverse()) say();
    }, 30);
  };
}

/** A room in this process; one of tcp passes on whatever it reads, as it comes. */
async function withRoom(
  protocol: 'tcp' | 'ws',
  room: Room,
  { binary = true, deflate = false }: { binary?: boolean; deflate?: boolean },
  body: (at: Endpoint, members: readonly Say[]) => Promise<void>,
): Promise<void> {
  const members: Say[] = [];
  const join = (say: Say): { hear: Say; leave: () => void } => {
    members.push(say);
    return { hear: (said) => room(members, said, say), leave: () => members.splice(members.indexOf(say), 1) };
  };
  if (protocol === 'tcp') {
    const serve = (socket: Socket): void => {
      const { hear, leave } = join((bytes) => socket.write(bytes));
      socket.on('data', hear).on('close', leave);
    };
    await withServer({}, serve, (at) => body(at, members));
    return;
  }
  const server = new WebSocketServer({ host: HOST, port: 0, perMessageDeflate: deflate && { threshold: 0 } });
  await once(server, 'listening');
  server.on('connection', (socket: WebSocket) => {
    const { hear, leave } = join((bytes) => socket.send(binary ? bytes : String(bytes), { binary }));
    socket.on('message', hear).on('close', leave);
  });
  try {
    await body({ ip: HOST, port: (server.address() as AddressInfo).port }, members);
  } finally {
    for (const socket of server.clients) socket.terminate();
    server.close();
  }
}

/** What a room does, and how often each message comes: back to its sender, and to others. */
const ROOMS: ReadonlyArray<readonly [what: string, room: () => Room, replies: 0 | 1, others: number]> = [
  ['to all others', () => toOthers, 0, OPEN - 1],
  ['to everybody, the sender too', () => toAll, 1, OPEN - 1],
  ['to the next one alone', () => toTheNext, 0, 1],
  ['back to the sender, late and in another order', backwards, 1, 0],
];
const DOORS: ReadonlyArray<readonly [what: string, protocol: 'tcp' | 'ws', bytes: number, options: object]> = [
  ['tcp', 'tcp', 64, {}],
  ['tcp, as short as can be', 'tcp', 16, {}],
  ['ws, binary', 'ws', 64, {}],
  ['ws, text, as short as can be', 'ws', 16, { binary: false }],
  ['ws, compressed', 'ws', 200, { deflate: true }],
];

for (const engine of ENGINES) {
  const optionsOf = (protocol: ProtocolName, bytes: number, perSecond: number, deflate = false) =>
    ({
      protocol: { name: protocol, path: '/', hostHeader: 'test', deflate: deflate ? 'on' : 'off' },
      behaviour: { kind: 'echo', perSecond, bytes },
      layout: { engine, workers: WORKERS },
    }) as const;

  for (const [door, protocol, bytes, options] of DOORS) {
    // The same fleet goes through all the rooms: to start one takes longer than all that it says.
    test(`${engine}, ${door}: ${ROOMS.map(([what]) => what).join('; ')}`, TIMEOUT, async () => {
      let room: Room = toAll;
      await withRoom(
        protocol,
        (...said) => room(...said),
        options,
        (at, members) =>
          withFleet(protocol, [at], optionsOf(protocol, bytes, 300, 'deflate' in options), async (watched) => {
            const { fleet, until, tally } = watched;
            for (const [what, makeRoom, replies, others] of ROOMS) {
              room = makeRoom();
              const { lostReplies } = tally();
              const timed = countOf(toSparse(fleet.histogram('rttPlanned')));
              const sent = await talkOf(watched, () => members.length === OPEN, 150, replies, others);
              assert.equal(countOf(toSparse(fleet.histogram('rttPlanned'))) - timed, sent * replies, what);
              fleet.pursue(0, FAST);
              const end = await until(
                ({ open, closing }) => open === 0 && closing === 0 && members.length === 0,
                'all are closed',
              );
              assert.deepEqual([end.lostReplies - lostReplies, end.pending], [sent * (1 - replies), 0], what);
            }
          }),
      );
    });
  }

  test(`${engine}, tcp: long messages, which the room puts into each other`, TIMEOUT, async () => {
    await withRoom('tcp', toAll, {}, (at, members) =>
      withFleet('tcp', [at], optionsOf('tcp', 150_000, 100), async (watched) => {
        await talkOf(watched, () => members.length === OPEN, 60, 1, OPEN - 1);
      }),
    );
  });

  test(`${engine}: two runs in one room: neither takes the other's messages for its own`, TIMEOUT, async () => {
    await withRoom('tcp', toAll, {}, (at, members) =>
      withFleet('tcp', [at], optionsOf('tcp', 64, 100), (one) =>
        withFleet('tcp', [at], optionsOf('tcp', 64, 100), async (other) => {
          const isFull = (): boolean => members.length === 2 * OPEN;
          await Promise.all([one, other].map((watched) => talkOf(watched, isFull, 60, 1, OPEN - 1)));
        }),
      ),
    );
  });

  test(`${engine}: what comes on a later connection in the same slot is no reply`, TIMEOUT, async () => {
    // It tells each what the one before had said, and hangs up when it is told something.
    const kept: Buffer[] = [];
    let told = 0;
    const serve = (socket: Socket): void => {
      for (const said of kept.splice(0)) {
        told++;
        socket.write(said);
      }
      socket.once('data', (said: Buffer) => {
        if (told < 20) kept.push(Buffer.from(said.subarray(0, 64)));
        socket.end();
      });
    };
    await withServer({}, serve, (at) =>
      withFleet('tcp', [at], { ...optionsOf('tcp', 64, 100), layout: { engine }, capacity: 1 }, async (watched) => {
        watched.fleet.setTalking(true);
        watched.fleet.pursue(1, FAST);
        const end = await watched.until(({ fromOthers }) => fromOthers >= 20, 'it was told 20 times');
        assert.deepEqual([end.replies, end.fromOthers, told], [0, 20, 20]);
      }),
    );
  });
}

/** Has all of them talk for a while, and says how many messages that were once all of them have arrived. */
async function talkOf(
  { fleet, until, tally }: WatchedFleet,
  isFull: () => boolean,
  messages: number,
  replies: 0 | 1,
  others: number,
): Promise<number> {
  const before = tally();
  fleet.pursue(OPEN, FAST);
  await until(({ open }) => open === OPEN && isFull(), 'all are there');
  fleet.setTalking(true);
  await until((now) => now.messages - before.messages >= messages, 'enough was said');
  const order = fleet.setTalking(false);
  const came = (now: Tally) => ({
    sent: now.messages - before.messages,
    back: now.replies - before.replies,
    fromOthers: now.fromOthers - before.fromOthers,
  });
  const isOver = (now: Tally): boolean => {
    const { sent, back, fromOthers } = came(now);
    return now.orderSeen >= order && back >= sent * replies && fromOthers >= sent * others;
  };
  await until(isOver, 'all has arrived');
  // Whatever came twice would come by now.
  await delay(20);
  const end = tally();
  const { sent, back, fromOthers } = came(end);
  assert.deepEqual([back, fromOthers, end.pending], [sent * replies, sent * others, sent * (1 - replies)]);
  return sent;
}
