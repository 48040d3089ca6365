/** Servers that pass messages on, and servers with timers: what a whole run says of them. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { WebSocketServer } from 'ws';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { EXIT } from '../../core/values/errors.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  HASTY,
  newFolder,
  readEvents,
  readSamples,
  reportOn,
} from '../support/connrig.ts';
import { withServer } from '../support/peers.ts';

const TIMEOUT = { timeout: 180_000 };
const PASSED_ON =
  /^EINCONCLUSIVE: .*none of [\d,]+ messages came back to its sender, and [\d,]+ were received from others/m;
const LEVELS = ['--levels', '5,20', '--rate', '1k/s', ...HASTY];

describe('a chat', () => {
  for (const [what, isEcho] of [
    ['that passes messages on to all others', false],
    ['that passes messages on to everybody', true],
  ] as const) {
    it(what, TIMEOUT, async (t) => {
      const folder = newFolder(t);
      const all = new Set<Socket>();
      const chat = (socket: Socket): void => {
        all.add(socket);
        socket.on('close', () => all.delete(socket));
        socket.on('data', (said) => {
          for (const one of all) if (isEcho || one !== socket) one.write(said);
        });
      };
      await withServer({}, chat, async ({ port }) => {
        const args = ['run', `tcp://127.0.0.1:${port}`, '--behaviour', 'echo:100/s:16B', '--talk', '1s', ...LEVELS];
        const ended = await connrig(t, [...args, '--out', folder]);
        assertWentThrough(ended);
        if (!isEcho) assertFailed(ended, 7, 'EINCONCLUSIVE', PASSED_ON);
        if (!isEcho) assert.match(ended.stdout, /none of [\d,]+ messages came back to its sender \(the target passes/);
      });
      const { legs, warnings } = await reportOn(t, folder);
      const talks = readSamples(folder).flatMap((sample) => (sample.type === 'memory' && sample.talk ? sample : []));
      assert.deepEqual(
        talks.map(({ level }) => level),
        [5, 20],
      );
      for (const { level, talk } of talks) {
        const { messages, replies, lostReplies, fromOthers } = talk!;
        assert.ok(messages >= 50, `${messages}`);
        assert.deepEqual(
          [replies, lostReplies, fromOthers],
          [isEcho ? messages : 0, isEcho ? 0 : messages, messages * (level - 1)],
        );
      }
      const { rtt } = legs[0]!.levels.at(-1)!;
      assert.equal(rtt!.p50Ms !== null, isEcho);
      const said = warnings.filter((text) => text.includes('the target passes messages on to others'));
      assert.equal(said.length, isEcho ? 0 : 1, warnings.join('\n'));
    });
  }
});

describe('a server that pushes', () => {
  const PUSHED = 'x'.repeat(155);

  it('to idle connections is seen to, and so is what it does not send back', TIMEOUT, async (t) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    const timer = setInterval(() => {
      for (const client of server.clients) client.send(PUSHED);
    }, 20);
    const url = `ws://127.0.0.1:${(server.address() as { port: number }).port}`;
    try {
      const [idle, deaf] = [newFolder(t), newFolder(t)];
      const args = ['run', url, ...LEVELS, '--rest', '300ms'];
      const ended = await connrig(t, [...args, '--out', idle]);
      assertWentThrough(ended);
      assert.match(ended.stdout, /; each connection received [\d.]+ messages and [\d.]+ K?i?B a second while held/);
      const { received, levels } = (await reportOn(t, idle)).legs[0]!;
      assert.equal(received!.payloadBytes, received!.messages! * PUSHED.length);
      for (const { received: each } of [...levels, { received: received!.each }]) {
        assert.ok(each!.messagesPerSecond! > 0);
        assert.ok(Math.abs(each!.bytesPerSecond / each!.messagesPerSecond! - PUSHED.length) < 1e-6);
      }

      const talk = ['--behaviour', 'echo:100/s:64B', '--talk', '1s'];
      const said =
        /^EINCONCLUSIVE: .*none of [\d,]+ messages came back: .*; beside that [\d,]+ messages \(.*B\) came in/m;
      const unheard = await connrig(t, [...args, ...talk, '--out', deaf]);
      // A busy machine sends late, which is told first.
      if (unheard.code === EXIT.invalid) assertFailed(unheard, EXIT.invalid, 'EGENERATOR');
      else assertFailed(unheard, EXIT.inconclusive, 'EINCONCLUSIVE', said);
      const { rtt } = (await reportOn(t, deaf)).legs[0]!;
      assert.equal(rtt!.lostPercent, 100);
      assert.equal(rtt!.beside!.payloadBytes, rtt!.beside!.messages! * PUSHED.length);
    } finally {
      clearInterval(timer);
      for (const client of server.clients) client.terminate();
      server.close();
    }
  });
});

/** Closes a WebSocket that has said nothing for a while, by a close frame or without one. */
async function withTimer(
  { afterMs, code }: { afterMs: number; code?: number },
  body: (url: string) => Promise<void>,
): Promise<void> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket, { socket: raw }) => {
    const close = (): void => {
      if (code) socket.close(code);
      else raw.end();
    };
    let timer = setTimeout(close, afterMs);
    const isUsed = (): void => {
      clearTimeout(timer);
      timer = setTimeout(close, afterMs);
    };
    socket
      .on('ping', isUsed)
      .on('message', isUsed)
      .on('error', () => {})
      .on('close', () => clearTimeout(timer));
  });
  try {
    await body(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
}

const lossesIn = async (t: Parameters<typeof reportOn>[0], folder: string): Promise<LegSummary['losses']> =>
  (await reportOn(t, folder)).legs[0]!.losses;

describe('a server that closes what rests', () => {
  it('ends the run with how long that takes, and a heartbeat that keeps them', TIMEOUT, async (t) => {
    await withTimer({ afterMs: 1500 }, async (url) => {
      // More of them than a run may lose.
      const plan = ['--connections', '60', '--levels', '1', '--rate', '1k/s', ...HASTY];
      const args = ['run', url, ...plan, '--rest', '4s', '--quiet'];
      const folder = newFolder(t);
      const ended = await connrig(t, [...args, '--out', folder]);
      const told =
        /by-peer \(FIN without a close frame\), each (1\.[4-9]|2\.\d) s after it opened: it closes what rests/;
      assertFailed(ended, 4, 'EDROPPED', told);
      assert.match(ended.stderr, / — --behaviour heartbeat:(500ms|1s) keeps them in use/);
      const losses = await lossesIn(t, folder);
      assert.deepEqual([losses!.pattern, Object.keys(losses!.reasons)], ['idle', ['by-peer']]);
      assert.ok(losses!.timerMs! > 1400 && losses!.age!.minMs > 1400 && losses!.silence!.minMs > 1400);
      const trouble = readEvents(folder).find((event) => event.type === 'trouble');
      assert.ok(trouble!.openMs! > 1400 && trouble!.silentMs! > 1400);

      const kept = newFolder(t);
      assertWentThrough(await connrig(t, [...args, '--behaviour', 'heartbeat:150ms', '--out', kept]));
      assert.equal(await lossesIn(t, kept), null);
    });
  });

  it('is warned of where few enough were lost, and where a level did not hold still', TIMEOUT, async (t) => {
    // One at a time, so that what is tolerated lasts.
    await withTimer({ afterMs: 700, code: 4408 }, async (url) => {
      const folder = newFolder(t);
      const args = ['run', url, '--connections', '1', '--levels', '1', '--rest', '2s', '--quiet', ...HASTY];
      await connrig(t, [...args, '--out', folder]);
      const { warnings } = await reportOn(t, folder);
      const still = warnings.find((text) => text.includes('did not hold still'));
      const why =
        /open connections were lost \(by-peer\), each (0\.[6-9]|1\.\d) s after it opened: it closes what rests/;
      assert.match(still!, why);
      const last = warnings.find((text) => /^ws: \d+ of \d+ open connections were lost/.test(text));
      assert.match(last!, why);
      assert.match(last!, /; --behaviour heartbeat:(300|500)ms keeps them in use/);
    });
  });
});
