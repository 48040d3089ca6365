import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { MIB, pattern } from '../support/peers.ts';
import { turnUntil } from '../support/rig.ts';
import { type Peers, serving } from './peers.ts';
import { create, type EngineFactory } from './subject.ts';

/** Turns in which whatever was to come would have come. */
const MANY_TURNS = 50;
/** What is allowed each time, and the most that an engine reads before it looks whether it may. */
const EACH_TIME = 20_000;
const MOST_AT_ONCE = 64 * 1024;

/** Connections of which nothing is read for a while. */
export function pausingContract(makeEngine: EngineFactory, peers: Peers): void {
  const withServer = serving(peers);
  test('a pause: nothing is told, TCP holds the peer back, and all of it comes afterwards, in order', async () => {
    // More than both kernels take for a connection that isn't read.
    const sent = pattern(32 * MIB);
    let peer: Socket | undefined;
    const pour = (socket: Socket): void => {
      peer = socket;
      socket.write(sent);
      socket.end();
    };
    await withServer({ allowHalfOpen: true }, pour, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      engine.open(0, at, undefined);
      const received = (): number => of(0).received.reduce((sum, piece) => sum + piece.length, 0);
      await until(() => received() > 0, 'the first bytes');
      engine.pauseReading(0);
      const before = received();
      for (let i = 0; i < MANY_TURNS; i++) await engine.turn(2);
      assert.equal(received(), before, 'nothing is told');
      assert.ok(peer!.writableLength > 0, 'the peer has not got rid of it');
      engine.resumeReading(0);
      await until(() => of(0).lines.includes('end'), 'its FIN');
      assert.ok(Buffer.concat(of(0).received).equals(sent));
      engine.finish(0);
      await until(() => of(0).gone === 'closed', 'the end');
    });
  });

  test('of a pause so much may be read as is allowed, but for one read, and it goes on being one', async () => {
    const sent = pattern(4 * MIB);
    await withServer(
      {},
      (socket) => socket.write(sent),
      async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        engine.open(0, at, undefined);
        const received = (): number => of(0).received.reduce((sum, piece) => sum + piece.length, 0);
        await until(() => received() > 0, 'the first bytes');
        engine.pauseReading(0);
        const before = received();
        let allowed = 0;
        while (received() - before < MIB) {
          engine.readSome(0, EACH_TIME);
          allowed += EACH_TIME;
          await engine.turn(2);
          await engine.turn(2);
          assert.ok(received() - before <= allowed + MOST_AT_ONCE, `${received() - before} of ${allowed}`);
        }
        // What was allowed and not read in time is not read later.
        for (let i = 0; i < MANY_TURNS; i++) await engine.turn(2);
        const rest = received();
        for (let i = 0; i < MANY_TURNS; i++) await engine.turn(2);
        assert.equal(received(), rest);
        engine.resumeReading(0);
        await until(() => received() === sent.length, 'all of it');
        assert.ok(Buffer.concat(of(0).received).equals(sent));
      },
    );
  });

  test('a pause within the telling of bytes ends it there, and costs no processor time', async () => {
    await withServer(
      {},
      (socket) => socket.write(pattern(MIB)),
      async (at) => {
        let told = 0;
        let engine: ReturnType<EngineFactory> | undefined;
        engine = makeEngine({
          onConnected() {},
          onBytes(slot, bytes) {
            told += bytes.length;
            engine!.pauseReading(slot);
          },
          onEnd() {},
          onGone() {},
        });
        try {
          engine.open(0, at, undefined);
          while (told === 0) await engine.turn(10);
          const first = told;
          const usedBefore = process.cpuUsage();
          for (let i = 0; i < 5; i++) await engine.turn(100);
          const { user, system } = process.cpuUsage(usedBefore);
          assert.equal(told, first);
          assert.ok((user + system) / 1000 < 250, `${(user + system) / 1000} ms in half a second`);
          for (let pieces = 0; told < MIB; pieces++) {
            assert.ok(pieces < 10_000);
            engine.resumeReading(0);
            await engine.turn(10);
          }
        } finally {
          await engine.dispose();
        }
      },
    );
  });

  test('a pause from within the telling of another one: nothing of what was there is told, and then all of it', async () => {
    const peers: Socket[] = [];
    const gather = (socket: Socket): void => {
      peers.push(socket);
      // Once both are there, and one has asked.
      socket.on('data', () => {
        for (const peer of peers) peer.end('words');
      });
    };
    await withServer({}, gather, async (at) => {
      const told = ['', ''];
      const ended = [false, false];
      let open = 0;
      let paused: number | undefined;
      const engine = makeEngine({
        onConnected: () => void open++,
        onBytes(slot, bytes) {
          told[slot] += String(Buffer.from(bytes));
          if (paused !== undefined) return;
          paused = 1 - slot;
          engine.pauseReading(paused);
        },
        onEnd(slot) {
          ended[slot] = true;
        },
        onGone() {},
      });
      try {
        for (const slot of [0, 1]) engine.open(slot, at, undefined);
        await turnUntil(engine, () => open === 2 && peers.length === 2, 'both are connected');
        engine.write(0, Buffer.from('speak'));
        await turnUntil(engine, () => paused !== undefined, 'one is told');
        for (let i = 0; i < MANY_TURNS; i++) await engine.turn(2);
        assert.deepEqual([told[paused!], ended[paused!]], ['', false]);
        engine.resumeReading(paused!);
        await turnUntil(engine, () => ended[0]! && ended[1]!, 'both have ended');
        assert.deepEqual(told, ['words', 'words']);
      } finally {
        await engine.dispose();
      }
    });
  });

  test('finish, abort and what was never paused: a pause stands in the way of none', async () => {
    const greet = (socket: Socket): void => {
      socket.write('hello');
      socket.on('end', () => socket.end()).on('error', () => {});
      socket.resume();
    };
    await withServer({ allowHalfOpen: true }, greet, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      for (const slot of [0, 1, 2]) engine.open(slot, at, undefined);
      await until(() => [0, 1, 2].every((slot) => of(slot).received.length > 0), 'all are greeted');
      engine.pauseReading(0);
      engine.pauseReading(1);
      engine.resumeReading(2);
      engine.finish(0);
      engine.abort(1);
      engine.finish(2);
      await until(() => [0, 1, 2].every((slot) => of(slot).gone !== undefined), 'all are gone');
      assert.deepEqual(
        [0, 1, 2].map((slot) => of(slot).gone),
        ['closed', 'aborted', 'closed'],
      );
      engine.pauseReading(0);
      engine.resumeReading(0);
    });
  });
}
