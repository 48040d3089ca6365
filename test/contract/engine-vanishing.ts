import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { loadVanish } from '../../fleet/engines/vanisher.ts';
import { type Peers, serving } from './peers.ts';
import { create, type EngineFactory } from './subject.ts';

/** Turns in which whatever was to come would have come. */
const MANY_TURNS = 50;

/** Connections whose peers are to hear nothing more of them. */
export function vanishingContract(makeEngine: EngineFactory, peers: Peers): void {
  const withServer = serving(peers);
  const skip = process.platform !== 'linux' ? 'needs socket filters' : false;
  test('one that vanished hears neither words nor an end; dropped at last, its peer sees a reset', {
    skip,
  }, async () => {
    let peer: Socket | undefined;
    let heard = 0;
    let why: string | undefined;
    const greet = (socket: Socket): void => {
      peer = socket;
      socket.on('data', () => {
        heard++;
      });
      socket.on('error', ({ code }: NodeJS.ErrnoException) => {
        why = code;
      });
      socket.write('hello');
    };
    await withServer({}, greet, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      assert.equal(engine.descriptorOf(0), -1);
      engine.open(0, at, undefined);
      await until(() => Buffer.concat(of(0).received).toString() === 'hello', 'the greeting');
      const vanish = loadVanish();
      let ends: ReturnType<typeof vanish>;
      // The last word of a handshake may not be acknowledged yet.
      const isGone = (): boolean => {
        ends = vanish(engine.descriptorOf(0));
        return ends !== undefined;
      };
      await until(isGone, 'all is acknowledged');
      assert.deepEqual(ends, {
        ownAddress: 0x7f000001,
        ownPort: peer!.remotePort,
        peerAddress: 0x7f000001,
        peerPort: peer!.localPort,
      });
      peer!.write('are you there?');
      for (let i = 0; i < MANY_TURNS; i++) await engine.turn(2);
      assert.deepEqual([of(0).received.length, of(0).lines, heard, why], [1, ['connected'], 0, undefined]);
      engine.abort(0);
      await until(() => of(0).gone === 'aborted', 'that it is gone');
      await until(() => why === 'ECONNRESET', 'the reset');
      assert.equal(engine.descriptorOf(0), -1);
    });
  });
}
