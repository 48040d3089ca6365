import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { Engine } from '../../fleet/engines/engine.ts';
import { echo, unusedPath, withFullBacklog } from '../support/peers.ts';
import { turnUntil } from '../support/rig.ts';
import { datagramSocket, leftBehind } from '../support/socket-files.ts';
import { SOCKET_PEERS, serving } from './peers.ts';
import { create, type EngineFactory } from './subject.ts';

/** Longer than anything waits that is not told when there is room. */
const TURNS = 30;
const MANY = 200;

/** From `open` to `onConnected` or `onGone`, at Unix sockets. */
export function socketOpeningContract(makeEngine: EngineFactory): void {
  const withServer = serving(SOCKET_PEERS);

  test('what takes no connection refuses it, once, and says why: no file, no socket, nobody, another kind', async () => {
    const plain = unusedPath();
    writeFileSync(plain, '');
    using datagrams = datagramSocket();
    const places: ReadonlyArray<[path: string, why: RegExp]> = [
      [unusedPath(), /ENOENT/],
      [`${plain}/x.sock`, /ENOTDIR/],
      [plain, /ECONNREFUSED/],
      [await leftBehind(), /ECONNREFUSED/],
      [datagrams.path, /EPROTOTYPE/],
    ];
    await using subject = create(makeEngine);
    const { engine, of, until } = subject;
    for (const [slot, [path]] of places.entries()) engine.open(slot, { path }, undefined);
    await until(() => subject.goneCount() === places.length, 'gone');
    for (const [slot, [, why]] of places.entries()) {
      assert.deepEqual(of(slot).lines, ['gone refused']);
      assert.match(of(slot).detail, why);
    }
  });

  test('the longest path there is, and one of other letters', async () => {
    const folder = unusedPath().replace(/\/[^/]*$/, '');
    for (const path of [`${folder}/${'x'.repeat(107 - folder.length - 1)}`, `${folder}/ünïx socket`]) {
      const server = createServer(echo);
      await new Promise<void>((resolve) => server.listen(path, resolve));
      {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        engine.open(0, { path }, undefined);
        await until(() => of(0).lines.length > 0, 'connected');
        engine.write(0, Buffer.from('hello'));
        await until(() => of(0).received.length > 0, 'the echo');
        engine.finish(0);
        await until(() => of(0).gone !== undefined, 'gone');
        assert.deepEqual(of(0).lines, ['connected', 'end', 'gone closed']);
      }
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('a full backlog is no failure: attempts wait, those that are aborted go, and the others connect when there is room', async () => {
    await withFullBacklog(async (at, server) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      const slots = Array.from({ length: MANY }, (_, i) => i);
      for (const slot of slots) engine.open(slot, at, undefined);
      for (let i = 0; i < TURNS; i++) await engine.turn(5);
      assert.deepEqual([subject.connectedCount(), subject.goneCount()], [0, 0]);
      const dropped = slots.filter((slot) => slot % 10 === 0);
      for (const slot of dropped) engine.abort(slot);
      await until(() => subject.goneCount() === dropped.length, 'what was aborted');
      for (const slot of dropped) assert.deepEqual(of(slot).lines, ['gone aborted']);
      // A slot that waited may wait again.
      subject.forget(0);
      engine.open(0, at, undefined);
      server.kill('SIGCONT');
      const others = slots.filter((slot) => slot === 0 || slot % 10 !== 0);
      await until(() => others.every((slot) => of(slot).lines.includes('connected')), 'all others');
      for (const slot of others) engine.write(slot, Buffer.from(`I am ${slot}`));
      await until(() => others.every((slot) => of(slot).received.length > 0), 'their echoes');
      for (const slot of others) assert.equal(Buffer.concat(of(slot).received).toString(), `I am ${slot}`);
    }, unusedPath());
  });

  test('who waits for room that never comes is told when nobody listens any more, and costs no processor meanwhile', async () => {
    await withFullBacklog(async (at, server) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      for (let slot = 0; slot < MANY; slot++) engine.open(slot, at, undefined);
      for (let i = 0; i < TURNS; i++) await engine.turn(5);
      const usedBefore = process.cpuUsage();
      for (const endMs = performance.now() + 500; performance.now() < endMs; ) await engine.turn(50);
      const { user, system } = process.cpuUsage(usedBefore);
      assert.ok((user + system) / 1000 < 400, `${(user + system) / 1000} ms in half a second`);
      server.kill('SIGKILL');
      await until(() => subject.goneCount() === MANY, 'refused');
      for (let slot = 0; slot < MANY; slot++) assert.deepEqual(of(slot).lines, ['gone refused']);
    }, unusedPath());
  });

  test('disposed of while attempts wait: no event, no descriptor', async () => {
    await withFullBacklog(async (at) => {
      const subject = create(makeEngine);
      for (let slot = 0; slot < MANY; slot++) subject.engine.open(slot, at, undefined);
      for (let i = 0; i < 3; i++) await subject.engine.turn(5);
      subject.engine.abort(7);
      await subject.engine.dispose();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(subject.goneCount(), 0);
    }, unusedPath());
  });

  test('a slot can be opened again from within its onGone', async () => {
    const nowhere = { path: unusedPath() };
    await withServer(
      {},
      (socket) => socket.end(),
      async (at) => {
        let gone = 0;
        let connected = 0;
        const engine: Engine = makeEngine({
          onConnected: () => connected++,
          onBytes: () => undefined,
          onEnd: (slot) => engine.finish(slot),
          onGone(slot) {
            gone++;
            if (gone < 100) engine.open(slot, gone % 2 === 0 ? at : nowhere, undefined);
          },
        });
        engine.open(0, at, undefined);
        await turnUntil(engine, () => gone === 100, '100 times gone');
        await engine.dispose();
        assert.equal(connected, 50);
      },
    );
  });
}
