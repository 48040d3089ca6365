import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { MIB, pattern, tcpStates, withFullBacklog } from '../support/peers.ts';
import { type Peers, serving } from './peers.ts';
import { create, type EngineFactory } from './subject.ts';

/** How a connection ends: by FIN from either side, by reset, by abort. */
export function closingContract(makeEngine: EngineFactory, peers: Peers): void {
  const withServer = serving(peers);
  test('connects, sends, receives, and closes in order when the peer closes first', async () => {
    await withServer(
      {},
      (socket) => socket.end('bye'),
      async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        engine.open(3, at, undefined);
        await until(() => of(3).lines.includes('end'), 'the peer closes');
        assert.deepEqual(of(3).lines, ['connected', 'end']);
        assert.equal(Buffer.concat(of(3).received).toString(), 'bye');
        engine.finish(3);
        await until(() => of(3).gone !== undefined, 'gone');
        assert.deepEqual(of(3).lines, ['connected', 'end', 'gone closed']);
      },
    );
  });

  test('when we finish first, what was written arrives, the peer still talks, and its FIN ends it', async () => {
    const got: Buffer[] = [];
    const talk = (socket: Socket): void => {
      socket.on('data', (bytes) => got.push(bytes));
      socket.on('end', () => socket.end('last words'));
    };
    await withServer({ allowHalfOpen: true }, talk, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      engine.open(0, at, undefined);
      await until(() => of(0).lines.length > 0, 'connected');
      engine.write(0, Buffer.from('hello '));
      engine.write(0, Buffer.from('world'));
      engine.finish(0);
      engine.write(0, Buffer.from('too late'));
      await until(() => of(0).gone !== undefined, 'gone');
      assert.equal(Buffer.concat(got).toString(), 'hello world');
      assert.equal(Buffer.concat(of(0).received).toString(), 'last words');
      assert.deepEqual(of(0).lines, ['connected', 'end', 'gone closed']);
    });
  });

  const isReset = async (): Promise<void> => {
    await withServer(
      {},
      (socket) => socket.on('data', () => socket.resetAndDestroy()),
      async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        engine.open(0, at, undefined);
        await until(() => of(0).lines.length > 0, 'connected');
        engine.write(0, Buffer.from('x'));
        await until(() => of(0).gone !== undefined, 'gone');
        assert.deepEqual(of(0).lines, ['connected', 'gone reset']);
      },
    );
  };
  // A Unix socket has no resets.
  if (peers.canReset) test('the peer resets: reset, once', isReset);

  test('the peer closes with our bytes unread: reset, also while much is waiting to be sent', async () => {
    let peer: Socket | undefined;
    const stare = (socket: Socket): void => {
      peer = socket.pause();
    };
    await withServer({}, stare, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      engine.open(0, at, undefined);
      await until(() => peer !== undefined && of(0).lines.length > 0, 'connected');
      engine.write(0, pattern(8 * MIB));
      await engine.turn(10);
      peer!.destroy();
      await until(() => of(0).gone !== undefined, 'gone');
      assert.equal(of(0).gone, 'reset');
    });
  });

  test('abort: the peer sees a reset, or the end where there are none, and we see aborted', async () => {
    const peerErrors: Array<string | undefined> = [];
    let isAccepted = false;
    const listenForReset = (socket: Socket): void => {
      isAccepted = true;
      socket.on('error', (error: NodeJS.ErrnoException) => peerErrors.push(error.code));
      socket.on('end', () => peerErrors.push('end'));
    };
    await withServer({}, listenForReset, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      engine.open(0, at, undefined);
      await until(() => isAccepted && of(0).lines.length > 0, 'connected at both ends');
      engine.abort(0);
      engine.abort(0);
      await until(() => of(0).gone !== undefined && peerErrors.length > 0, 'gone');
      assert.deepEqual(of(0).lines, ['connected', 'gone aborted']);
      assert.deepEqual(peerErrors, [peers.canReset ? 'ECONNRESET' : 'end']);
    });
  });

  test('abort after finish, at once and later: reset too', async () => {
    await withServer(
      { allowHalfOpen: true },
      () => undefined,
      async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        for (const slot of [0, 1, 2]) engine.open(slot, at, undefined);
        await until(() => subject.connectedCount() === 3, 'connected');
        engine.finish(0);
        engine.abort(0);
        engine.finish(1);
        for (let i = 0; i < 5; i++) await engine.turn(5);
        engine.abort(1);
        engine.write(2, pattern(8 * MIB));
        engine.finish(2);
        engine.abort(2);
        await until(() => subject.goneCount() === 3, 'gone');
        for (const slot of [0, 1, 2]) assert.deepEqual(of(slot).lines, ['connected', 'gone aborted']);
        // A peer that saw FIN alone would wait for its own application to close: state 08.
        if ('port' in at) await until(() => !tcpStates(at.port).includes('08'), 'resets reach the peer');
      },
    );
  });

  test('leave after finish: the peer sees FIN and no reset, and we do not wait for it', async () => {
    const heard: string[] = [];
    const listen = (socket: Socket): void => {
      socket.on('data', (bytes) => heard.push(String(bytes)));
      socket.on('end', () => heard.push('end'));
      socket.on('error', (error: NodeJS.ErrnoException) => heard.push(String(error.code)));
    };
    await withServer({ allowHalfOpen: true }, listen, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      for (const slot of [0, 1]) engine.open(slot, at, undefined);
      await until(() => subject.connectedCount() === 2, 'connected');
      engine.write(0, Buffer.from('last words'));
      for (const slot of [0, 1]) engine.finish(slot);
      engine.leave(1);
      for (let i = 0; i < 5; i++) await engine.turn(5);
      engine.leave(0);
      engine.leave(0);
      await until(() => subject.goneCount() === 2 && heard.length === 3, 'gone');
      assert.deepEqual([of(0).lines, of(1).lines], Array(2).fill(['connected', 'gone aborted']));
      for (let i = 0; i < 5; i++) await engine.turn(5);
      assert.deepEqual(heard.sort(), ['end', 'end', 'last words']);
    });
  });

  test('abort while connecting', async () => {
    await withFullBacklog(async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      engine.open(0, at, undefined);
      engine.abort(0);
      engine.open(1, at, undefined);
      for (let i = 0; i < 5; i++) await engine.turn(10);
      assert.deepEqual(of(1).lines, [], 'still connecting');
      engine.abort(1);
      await until(() => of(0).gone !== undefined && of(1).gone !== undefined, 'gone');
      assert.deepEqual([of(0).lines, of(1).lines], [['gone aborted'], ['gone aborted']]);
    }, peers.path?.());
  });

  test('finish, write and abort on a slot that is gone do nothing', async () => {
    await withServer(
      {},
      (socket) => socket.end(),
      async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        engine.open(0, at, undefined);
        await until(() => of(0).lines.includes('end'), 'the peer closes');
        engine.finish(0);
        engine.finish(0);
        await until(() => of(0).gone !== undefined, 'gone');
        engine.write(0, Buffer.from('x'));
        engine.finish(0);
        engine.abort(0);
        for (let i = 0; i < 3; i++) await engine.turn(5);
        assert.deepEqual(of(0).lines, ['connected', 'end', 'gone closed']);
      },
    );
  });
}
