/** Servers that end connections by a rule of their own: the times of the losses tell which. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { lossesIn } from '../client/conductor/losses.ts';
import type { ProtocolName } from '../core/protocols/names.ts';
import { toSparse } from '../core/stats/histogram.ts';
import { failureTimerMs, type LossPattern, lossPatternOf } from '../core/stats/loss-pattern.ts';
import { lossClause } from '../core/values/loss-sentences.ts';
import { type WatchedFleet, withFleet } from '../test/support/fleet.ts';
import { OK } from '../test/support/http-peer.ts';
import { withServer } from '../test/support/peers.ts';
import { ENGINES } from './engines/index.ts';
import type { Fleet } from './fleet.ts';

const TIMEOUT = { timeout: 60_000 };
const TIMER_MS = 1000;
/** Where losses have to be told from what came before them, however late a busy machine makes either. */
const LONG_TIMER_MS = 2500;
const OPEN = 12;
/** Fast enough to be through soon, slow enough that what was opened isn't lost at one moment. */
const PER_SECOND = 20;

/** Says what its protocol wants to hear when it is asked for the first time, and nothing after that. */
function greet(protocol: ProtocolName, socket: Socket, onHeard: (bytes: Buffer) => void = () => {}): void {
  let isGreeted = protocol === 'tcp';
  socket.on('data', (bytes) => {
    if (isGreeted && protocol !== 'http') onHeard(bytes);
    else if (protocol === 'http') socket.write(OK);
    else {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(bytes.toString('latin1'))![1];
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
    }
    isGreeted = true;
  });
}

type Ending = (socket: Socket) => void;
const byFin: Ending = (socket) => socket.end();
const byReset: Ending = (socket) => socket.resetAndDestroy();
const byCloseFrame =
  (code: number): Ending =>
  (socket) =>
    socket.end(Buffer.of(0x88, 2, code >> 8, code & 255));

/** Ends what hasn't said anything for a while. */
const closesIdle =
  (protocol: ProtocolName, end: Ending, afterMs = TIMER_MS) =>
  (socket: Socket) => {
    let timer = setTimeout(end, afterMs, socket);
    greet(protocol, socket);
    socket.on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(end, afterMs, socket);
    });
    socket.on('close', () => clearTimeout(timer));
  };

/** Ends each when it is so old; answers everything until then. */
const closesOld = (socket: Socket): void => {
  greet('tcp', socket, (bytes) => socket.write(bytes));
  const timer = setTimeout(byFin, TIMER_MS, socket);
  socket.on('close', () => clearTimeout(timer));
};

const patternIn = (fleet: Fleet): LossPattern =>
  lossPatternOf({
    losses: lossesIn(fleet),
    outcomes: fleet.tally().outcomes,
    ownLag: toSparse(fleet.histogram('ownLag')),
  })!;

async function untilLost({ fleet, until }: WatchedFleet, lost: number): Promise<LossPattern> {
  await until(({ closed }) => closed >= lost, `${lost} were lost`);
  return patternIn(fleet);
}

/** The timer itself, late as it may come where others take the processors. */
function assertTimer(pattern: LossPattern, word: LossPattern['word'], from: string, timerMs = TIMER_MS): void {
  const told = JSON.stringify(pattern);
  assert.equal(pattern.word, word, told);
  assert.equal(pattern.timer!.from, from, told);
  // The server's timer began before this end had read its answer, and this end reads its end late: by how much, a busy machine says.
  assert.ok(pattern.timer!.ms >= timerMs / 2 && pattern.timer!.ms < 5 * timerMs, told);
}

const IDLE: ReadonlyArray<readonly [what: string, protocol: ProtocolName, end: Ending, reason: 'by-peer' | 'reset']> = [
  ['tcp, by FIN', 'tcp', byFin, 'by-peer'],
  ['tcp, by RST', 'tcp', byReset, 'reset'],
  ['ws, by FIN alone', 'ws', byFin, 'by-peer'],
  ['ws, by RST', 'ws', byReset, 'reset'],
  ['ws, by close 1001', 'ws', byCloseFrame(1001), 'by-peer'],
  ['ws, by close 4408', 'ws', byCloseFrame(4408), 'by-peer'],
  ['http, by FIN', 'http', byFin, 'by-peer'],
];

for (const engine of ENGINES) {
  for (const [what, protocol, end, reason] of IDLE) {
    test(`${engine}: a server that closes what rests: ${what}`, TIMEOUT, async () => {
      await withServer({}, closesIdle(protocol, end), (at) =>
        withFleet(protocol, [at], { layout: { engine } }, async (watched) => {
          watched.fleet.pursue(OPEN, PER_SECOND);
          const pattern = await untilLost(watched, OPEN);
          assertTimer(pattern, 'idle', 'opening');
          assert.match(lossClause(pattern), /^each \d+(\.\d+)? s after it opened: it closes what rests$/);
          assert.ok(watched.tally().closeReasons[reason] >= OPEN);
          const { openMs, silentMs } = watched.troubles[0]!;
          // The server's timer began before this end had read its answer: how much before, a busy machine says.
          assert.ok(openMs! >= silentMs! && silentMs! >= TIMER_MS / 2 && openMs! < 20_000, `${openMs}, ${silentMs}`);
        }),
      );
    });
  }

  for (const protocol of ['tcp', 'ws'] as const) {
    test(`${engine}, ${protocol}: a timer that counts from the last message`, TIMEOUT, async () => {
      const behaviour = { kind: 'echo', perSecond: 200, bytes: 64 } as const;
      await withServer({}, closesIdle(protocol, byFin, LONG_TIMER_MS), (at) =>
        withFleet(protocol, [at], { layout: { engine }, behaviour }, async (watched) => {
          const { fleet, until } = watched;
          fleet.setTalking(true);
          for (let open = OPEN / 4; open <= OPEN; open += OPEN / 4) {
            fleet.pursue(open, 1000);
            await until((now) => now.open === open, `${open} are open`);
            await delay(TIMER_MS);
          }
          fleet.setTalking(false);
          const pattern = await untilLost(watched, OPEN);
          assertTimer(pattern, 'idle', 'last byte', LONG_TIMER_MS);
          assert.ok(pattern.age.maxMs > LONG_TIMER_MS + 2 * TIMER_MS, JSON.stringify(pattern));
        }),
      );
    });

    test(`${engine}, ${protocol}: a server that talks, and closes who doesn't`, TIMEOUT, async () => {
      const chatty = (socket: Socket): void => {
        closesIdle(protocol, byFin)(socket);
        const news = protocol === 'ws' ? Buffer.of(0x81, 1, 65) : Buffer.from('news\n');
        const timer = setInterval(() => socket.writable && socket.bytesRead > 0 && socket.write(news), 50);
        if (protocol === 'tcp') socket.write(news);
        socket.on('close', () => clearInterval(timer)).on('end', () => clearInterval(timer));
      };
      await withServer({}, chatty, (at) =>
        withFleet(protocol, [at], { layout: { engine } }, async (watched) => {
          watched.fleet.pursue(OPEN, PER_SECOND);
          assertTimer(await untilLost(watched, OPEN), 'idle', 'opening');
        }),
      );
    });
  }

  test(`${engine}: a limit on age, which heartbeats don't extend`, TIMEOUT, async () => {
    const behaviour = { kind: 'heartbeat', everyMs: 100 } as const;
    await withServer({}, closesOld, (at) =>
      withFleet('tcp', [at], { layout: { engine }, behaviour }, async (watched) => {
        watched.fleet.setTalking(true);
        watched.fleet.pursue(OPEN, PER_SECOND);
        const pattern = await untilLost(watched, 2 * OPEN);
        assertTimer(pattern, 'age', 'opening');
        assert.match(lossClause(pattern), /^each [\d.]+ s after it opened, although in use: a limit on age$/);
      }),
    );
  });

  test(`${engine}: a server that takes no more than some closes the others at once`, TIMEOUT, async () => {
    let open = 0;
    const full = (socket: Socket): void => {
      if (++open > 3) socket.end();
    };
    await withServer({}, full, (at) =>
      withFleet('tcp', [at], { layout: { engine } }, async (watched) => {
        watched.fleet.pursue(OPEN, 100);
        const pattern = await untilLost(watched, 2 * OPEN);
        assert.equal(pattern.word, 'at-once', JSON.stringify(pattern));
        assert.match(lossClause(pattern), /^each within \d\.\d s of its opening: it refuses after opening$/);
      }),
    );
  });

  test(`${engine}: a restart takes all of them at one moment`, TIMEOUT, async () => {
    const sockets = new Set<Socket>();
    await withServer(
      {},
      (socket) => sockets.add(socket),
      (at) =>
        withFleet('tcp', [at], { layout: { engine } }, async (watched) => {
          const { fleet, until } = watched;
          for (let open = OPEN / 4; open <= OPEN; open += OPEN / 4) {
            fleet.pursue(open, 1000);
            await until((now) => now.open === open && sockets.size === open, `${open} are open`);
            await delay(TIMER_MS);
          }
          for (const socket of sockets) socket.resetAndDestroy();
          const pattern = await untilLost(watched, OPEN);
          assert.equal(pattern.word, 'moment', JSON.stringify(pattern));
          assert.match(lossClause(pattern), /^all within \d\.\d s, [\d.]+ s to [\d.]+ s after they opened: a restart$/);
        }),
    );
  });

  test(`${engine}: a proxy that gives up on its upstream after a while`, TIMEOUT, async () => {
    const gateway = (socket: Socket): void => {
      socket.once('data', () => {
        setTimeout(() => socket.end('HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n'), TIMER_MS);
      });
    };
    await withServer({}, gateway, (at) =>
      withFleet('ws', [at], { layout: { engine } }, async ({ fleet, until }) => {
        fleet.pursue(OPEN, PER_SECOND);
        await until(({ outcomes }) => outcomes.rejected >= OPEN, 'all were rejected');
        const progress = { failedAfter: toSparse(fleet.histogram('failedAfter')), ownLag: [] };
        const ms = failureTimerMs(progress)!;
        assert.ok(ms >= TIMER_MS - 50 && ms < 1.5 * TIMER_MS, `${ms}`);
      }),
    );
  });
}
