import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { EndCause, Endpoint, Engine, EngineEvents } from '../../client/engines/engine.ts';
import { startEcho } from '../support/echo.ts';
import { turnUntil } from '../support/rig.ts';

export type EngineFactory = (events: EngineEvents) => Engine;

const HOST = '127.0.0.1';
/** Descriptors that an engine may hold for itself: an epoll set, a wake-up. */
const OWN_DESCRIPTORS = 4;
/** Of util-linux: node itself can't change its limits. */
const PRLIMIT = 'prlimit';
const KIB = 1024;
const MIB = 1024 * KIB;

/** Everything heard about a slot, as one line each; bytes are only counted. */
interface Heard {
  readonly lines: string[];
  received: Buffer[];
  gone: EndCause | undefined;
  detail: string;
}
interface Subject {
  readonly engine: Engine;
  readonly of: (slot: number) => Heard;
  readonly goneCount: () => number;
  readonly connectedCount: () => number;
  readonly until: (done: () => boolean, what: string) => Promise<void>;
  forget(slot: number): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * What every engine must do, on real sockets over loopback. Servers run in this process unless their number of
 * descriptors would matter.
 */
export function engineContract(name: string, makeEngine: EngineFactory): void {
  describe(`${name} engine`, { timeout: 180_000 }, () => {
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
      const ipv6 = createServer((socket) => socket.end('six'));
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

    test('the peer resets: reset, once', async () => {
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
    });

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

    test('abort: the peer sees a reset, we see aborted', async () => {
      const peerErrors: Array<string | undefined> = [];
      const listenForReset = (socket: Socket): void => {
        socket.on('error', (error: NodeJS.ErrnoException) => peerErrors.push(error.code));
      };
      await withServer({}, listenForReset, async (at) => {
        await using subject = create(makeEngine);
        const { engine, of, until } = subject;
        engine.open(0, at, undefined);
        await until(() => of(0).lines.length > 0, 'connected');
        engine.abort(0);
        engine.abort(0);
        await until(() => of(0).gone !== undefined && peerErrors.length > 0, 'gone');
        assert.deepEqual(of(0).lines, ['connected', 'gone aborted']);
        assert.deepEqual(peerErrors, ['ECONNRESET']);
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
          await until(() => !tcpStates(at.port).includes('08'), 'resets reach the peer');
        },
      );
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
      });
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
      await withServer({}, echo, async (at) => {
        await using subject = create(makeEngine);
        const { engine, of } = subject;
        engine.open(0, at, undefined);
        const start = performance.now();
        for (let i = 0; i < 5 && of(0).lines.length === 0; i++) await engine.turn(10_000);
        assert.deepEqual(of(0).lines, ['connected']);
        assert.ok(performance.now() - start < 9000);
      });
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
          await new Promise((resolve) => setTimeout(resolve, 50));
          assert.equal(subject.goneCount(), 0);
          assert.deepEqual(of(55).lines, []);
          for (const peer of peers) peer.destroy();
          await new Promise((resolve) => setTimeout(resolve, 50));
          assert.equal(descriptors(), before);
        },
      );
    });

    describe('in great numbers, against a server in another process', () => {
      let server: Awaited<ReturnType<typeof startEcho>>;
      before(async () => {
        server = await startEcho('tcp');
      });
      after(() => server.close());

      test('2,000 opens at once all connect, echo and close in order', async () => {
        const before = descriptors();
        await using subject = create(makeEngine);
        const { engine, of, until, goneCount } = subject;
        const at = { ip: HOST, port: server.port };
        const slots = Array.from({ length: 2000 }, (_, i) => i);
        for (const slot of slots) engine.open(slot, at, undefined);
        await until(() => slots.every((slot) => of(slot).lines.length === 1), 'connected');
        for (const slot of slots) engine.write(slot, Buffer.from(`I am ${slot}`));
        await until(() => slots.every((slot) => of(slot).received.length > 0), 'echoes');
        for (const slot of slots) assert.equal(Buffer.concat(of(slot).received).toString(), `I am ${slot}`);
        for (const slot of slots) engine.finish(slot);
        await until(() => goneCount() === slots.length, 'gone');
        for (const slot of slots) assert.deepEqual(of(slot).lines, ['connected', 'end', 'gone closed']);
        assert.ok(descriptors() <= before + OWN_DESCRIPTORS, 'every descriptor is back');
      });

      test('10,000 open, aborted at once: every slot goes once, every descriptor is back', async () => {
        const before = descriptors();
        await using subject = create(makeEngine);
        const { engine, of, until, goneCount } = subject;
        const at = { ip: HOST, port: server.port };
        const count = 10_000;
        let connected = 0;
        for (let slot = 0; slot < count; ) {
          while (slot < count && slot - connected < 512) engine.open(slot++, at, undefined);
          await engine.turn(50);
          connected = subject.connectedCount();
        }
        await until(() => subject.connectedCount() === count, 'connected');
        assert.ok(descriptors() >= before + count);
        for (let slot = 0; slot < count; slot++) engine.abort(slot);
        await until(() => goneCount() === count, 'gone');
        for (let slot = 0; slot < count; slot++) assert.deepEqual(of(slot).lines, ['connected', 'gone aborted']);
        assert.ok(descriptors() <= before + OWN_DESCRIPTORS, 'every descriptor is back');
      });

      test('300 aborted at once after finish: every descriptor is back', async () => {
        const before = descriptors();
        await using subject = create(makeEngine);
        const { engine, of, until, goneCount } = subject;
        for (let slot = 0; slot < 300; slot++) engine.open(slot, { ip: HOST, port: server.port }, undefined);
        await until(() => subject.connectedCount() === 300, 'connected');
        for (let slot = 0; slot < 300; slot++) {
          if (slot % 3 === 0) engine.write(slot, Buffer.alloc(100));
          engine.finish(slot);
          if (slot % 3 === 1) await engine.turn(0);
          engine.abort(slot);
        }
        await until(() => goneCount() === 300, 'gone');
        for (let slot = 0; slot < 300; slot++) assert.match(of(slot).lines.at(-1)!, /^gone (aborted|closed)$/);
        assert.ok(descriptors() <= before + OWN_DESCRIPTORS, 'every descriptor is back');
      });

      test('out of descriptors: no-fds, once for each, and the others are not disturbed', async () => {
        const hard = openFilesLimit();
        await using subject = create(makeEngine);
        const { engine, of, until, goneCount } = subject;
        const at = { ip: HOST, port: server.port };
        engine.open(0, at, undefined);
        await until(() => of(0).lines.length > 0, 'connected');
        setOpenFilesLimit(descriptors() + 50, hard);
        try {
          for (let slot = 1; slot <= 200; slot++) engine.open(slot, at, undefined);
          await until(() => subject.connectedCount() + goneCount() === 201, 'connected or gone');
          assert.ok(Math.abs(goneCount() - 150) <= 10, `${goneCount()} of 200 failed with room for about 50`);
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
        const doomed = await startEcho('tcp');
        await using subject = create(makeEngine);
        const { engine, of, until, goneCount } = subject;
        for (let slot = 0; slot < 500; slot++) engine.open(slot, { ip: HOST, port: doomed.port }, undefined);
        await until(() => subject.connectedCount() === 500, 'connected');
        doomed.kill('SIGKILL');
        await until(() => {
          for (let slot = 0; slot < 500; slot++) if (of(slot).lines.includes('end')) engine.finish(slot);
          return goneCount() === 500;
        }, 'gone');
        await doomed.close();
      });
    });
  });
}

/** An engine whose events are recorded; disposed of at the end of its block. */
function create(makeEngine: EngineFactory): Subject {
  const heard = new Map<number, Heard>();
  let gone = 0;
  let connected = 0;
  const of = (slot: number): Heard => {
    let entry = heard.get(slot);
    if (!entry) {
      entry = { lines: [], received: [], gone: undefined, detail: '' };
      heard.set(slot, entry);
    }
    return entry;
  };
  const engine = makeEngine({
    onConnected(slot) {
      connected++;
      of(slot).lines.push('connected');
    },
    onBytes: (slot, bytes) => of(slot).received.push(Buffer.from(bytes)),
    onEnd: (slot) => of(slot).lines.push('end'),
    onGone(slot, cause, detail) {
      gone++;
      of(slot).lines.push(`gone ${cause}`);
      of(slot).gone = cause;
      of(slot).detail = detail;
    },
  });
  return {
    engine,
    of,
    goneCount: () => gone,
    connectedCount: () => connected,
    forget: (slot) => heard.delete(slot),
    until: (done, what) => turnUntil(engine, done, what, 60_000),
    [Symbol.asyncDispose]: () => engine.dispose(),
  };
}

const echo = (socket: Socket): void => {
  socket.pipe(socket);
};

async function withServer(
  options: { allowHalfOpen?: boolean },
  onConnection: (socket: Socket) => void,
  body: (at: Endpoint) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer(options, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    onConnection(socket);
    if (socket.readableFlowing === null) socket.resume();
  });
  try {
    await body({ ip: HOST, port: await listen(server) });
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A listener whose queue is full: attempts to connect stay attempts. */
async function withFullBacklog(body: (at: Endpoint) => Promise<void>): Promise<void> {
  const server = await startEcho('tcp', { backlog: 1 });
  server.kill('SIGSTOP');
  const fillers: Socket[] = [];
  const connects = (): Promise<boolean> =>
    new Promise((resolve) => {
      const filler = connect(server.port, HOST, () => resolve(true)).on('error', () => resolve(false));
      fillers.push(filler);
      setTimeout(resolve, 300, false);
    });
  try {
    while (await connects());
    await body({ ip: HOST, port: server.port });
  } finally {
    for (const filler of fillers) filler.destroy();
    await server.close();
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ host: HOST, port: 0 }, resolve));
  return (server.address() as AddressInfo).port;
}

async function unusedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

const openFilesLimit = (): number =>
  Number(/Max open files +\d+ +(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'))![1]);

function setOpenFilesLimit(soft: number, hard: number): void {
  execFileSync(PRLIMIT, [`--pid=${process.pid}`, `--nofile=${soft}:${hard}`]);
}

/** States of the sockets bound to a port of 127.0.0.1, as /proc/net/tcp writes them. */
function tcpStates(port: number): string[] {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .flatMap(([, at, , state]) => (at === local && state ? [state] : []));
}

/** Bytes that don't repeat in any power of two. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff;
  return bytes;
}
