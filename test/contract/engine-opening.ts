import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { EndCause, Engine } from '../../fleet/engines/engine.ts';
import { echo, HOST, unusedPort } from '../support/peers.ts';
import { turnUntil } from '../support/rig.ts';
import { type Peers, serving } from './peers.ts';
import { create, type EngineFactory } from './subject.ts';

/** From `open` to `onConnected` or `onGone`. */
export function openingContract(makeEngine: EngineFactory, peers: Peers): void {
  const withServer = serving(peers);
  test('nothing listens: refused, once', async () => {
    await using subject = create(makeEngine);
    const { engine, of, until } = subject;
    engine.open(0, { ip: HOST, port: await unusedPort() }, undefined);
    await until(() => of(0).gone !== undefined, 'gone');
    assert.deepEqual(of(0).lines, ['gone refused']);
    assert.match(of(0).detail, /ECONNREFUSED/);
  });

  test('no such network: a slot that never connects goes with a cause, and can be used again', async () => {
    await withServer({}, echo, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      // 127.0.0.1 can't reach beyond loopback: the kernel refuses at once.
      engine.open(0, { ip: '192.0.2.1', port: 9 }, HOST);
      await until(() => of(0).gone !== undefined, 'gone');
      assert.equal(of(0).lines.length, 1);
      assert.notEqual(of(0).detail, '');
      subject.forget(0);
      engine.open(0, at, undefined);
      await until(() => of(0).lines.includes('connected'), 'connected');
    });
  });

  test('a source address that is not ours ends in no-ports', async () => {
    await withServer({}, echo, async (at) => {
      await using subject = create(makeEngine);
      const { engine, of, until } = subject;
      engine.open(0, at, '192.0.2.77');
      await until(() => of(0).gone !== undefined, 'gone');
      assert.deepEqual(of(0).lines, ['gone no-ports']);
    });
  });

  test('connects over IPv6', async (t) => {
    const ipv6 = peers.createServer({}, (socket) => socket.end('six'));
    const listening = new Promise<boolean>((resolve) => {
      ipv6.on('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
    });
    if (!(await listening)) {
      t.skip('no IPv6 on this machine');
      return;
    }
    await using subject = create(makeEngine);
    const { engine, of, until } = subject;
    engine.open(0, { ip: '::1', port: (ipv6.address() as AddressInfo).port }, undefined);
    await until(() => of(0).lines.includes('end'), 'the peer closes');
    assert.equal(Buffer.concat(of(0).received).toString(), 'six');
    engine.finish(0);
    await until(() => of(0).gone !== undefined, 'gone');
    ipv6.close();
  });

  test('a slot can be opened again from within its onGone', async () => {
    const port = await unusedPort();
    await withServer(
      {},
      (socket) => socket.resetAndDestroy(),
      async (at) => {
        const causes: EndCause[] = [];
        const engine: Engine = makeEngine({
          onConnected: () => undefined,
          onBytes: () => undefined,
          onEnd: () => undefined,
          onGone(slot, cause) {
            causes.push(cause);
            if (causes.length < 100) engine.open(slot, causes.length % 2 === 0 ? at : { ip: HOST, port }, undefined);
          },
        });
        engine.open(0, at, undefined);
        await turnUntil(engine, () => causes.length === 100, '100 times gone');
        await engine.dispose();
        assert.deepEqual(
          causes,
          Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 'reset' : 'refused')),
        );
      },
    );
  });

  test('connects from the source address asked for', async () => {
    const from: Array<string | undefined> = [];
    await withServer(
      {},
      (socket) => from.push(socket.remoteAddress),
      async (at) => {
        await using subject = create(makeEngine);
        const { engine, until } = subject;
        engine.open(0, at, '127.0.0.2');
        engine.open(1, at, undefined);
        await until(() => from.length === 2, 'accepted');
        assert.deepEqual(from.sort(), ['127.0.0.1', '127.0.0.2']);
      },
    );
  });
}
