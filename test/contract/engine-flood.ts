import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { KIB, MIB, pattern } from '../support/peers.ts';
import { type Peers, serving } from './peers.ts';
import { create, type EngineFactory } from './subject.ts';

/** So long a turn may take at the most on a machine that is busy with other things; without a bound it takes for ever. */
const LONGEST_TURN_MS = 5000;
/** Turns while peers flood: many more than what has been read by then would take if any of them read to the end. */
const TURNS = 200;

/** Peers that send or are sent more than there is time or room for. */
export function floodContract(makeEngine: EngineFactory, peers: Peers): void {
  const withServer = serving(peers);
  test('peers that send without a pause hold up no turn, and no other connection', async () => {
    const flood = await peers.startFlood();
    const answer = (socket: Socket): void => {
      socket.on('data', (bytes) => socket.write(bytes));
    };
    try {
      await withServer({}, answer, async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        for (const slot of [0, 1, 2]) engine.open(slot, flood.at, undefined);
        engine.open(3, at, undefined);
        await until(() => of(3).lines.length > 0 && [0, 1, 2].every((slot) => of(slot).received.length > 0), 'floods');
        let longestMs = 0;
        for (let turn = 0; turn < TURNS; turn++) {
          const startMs = performance.now();
          await engine.turn(100);
          longestMs = Math.max(longestMs, performance.now() - startMs);
          for (const slot of [0, 1, 2]) of(slot).received.length = 0;
          engine.write(3, Buffer.from('x'));
          await immediate();
        }
        assert.ok(longestMs < LONGEST_TURN_MS, `a turn took ${longestMs} ms`);
        await until(() => of(3).received.length > 0, 'the answer');
        engine.abort(0);
        engine.finish(1);
        engine.abort(2);
        await until(() => of(0).gone !== undefined && of(2).gone !== undefined, 'gone');
        assert.deepEqual([of(0).gone, of(2).gone], ['aborted', 'aborted']);
        // What is aborted is no longer read, whatever is still there.
        for (const slot of [0, 2]) of(slot).received.length = 0;
        for (let turn = 0; turn < 20; turn++) await engine.turn(1);
        assert.deepEqual([of(0).received, of(2).received], [[], []]);
      });
    } finally {
      await flood.close();
    }
  });

  test('that a peer sends without a pause is told with for how long, until it pauses', async () => {
    const flood = await peers.startFlood();
    try {
      await using subject = create(makeEngine, { busyMs: 1 });
      const { engine, of, until } = subject;
      const longest = (): number => {
        let longestMs = 0;
        engine.forEachUnread((slot, forMs) => {
          assert.equal(slot, 0);
          longestMs = Math.max(longestMs, forMs);
        });
        of(0).received.length = 0;
        return longestMs;
      };
      engine.open(0, flood.at, undefined);
      await until(() => longest() > 300, 'it sends for 300 ms');
      process.kill(flood.pid, 'SIGSTOP');
      await until(() => longest() === 0, 'it pauses');
      process.kill(flood.pid, 'SIGCONT');
      await until(() => longest() > 0, 'it goes on');
      engine.abort(0);
      assert.equal(longest(), 0);
    } finally {
      await flood.close();
    }
  });

  test('a burst of many reads comes whole and in order, then its FIN; so does one that a reset follows', async () => {
    const burst = pattern(3 * MIB + 77);
    await withServer(
      {},
      (socket) => socket.end(burst),
      async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        const slots = Array.from({ length: 20 }, (_, i) => i);
        for (const slot of slots) engine.open(slot, at, undefined);
        await until(() => slots.every((slot) => of(slot).lines.includes('end')), 'all ended');
        for (const slot of slots) {
          assert.deepEqual(of(slot).lines, ['connected', 'end']);
          assert.ok(Buffer.concat(of(slot).received).equals(burst), `slot ${slot}`);
          engine.finish(slot);
        }
        await until(() => subject.goneCount() === slots.length, 'gone');
        for (const slot of slots) assert.equal(of(slot).gone, 'closed');
      },
    );
  });

  test('a slot that is taken again while its last peer flooded hears nothing of that', async () => {
    const flood = await peers.startFlood();
    try {
      await withServer(
        {},
        (socket) => socket.write('hello'),
        async (at) => {
          await using subject = create(makeEngine);
          const { engine, of, until } = subject;
          for (let round = 0; round < 10; round++) {
            engine.open(0, flood.at, undefined);
            await until(() => of(0).received.length > 2, 'it floods');
            engine.abort(0);
            await until(() => of(0).gone !== undefined, 'gone');
            subject.forget(0);
            engine.open(0, at, undefined);
            await until(() => of(0).received.length > 0, 'greeted');
            assert.equal(Buffer.concat(of(0).received).toString(), 'hello');
            engine.abort(0);
            await until(() => of(0).gone !== undefined, 'gone again');
            subject.forget(0);
          }
        },
      );
    } finally {
      await flood.close();
    }
  });

  test('what waits to be sent is bounded, for each connection and for all', async () => {
    const peers: Socket[] = [];
    const stare = (socket: Socket): void => {
      peers.push(socket.pause());
    };
    await withServer({}, stare, async (at) => {
      await using subject = create(makeEngine, { queueBounds: { eachBytes: 256 * KIB, allBytes: 600 * KIB } });
      const { engine, until } = subject;
      const slots = [0, 1, 2, 3];
      for (const slot of slots) engine.open(slot, at, undefined);
      await until(() => peers.length === 4 && subject.connectedCount() === 4, 'connected');
      const piece = pattern(8 * KIB);
      /** @returns bytes that were taken until no more were */
      const fill = (slot: number): number => {
        for (let bytes = 0; ; bytes += piece.length) {
          if (bytes > 64 * MIB || !engine.write(slot, piece)) return bytes;
        }
      };
      const [first = 0] = slots.map(fill);
      assert.ok(first >= 256 * KIB && first < 64 * MIB, `${first} bytes`);
      // Two have all that one may have, the third what is left of all, the last nothing.
      assert.equal(engine.write(3, piece), false);
      engine.abort(1);
      assert.equal(engine.write(3, piece), true, 'there is room again');
      assert.equal(engine.write(0, piece), false, 'but not for one that has its share');
    });
  });

  test('of answers that wait only the last is sent', async () => {
    let peer: Socket | undefined;
    await withServer(
      {},
      (socket) => {
        peer = socket.pause();
      },
      async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        engine.open(0, at, undefined);
        await until(() => peer !== undefined && of(0).lines.length > 0, 'connected');
        // More than the kernels of both ends hold.
        engine.write(0, Buffer.alloc(8 * MIB, 'x'));
        engine.write(0, Buffer.alloc(4 * MIB, 'x'));
        for (let i = 0; i < 100_000; i++) engine.write(0, Buffer.from(`answer ${i};`), true);
        engine.write(0, Buffer.from('message;'));
        for (let i = 0; i < 1000; i++) engine.write(0, Buffer.from(`later ${i};`), true);
        engine.finish(0);
        let end = '';
        peer!.on('data', (bytes: Buffer) => {
          end = (end + bytes.toString('latin1')).slice(-100);
        });
        peer!.resume();
        await Promise.all([once(peer!, 'end'), until(() => of(0).gone !== undefined, 'gone')]);
        assert.match(end, /xanswer 99999;message;later 999;$/);
      },
    );
  });
}
