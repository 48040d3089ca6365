import { randomInt } from 'node:crypto';
import type { CloseReason, Outcome } from '../../core/values/outcomes.ts';
import type { Behaviour } from '../behaviours/behaviour.ts';
import type { FleetOptions } from '../fleet.ts';
import { allocateWorkerBuffers, monotonicClock, SharedWindow, TallyReader, TallyWriter } from '../local/shared.ts';
import { Numbers } from '../opening/numbers.ts';
import type { Tally } from '../wire.ts';
import { Holder } from '../worker/holder.ts';
import { makeEngine } from '../worker/make-engine.ts';
import { makeProtocol } from '../worker/make-protocol.ts';
import { tapEngine, tapEvents } from './tap.ts';
import type { TrialEvent, TrialFailure, TrialLoss } from './trial-event.ts';

export interface TrialOptions {
  /** As a leg's, with one connection. */
  readonly fleet: Omit<FleetOptions, 'threadEntry'>;
  /** Which connection it is, from 1. */
  readonly number: number;
  /** How long it is left open, in ms. */
  readonly stayMs: number;
  /** Ends it earlier, in order. */
  readonly signal: AbortSignal;
  /** Told as it happens, with ms since the connection was begun. A text in it has no secrets. */
  readonly onEvent: (event: TrialEvent, elapsedMs: number) => void;
}

/** What became of the connection. */
export interface TrialEnd {
  readonly openedAfterMs: number | undefined;
  /** Why it did not open; undefined where it did, or nobody waited for it. */
  readonly failure: TrialFailure | undefined;
  /** Why it did not stay open; undefined where we closed it. */
  readonly loss: TrialLoss | undefined;
  readonly tally: Tally;
}

/** Short turns, since an engine may block this thread, and others have their work in it. */
const TURN_MS = 10;
/** The first connection of a ramp is due at once. */
const PER_SECOND = 1000;

/**
 * Opens one connection in this thread, with what a worker of the fleet holds its connections with, and closes it again. Resolves
 * when nothing is left of it.
 */
export async function tryConnection(options: TrialOptions): Promise<TrialEnd> {
  const { fleet, stayMs, signal } = options;
  const buffers = allocateWorkerBuffers();
  const tally = new TallyWriter(buffers.tally);
  const now = monotonicClock();
  let startedAtMs = now();
  const tell = (event: TrialEvent): void => {
    // What it takes to load an engine is no part of it.
    if (event.kind === 'connecting') startedAtMs = now();
    options.onEvent(event, now() - startedAtMs);
  };
  let failure: TrialFailure | undefined;
  let loss: TrialLoss | undefined;
  let openedAtMs: number | undefined;

  const holder = new Holder(holderOptions(options), {
    tally,
    opening: oneAtATime(),
    closing: oneAtATime(),
    histograms: histogramsOver(buffers),
    now,
    onTrouble(what, detail) {
      if (openedAtMs === undefined) {
        failure = { outcome: what as Outcome, detail };
        tell({ kind: 'failed', ...failure });
      } else {
        loss = { reason: what as CloseReason, detail };
        tell({ kind: 'lost', ...loss });
      }
    },
  });
  const engine = await makeEngine(
    {
      name: fleet.layout.engine,
      options: { slots: holder.slotCount, portRange: undefined, worker: { index: 0, count: 1 } },
      ownTable: false,
      securing: fleet.securing,
    },
    tapEvents(holder, tell),
    (agreement) => tell({ kind: 'agreed', agreement }),
  );
  const protocol = await makeProtocol(fleet.protocol, fleet.opening, holder, now, (_, step) =>
    tell({ kind: 'step', step }),
  );
  holder.attach(tapEngine(engine, tell), protocol, () => ({
    ...STILL,
    onOpened() {
      openedAtMs = now();
      tell({ kind: 'open' });
    },
  }));

  try {
    holder.aim(orderOf(now()), 1, PER_SECOND);
    let isStopping = false;
    while (!holder.isDone) {
      const stays = openedAtMs === undefined || now() - openedAtMs < stayMs;
      if (!isStopping && (failure || loss || signal.aborted || !stays)) {
        isStopping = true;
        holder.aim({ ...orderOf(now()), wanted: 0, stop: 1 }, 0, PER_SECOND);
      }
      await engine.turn(Math.min(holder.step(), TURN_MS));
    }
  } finally {
    await engine.dispose();
  }
  tally.publish();
  const openedAfterMs = openedAtMs === undefined ? undefined : openedAtMs - startedAtMs;
  return { openedAfterMs, failure, loss, tally: new TallyReader([buffers]).read() };
}

/** Nothing is done with it: what is said on it is said by its opening. */
const STILL: Behaviour = {
  step: () => Number.POSITIVE_INFINITY,
  rest() {},
  onOpened() {},
  onPayload() {},
  onAnswer() {},
  onClosed() {},
};

function holderOptions({ fleet, number }: TrialOptions): ConstructorParameters<typeof Holder>[0] {
  const { openTimeoutMs, closeTimeoutMs, close, destinations, layout, identity } = fleet;
  return {
    capacity: 1,
    window: 1,
    closeWindow: 1,
    openTimeoutMs,
    closeTimeoutMs,
    close,
    behaviour: { kind: 'idle' },
    marks: { run: 0, first: 0, step: 1 },
    // Always there: with all numbers but one in use, nothing can be opened in place of what failed.
    identity: {
      numbers: numbersUpTo(number),
      total: number,
      rows: identity?.rows,
      order: identity?.order ?? 'each',
      secrets: identity?.secrets ?? [],
      seed: randomInt(2 ** 32),
      first: 0,
      step: 1,
    },
    destinations: destinations.slice(0, 1),
    sources: layout.sources.slice(0, 1),
    index: 0,
  };
}

/** The last of them is the only one that is free. */
function numbersUpTo(number: number): SharedArrayBuffer {
  const buffer = Numbers.allocate(number);
  const numbers = new Numbers(buffer, number);
  for (let taken = 1; taken < number; taken++) numbers.take();
  return buffer;
}

const oneAtATime = (): SharedWindow => new SharedWindow(SharedWindow.allocate(), 1);

function histogramsOver({ histograms }: ReturnType<typeof allocateWorkerBuffers>) {
  const views = Object.entries(histograms).map(([name, buffer]) => [name, new Uint32Array(buffer)]);
  return Object.fromEntries(views) as Record<keyof typeof histograms, Uint32Array>;
}

const orderOf = (startedAtMs: number) => ({
  wanted: 1,
  perSecond: PER_SECOND,
  startedAtMs: startedAtMs - 1000 / PER_SECOND,
  stop: 0,
  collections: 0,
  talking: 0,
  episodes: 0,
});
