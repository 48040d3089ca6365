import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Duplex, PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as secure } from 'node:tls';
import type { BehaviourPlan } from '../../core/behaviours/behaviours.ts';
import type { OpeningPlan } from '../../core/opening/plan.ts';
import { literalTemplate } from '../../core/opening/template.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import { TLS_VERSIONS } from '../../core/schemas/tls.ts';
import { withFleet } from '../support/fleet.ts';
import { isCi } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';
import { securedFor } from '../tls/held.ts';
import { DIALECTS, get } from './dialects.ts';
import { connectPeer, type Peer } from './peer.ts';
import type { Server } from './server.ts';

export type Spoken = keyof typeof DIALECTS;

/** How many a target has to hold; and what it takes. */
const MANY = 5000;
/** Slower than their accept queues (of 1,024 and more) fill while they are busy: what doesn't fit comes again after a second. */
const OPENS_PER_SECOND = 4000;
const MANY_DEADLINE_MS = 120_000;
/** How many have to fit over TLS, where each takes a millisecond of both ends to shake hands; and so many at a time. */
const SOME = 160;
const FEW = 10;
const AT_ONCE = 16;
/** Files besides connections, of this process and of a target. */
const RESERVE = 500;

/** A connection that was made usable. */
async function meet(server: Server, spoken: Spoken): Promise<Peer> {
  const peer = await connectPeer(server.port, server.ca);
  const { hello, welcomed } = DIALECTS[spoken];
  if (hello.length > 0) await peer.send(hello);
  await welcomed(peer);
  return peer;
}

async function asked(peer: Peer, spoken: Spoken, number: number, bytes: number): Promise<void> {
  await peer.send(DIALECTS[spoken].question(number, bytes));
  await DIALECTS[spoken].answered(peer, number, bytes);
}

/** A new connection is served, whatever others do. */
export async function assertServes(server: Server, spoken: Spoken): Promise<void> {
  const peer = await meet(server, spoken);
  await asked(peer, spoken, 1, 100);
  peer.socket.end();
}

export async function answers(server: Server, spoken: Spoken): Promise<void> {
  const [one, other] = [await meet(server, spoken), await meet(server, spoken)];
  for (const [number, bytes] of [1, 125, 126, 5000, 30_000].entries()) {
    await Promise.all([asked(one, spoken, number, bytes), asked(other, spoken, number + 100, bytes)]);
  }
  one.socket.end();
  other.socket.end();
}

/** As a slow line brings it: byte by byte; over TLS each in a record of its own. */
export async function answersPieces(server: Server, spoken: Spoken): Promise<void> {
  const { hello, welcomed, question, answered } = DIALECTS[spoken];
  const peer = await connectPeer(server.port, server.ca);
  const trickle = async (bytes: Buffer): Promise<void> => {
    for (const byte of bytes) {
      await peer.send(Uint8Array.of(byte));
      await delay(1);
    }
  };
  await trickle(hello);
  await welcomed(peer);
  for (const number of [1, 2]) {
    await trickle(question(number, 130));
    await answered(peer, number, 130);
  }
  peer.socket.end();
}

/** All of them open at once, each asked and answered, then all of them reset: at once, unless at a rate. */
export async function holdsMany(server: Server, spoken: Spoken, resetsPerSecond = 1e6): Promise<void> {
  const many = Math.min(MANY, openFilesHere() - RESERVE);
  if (isCi(process.env['CI'])) assert.equal(many, MANY, 'ulimit -n leaves room for as many');
  const { hello, question } = DIALECTS.http;
  // Over http all ask once, as soon as they are there.
  const opening = spoken === 'http' ? saying(Buffer.concat([hello, question(0, 0)])) : undefined;
  const name = spoken === 'http' ? 'tcp' : spoken;
  const layout = { engine: 'epoll' } as const;
  const behaviour =
    DESCRIPTORS[name].exchange === 'messages' && spoken !== 'http'
      ? { kind: 'echo' as const, perSecond: 5000, bytes: 64 }
      : ({ kind: 'idle' } as const);
  await withFleet(
    name,
    [{ ip: '127.0.0.1', port: server.port }],
    {
      layout,
      behaviour,
      capacity: many,
      window: 256,
      closeWindow: many,
      close: 'reset',
      openTimeoutMs: 60_000,
      protocol: { name, path: '/', hostHeader: 'localhost' },
      opening,
      identity: opening && { rows: undefined, order: 'cycle', secrets: [] },
    },
    async ({ fleet, until, troubles }) => {
      fleet.pursue(many, OPENS_PER_SECOND);
      await until(({ open }) => open === many, `${many} are open`, MANY_DEADLINE_MS);
      await eventually(() => server.descriptors() > many, 'the server has them', MANY_DEADLINE_MS);
      await assertServes(server, spoken);
      if (behaviour.kind === 'echo') {
        fleet.setTalking(true);
        await until(({ replies }) => replies >= many, 'each has its answer', MANY_DEADLINE_MS);
        fleet.setTalking(false);
      }
      const { open, failed, closed } = fleet.tally();
      assert.deepEqual({ open, failed, closed, troubles }, { open: many, failed: 0, closed: 0, troubles: [] });
      fleet.pursue(0, resetsPerSecond);
      await until((tally) => tally.open === 0 && tally.closing === 0, 'all are reset', MANY_DEADLINE_MS);
    },
  );
  await eventually(() => server.descriptors() < many / 10, 'the server has let go of them', 60_000);
  await assertServes(server, spoken);
}

/** An opening of one step. */
const saying = (bytes: Buffer): OpeningPlan => ({
  before: [],
  messageEnd: undefined,
  codec: undefined,
  module: undefined,
  steps: [{ kind: 'send', message: { bytes: literalTemplate(bytes), isText: false } }],
  rules: [],
});

/** Each has shaken hands, and is asked and answered; then all of them are reset. Costs this process more than a fleet would. */
export async function holdsSome(server: Server, spoken: Spoken): Promise<void> {
  const peers: Peer[] = [];
  while (peers.length < SOME) {
    peers.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => meet(server, spoken)))));
  }
  await eventually(() => server.descriptors() > SOME, 'the server has them', MANY_DEADLINE_MS);
  await Promise.all(peers.map((peer, number) => asked(peer, spoken, number, 64)));
  for (const peer of peers) peer.reset();
  await eventually(() => server.descriptors() < SOME / 2, 'the server has let go of them', 60_000);
  await assertServes(server, spoken);
}

const ECHO: BehaviourPlan = { kind: 'echo', perSecond: 400, bytes: 64 };
/** Nobody asks on an event stream. */
const ASKING: Readonly<Record<Spoken, BehaviourPlan>> = {
  tcp: ECHO,
  ws: ECHO,
  http: { kind: 'request', perSecond: 400, path: '/' },
  sse: { kind: 'idle' },
};

/**
 * Our own client and this server understand each other, by either version of TLS: connections open, each is answered, and each is
 * closed in order, which the server answers.
 *
 * @param few connections at once
 */
export async function understandsUs(
  { port, ca }: Pick<Server, 'port' | 'ca'>,
  spoken: Spoken,
  few = FEW,
): Promise<void> {
  const behaviour = ASKING[spoken];
  const requestPath = spoken === 'http' ? '/' : undefined;
  for (const version of TLS_VERSIONS) {
    const options = {
      layout: { engine: 'epoll' },
      behaviour,
      protocol: { name: spoken, path: '/', hostHeader: 'localhost', requestPath },
      securing: { by: 'openssl', options: securedFor(ca!, { servername: 'localhost', versions: [version] }) },
      openTimeoutMs: 60_000,
      closeTimeoutMs: 60_000,
    } as const;
    await withFleet(spoken, [{ ip: '127.0.0.1', port }], options, async ({ fleet, until, troubles, agreements }) => {
      fleet.pursue(few, 1000);
      await until(({ open }) => open === few, `${few} are open`, MANY_DEADLINE_MS);
      if (behaviour.kind !== 'idle') {
        fleet.setTalking(true);
        await until(({ replies }) => replies >= 4 * few, 'each is answered', MANY_DEADLINE_MS);
        fleet.setTalking(false);
        await until(({ replies, messages }) => replies === messages, 'all are answered', MANY_DEADLINE_MS);
      }
      fleet.pursue(0, 1000);
      const { closeReasons, unanswered, failed } = await until(
        ({ open, closing }) => open === 0 && closing === 0,
        'all are closed',
        MANY_DEADLINE_MS,
      );
      assert.deepEqual([closeReasons['by-us'], unanswered, failed, troubles], [few, 0, 0, []]);
      assert.deepEqual(
        agreements.map((agreement) => agreement.version),
        [version],
      );
    });
  }
}

/** Somebody who asks and asks, and doesn't read, is nobody else's trouble; and has all the answers in the end. */
export async function bearsSlow(server: Server, spoken: Spoken): Promise<void> {
  const { question, answered } = DIALECTS[spoken];
  const [count, bytes] = spoken === 'http' ? [2000, 1000] : [400, 20_000];
  const slow = await meet(server, spoken);
  const sent = (async () => {
    for (let number = 0; number < count; number++) await slow.send(question(number, bytes));
  })();
  await delay(500);
  await Promise.all([assertServes(server, spoken), assertServes(server, spoken)]);
  for (let number = 0; number < count; number++) await answered(slow, number, bytes);
  await sent;
  slow.socket.end();
}

/** Connections that are reset at every stage leave nothing behind. */
export async function survivesResets(server: Server, spoken: Spoken): Promise<void> {
  const { hello, question } = DIALECTS[spoken];
  const before = server.descriptors();
  for (let round = 0; round < 20; round++) {
    const peers = await Promise.all(Array.from({ length: 8 }, () => connectPeer(server.port, server.ca)));
    for (const [i, peer] of peers.entries()) {
      const whole = Buffer.concat([hello, question(i, 2000)]);
      // From nothing at all to everything, the answer unread.
      peer.socket.write(whole.subarray(0, Math.floor((whole.length * i) / 7)));
    }
    await delay(2);
    for (const peer of peers) peer.reset();
  }
  await eventually(() => server.descriptors() <= before + 8, 'no connection is left', 30_000);
  await assertServes(server, spoken);
}

/** Over TLS also those that never come so far, and others that say something else. */
export async function survivesHandshakes(server: Server, spoken: Spoken): Promise<void> {
  const before = server.descriptors();
  const hello = await clientHello();
  for (let round = 0; round < 10; round++) {
    const peers = await Promise.all(Array.from({ length: 8 }, () => connectPeer(server.port)));
    for (const [i, peer] of peers.entries()) {
      peer.socket.write(i === 7 ? DIALECTS.http.question(i, 0) : hello.subarray(0, Math.floor((hello.length * i) / 6)));
    }
    await delay(5);
    for (const peer of peers) peer.reset();
  }
  await eventually(() => server.descriptors() <= before + 8, 'no connection is left', 30_000);
  await assertServes(server, spoken);
}

/** What a client says first over TLS. */
async function clientHello(): Promise<Buffer> {
  const ours = new PassThrough();
  const said = once(ours, 'data');
  const client = secure({
    socket: Duplex.from({ readable: new PassThrough(), writable: ours }),
    servername: 'localhost',
  }).on('error', () => {});
  const [bytes] = (await said) as [Buffer];
  client.destroy();
  return bytes;
}

/** Also with connections open. */
export async function endsWhenTold(server: Server, spoken: Spoken): Promise<void> {
  const peers = await Promise.all(Array.from({ length: 50 }, () => meet(server, spoken)));
  const how = await server.terminated(60_000);
  // A Java VM ends with 128 + 15 where others end by the signal itself.
  assert.ok([0, 143, 'SIGTERM'].includes(how), `${how}: ${server.output()}`);
  for (const { socket } of peers) socket.destroy();
}

/** `/work` takes the processor time that it is asked for, whatever it is written in. */
export async function takesProcessorTime(server: Server): Promise<void> {
  const peer = await connectPeer(server.port, server.ca);
  assert.equal((await get(peer, '/work?ms=x')).status, 400);
  assert.equal((await get(peer, '/nowhere')).status, 404);
  const before = server.cpuMs();
  for (let i = 0; i < 10; i++) assert.deepEqual(await get(peer, '/work?ms=40'), { status: 200, body: 'done' });
  const took = server.cpuMs() - before;
  assert.ok(took > 200 && took < 900, `10 times 40 ms took ${took} ms`);
  peer.socket.end();
}

function openFilesHere(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? MANY + RESERVE);
}
