import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { descriptors, KIB, MIB, pattern } from '../support/peers.ts';
import { type Peers, serving } from './peers.ts';
import { create, type EngineFactory } from './subject.ts';

/** Bytes both ways in any pieces, and how a turn passes. */
export function dataContract(makeEngine: EngineFactory, peers: Peers): void {
  const withServer = serving(peers);
  test('a peer that does not read: 8 MiB wait, then arrive whole and in order', async () => {
    let peer: Socket | undefined;
    const stare = (socket: Socket): void => {
      peer = socket.pause();
    };
    await withServer({ allowHalfOpen: true }, stare, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      engine.open(0, at, undefined);
      await until(() => peer !== undefined && of(0).lines.length > 0, 'connected');
      const sent = pattern(8 * MIB);
      const scratch = Buffer.alloc(64 * KIB);
      for (let offset = 0; offset < sent.length; offset += scratch.length) {
        sent.copy(scratch, 0, offset);
        engine.write(0, scratch);
        if (offset % MIB === 0) await engine.turn(0);
        // The caller's buffer is the caller's again.
        scratch.fill(0);
      }
      engine.finish(0);
      const got: Buffer[] = [];
      let ended = false;
      peer!
        .on('data', (bytes) => got.push(bytes))
        .on('end', () => {
          ended = true;
          peer!.end();
        });
      peer!.resume();
      await until(() => ended && of(0).gone !== undefined, 'all read');
      assert.ok(Buffer.concat(got).equals(sent), 'the peer reads what was written');
      assert.equal(of(0).gone, 'closed');
    });
  });

  test('bytes come in any pieces: 4 MiB from the peer, then 200 messages of 64 KiB both ways', async () => {
    const first = pattern(4 * MIB);
    const greet = (socket: Socket): void => {
      socket.write(first);
      socket.pipe(socket);
    };
    await withServer({}, greet, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      engine.open(0, at, undefined);
      const receivedBytes = (): number => of(0).received.reduce((sum, piece) => sum + piece.length, 0);
      await until(() => receivedBytes() === first.length, 'the greeting');
      assert.ok(Buffer.concat(of(0).received).equals(first));
      of(0).received = [];
      const message = pattern(64 * KIB);
      for (let i = 0; i < 200; i++) engine.write(0, message);
      await until(() => receivedBytes() === 200 * message.length, 'the echo');
      const echoed = Buffer.concat(of(0).received);
      for (let i = 0; i < 200; i++) assert.ok(echoed.subarray(i * message.length).indexOf(message) === 0);
    });
  });

  test('a turn with nothing to do waits about as long as it may, at little cost', async () => {
    await using subject = create(makeEngine);
    const { engine } = subject;
    for (let i = 0; i < 100; i++) await engine.turn(0);
    const start = performance.now();
    const usedBefore = process.cpuUsage();
    for (let i = 0; i < 4; i++) await engine.turn(100);
    const used = process.cpuUsage(usedBefore);
    assert.ok(performance.now() - start >= 380, 'it waits');
    assert.ok((used.user + used.system) / 1000 < 200, 'it sleeps');
  });

  test('a turn ends when something happens', async () => {
    // An engine may block its thread in a turn, and a handshake needs the server to answer.
    const server = await peers.startEcho();
    try {
      await using subject = create(makeEngine);
      const { engine, of } = subject;
      engine.open(0, server.at, undefined);
      const start = performance.now();
      for (let i = 0; i < 20 && of(0).lines.length === 0; i++) await engine.turn(10_000);
      assert.deepEqual(of(0).lines, ['connected']);
      assert.ok(performance.now() - start < 9000);
    } finally {
      await server.close();
    }
  });

  test('dispose leaves no socket and no event', async () => {
    const peers: Socket[] = [];
    await withServer(
      {},
      (socket) => peers.push(socket),
      async (at) => {
        const before = descriptors();
        const subject = create(makeEngine);
        const { engine, of, until } = subject;
        for (let slot = 0; slot < 50; slot++) engine.open(slot, at, undefined);
        await until(() => peers.length === 50 && of(49).lines.length > 0, 'connected');
        for (let slot = 50; slot < 60; slot++) engine.open(slot, at, undefined);
        await engine.dispose();
        await engine.dispose();
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.equal(subject.goneCount(), 0);
        assert.deepEqual(of(55).lines, []);
        for (const peer of peers) peer.destroy();
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.equal(descriptors(), before);
      },
    );
  });
}
