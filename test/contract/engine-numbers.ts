import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Engine } from '../../fleet/engines/engine.ts';
import type { EchoProcess } from '../support/echo.ts';
import { descriptors, openFilesLimit, setOpenFilesLimit } from '../support/peers.ts';
import type { Peers } from './peers.ts';
import { create, ENGINE_DESCRIPTORS, type EngineFactory } from './subject.ts';

/** Sockets that are direct descriptors of a ring are none of the process. */
const areOpenFiles = ({ name }: Engine): boolean => name !== 'uring';

/** Thousands of connections, against a server in another process. */
export function numbersContract(makeEngine: EngineFactory, { startEcho, share }: Peers): void {
  describe('in great numbers, against a server in another process', () => {
    let server: EchoProcess;
    before(async () => {
      server = await startEcho();
    });
    after(() => server.close());

    test(`${2000 * share} opens at once all connect, echo and close in order`, async () => {
      const before = descriptors();
      await using subject = create(makeEngine);
      const { engine, of, until, goneCount } = subject;
      const at = server.at;
      const slots = Array.from({ length: 2000 * share }, (_, i) => i);
      for (const slot of slots) engine.open(slot, at, undefined);
      await until(() => slots.every((slot) => of(slot).lines.length === 1), 'connected');
      for (const slot of slots) engine.write(slot, Buffer.from(`I am ${slot}`));
      await until(() => slots.every((slot) => of(slot).received.length > 0), 'echoes');
      for (const slot of slots) assert.equal(Buffer.concat(of(slot).received).toString(), `I am ${slot}`);
      for (const slot of slots) engine.finish(slot);
      await until(() => goneCount() === slots.length, 'gone');
      for (const slot of slots) assert.deepEqual(of(slot).lines, ['connected', 'end', 'gone closed']);
      assert.ok(descriptors() <= before + ENGINE_DESCRIPTORS, 'every descriptor is back');
    });

    test(`${10_000 * share} open, aborted at once: every slot goes once, every descriptor is back`, async () => {
      const before = descriptors();
      await using subject = create(makeEngine);
      const { engine, of, until, goneCount } = subject;
      const at = server.at;
      const count = 10_000 * share;
      let connected = 0;
      for (let slot = 0; slot < count; ) {
        while (slot < count && slot - connected < 512) engine.open(slot++, at, undefined);
        await engine.turn(50);
        connected = subject.connectedCount();
      }
      await until(() => subject.connectedCount() === count, 'connected');
      const opened = descriptors() - before;
      if (areOpenFiles(engine)) assert.ok(opened >= count, `${opened} of ${count}`);
      else assert.ok(opened <= ENGINE_DESCRIPTORS, `${opened} descriptors of the process`);
      for (let slot = 0; slot < count; slot++) engine.abort(slot);
      await until(() => goneCount() === count, 'gone');
      for (let slot = 0; slot < count; slot++) assert.deepEqual(of(slot).lines, ['connected', 'gone aborted']);
      assert.ok(descriptors() <= before + ENGINE_DESCRIPTORS, 'every descriptor is back');
    });

    test('300 aborted at once after finish: every descriptor is back', async () => {
      const before = descriptors();
      await using subject = create(makeEngine);
      const { engine, of, until, goneCount } = subject;
      for (let slot = 0; slot < 300; slot++) engine.open(slot, server.at, undefined);
      await until(() => subject.connectedCount() === 300, 'connected');
      for (let slot = 0; slot < 300; slot++) {
        if (slot % 3 === 0) engine.write(slot, Buffer.alloc(100));
        engine.finish(slot);
        if (slot % 3 === 1) await engine.turn(0);
        engine.abort(slot);
      }
      await until(() => goneCount() === 300, 'gone');
      for (let slot = 0; slot < 300; slot++) assert.match(of(slot).lines.at(-1)!, /^gone (aborted|closed)$/);
      assert.ok(descriptors() <= before + ENGINE_DESCRIPTORS, 'every descriptor is back');
    });

    test('out of descriptors: no-fds, once for each, and the others are not disturbed', async () => {
      const hard = openFilesLimit();
      await using subject = create(makeEngine);
      const { engine, of, until, goneCount } = subject;
      const at = server.at;
      engine.open(0, at, undefined);
      await until(() => of(0).lines.length > 0, 'connected');
      setOpenFilesLimit(descriptors() + 50, hard);
      try {
        for (let slot = 1; slot <= 200; slot++) engine.open(slot, at, undefined);
        await until(() => subject.connectedCount() + goneCount() === 201, 'connected or gone');
        const failing = areOpenFiles(engine) ? 150 : 0;
        assert.ok(
          Math.abs(goneCount() - failing) <= failing / 15,
          `${goneCount()} of 200 failed with room for about 50`,
        );
        for (let slot = 1; slot <= 200; slot++) {
          assert.ok(['connected', 'gone no-fds'].includes(of(slot).lines.join()), of(slot).lines.join());
        }
        engine.write(0, Buffer.from('still here'));
        await until(() => Buffer.concat(of(0).received).toString() === 'still here', 'the echo');
      } finally {
        // Raising the limit takes a process, and that takes descriptors.
        await engine.dispose();
        setOpenFilesLimit(hard, hard);
      }
    });

    test('the server is killed: every connection goes once, by reset or in order', async () => {
      const doomed = await startEcho();
      await using subject = create(makeEngine);
      const { engine, of, until, goneCount } = subject;
      for (let slot = 0; slot < 500; slot++) engine.open(slot, doomed.at, undefined);
      await until(() => subject.connectedCount() === 500, 'connected');
      doomed.kill('SIGKILL');
      await until(() => {
        for (let slot = 0; slot < 500; slot++) if (of(slot).lines.includes('end')) engine.finish(slot);
        return goneCount() === 500;
      }, 'gone');
      await doomed.close();
    });
  });
}
