/** What behaviours may do with connections, on real engines and sockets. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { withServer } from '../../test/support/peers.ts';
import type { Behaviour, Connections } from '../behaviours/behaviour.ts';
import type { Endpoint } from '../engines/engine.ts';
import { ENGINES, type EngineName } from '../engines/index.ts';
import { allocateWorkerBuffers, monotonicClock, SharedWindow, TallyReader, TallyWriter } from '../local/shared.ts';
import { createProtocol } from '../protocols/index.ts';
import type { Slot } from '../protocols/protocol.ts';
import { HISTOGRAMS, type HistogramName, type Tally } from '../wire.ts';
import { Holder } from './holder.ts';
import type { HolderOptions } from './holder-options.ts';
import { makeEngine } from './make-engine.ts';

const FAST = 1e6;
const WINDOW = 8;
const TIMEOUT = { timeout: 60_000 };
const DEADLINE_MS = 20_000;

/** A holder in this thread, with a behaviour that does nothing but tell what it hears. */
interface Held {
  readonly connections: Connections;
  /** Payload that came, by slot. */
  readonly heard: ReadonlyMap<Slot, string>;
  /** Slots whose connections are open no longer, as the behaviour was told. */
  readonly closed: readonly Slot[];
  tally(): Tally;
  aim(wanted: number, stop?: 0 | 1): void;
  /** Turns until it is so. */
  until(isSo: (tally: Tally) => boolean, what: string): Promise<Tally>;
}

async function withHolder(engineName: EngineName, at: Endpoint, body: (held: Held) => Promise<void>): Promise<void> {
  const buffers = allocateWorkerBuffers();
  const writer = new TallyWriter(buffers.tally);
  const reader = new TallyReader([buffers]);
  const tally = (): Tally => {
    writer.publish();
    return reader.read();
  };
  const window = (): SharedWindow => new SharedWindow(SharedWindow.allocate(), WINDOW);
  const histograms = Object.fromEntries(
    HISTOGRAMS.map((name) => [name, new Uint32Array(buffers.histograms[name])]),
  ) as Record<HistogramName, Uint32Array>;
  const now = monotonicClock();
  const options: HolderOptions = {
    capacity: 20,
    window: WINDOW,
    closeWindow: WINDOW,
    openTimeoutMs: DEADLINE_MS,
    closeTimeoutMs: DEADLINE_MS,
    close: 'graceful',
    behaviour: { kind: 'idle' },
    marks: { run: 1, first: 0, step: 1 },
    destinations: [at],
    sources: [],
    index: 0,
  };
  const deps = { tally: writer, opening: window(), closing: window(), histograms, now, onTrouble: () => {} };
  const holder = new Holder(options, deps);
  const worker = { index: 0, count: 1 };
  const engineOptions = { slots: holder.slotCount, portRange: undefined, worker };
  const engine = await makeEngine(
    { name: engineName, options: engineOptions, ownTable: false, securing: undefined },
    holder,
    () => {},
  );
  const protocol = createProtocol({ name: 'tcp', path: '/', hostHeader: 'test' }, holder.slotCount, holder);
  const heard = new Map<Slot, string>();
  const closed: Slot[] = [];
  const behaviour: Behaviour = {
    step: () => Number.POSITIVE_INFINITY,
    rest() {},
    onOpened() {},
    onPayload(slot, bytes) {
      heard.set(slot, (heard.get(slot) ?? '') + Buffer.from(bytes).toString('latin1'));
    },
    onAnswer() {},
    onClosed: (slot) => closed.push(slot),
  };
  let connections: Connections | undefined;
  holder.attach(engine, protocol, (_plan, given) => {
    connections = given.connections;
    return behaviour;
  });
  const aim = (wanted: number, stop: 0 | 1 = 0): void => {
    const order = { wanted, perSecond: FAST, startedAtMs: now(), stop, collections: 0, talking: 0, episodes: 0 };
    holder.aim(order, wanted, FAST);
  };
  const until = async (isSo: (seen: Tally) => boolean, what: string): Promise<Tally> => {
    const deadlineMs = performance.now() + DEADLINE_MS;
    for (;;) {
      await engine.turn(Math.min(5, holder.step()));
      const seen = tally();
      if (isSo(seen)) return seen;
      if (performance.now() > deadlineMs) assert.fail(`never happened: ${what}; ${JSON.stringify(seen)}`);
    }
  };
  try {
    await body({ connections: connections!, heard, closed, tally, aim, until });
    aim(0, 1);
    await until(() => holder.isDone, 'all is closed');
  } finally {
    await engine.dispose();
  }
}

for (const engine of ENGINES) {
  test(
    `${engine}: what a behaviour closes counts as closed by us, and another is opened in its place`,
    TIMEOUT,
    async () => {
      let ended = 0;
      const serve = (socket: Socket): void => {
        socket.resume().on('end', () => ended++);
      };
      await withServer({}, serve, (at) =>
        withHolder(engine, at, async ({ connections, closed, aim, until }) => {
          aim(20);
          await until(({ open }) => open === 20, 'all are open');
          const first = connections.nextOpen(-1);
          assert.equal(connections.close(first), true);
          assert.equal(connections.close(first), false, 'it is closing already');
          assert.deepEqual(closed, [first]);
          const now = await until(({ open, closing }) => open === 20 && closing === 0, 'another is there');
          assert.deepEqual([now.attempts, now.closed, now.closeReasons['by-us']], [21, 1, 1]);
          await until(() => ended === 1, 'the server saw its end');
        }),
      );
    },
  );

  test(`${engine}: a behaviour closes no more at once than may be closing`, TIMEOUT, async () => {
    await withServer(
      {},
      () => {},
      (at) =>
        withHolder(engine, at, async ({ connections, aim, until }) => {
          aim(20);
          await until(({ open }) => open === 20, 'all are open');
          const slots: Slot[] = [];
          for (let slot = connections.nextOpen(-1); slots.length < 20; slot = connections.nextOpen(slot))
            slots.push(slot);
          const taken = slots.map((slot) => connections.close(slot));
          assert.deepEqual(
            taken,
            slots.map((_slot, i) => i < WINDOW),
          );
          const now = await until(({ open, closing }) => open === 20 && closing === 0, 'all are there again');
          assert.equal(now.closeReasons['by-us'], WINDOW);
          assert.equal(connections.close(slots[WINDOW]!), true, 'there is room again');
        }),
    );
  });

  test(`${engine}: a behaviour reads no more of one connection, and goes on with what has come`, TIMEOUT, async () => {
    const sockets: Socket[] = [];
    await withServer(
      {},
      (socket) => sockets.push(socket),
      (at) =>
        withHolder(engine, at, async ({ connections, heard, aim, until }) => {
          aim(2);
          await until(({ open }) => open === 2 && sockets.length === 2, 'both are open');
          const paused = connections.nextOpen(-1);
          const other = connections.nextOpen(paused);
          connections.pauseReading(paused);
          for (const socket of sockets) socket.write('one');
          await until(() => heard.get(other) === 'one', 'the other has heard');
          for (const socket of sockets) socket.write('two');
          await until(() => heard.get(other) === 'onetwo', 'the other has heard again');
          assert.equal(heard.get(paused), undefined);
          connections.resumeReading(paused);
          const now = await until(() => heard.get(paused) === 'onetwo', 'it has heard all of it');
          assert.equal(now.bytesIn, 12);
        }),
    );
  });
}
