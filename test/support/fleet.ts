import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { Destination } from '../../fleet/engines/engine.ts';
import { type Fleet, type FleetOptions, startFleet } from '../../fleet/fleet.ts';
import type { FleetLayout } from '../../fleet/local/layout.ts';
import type { Agreement } from '../../fleet/transports/tls/tls-options.ts';
import type { Tally, Trouble } from '../../fleet/wire.ts';

/** A real fleet, watched: its counts are checked at every look. */
export interface WatchedFleet {
  readonly fleet: Fleet;
  readonly troubles: readonly Trouble[];
  readonly defects: readonly Error[];
  readonly agreements: readonly Agreement[];
  /** The counts now, which add up. */
  tally(): Tally;
  /** Looks at the counts every few ms until they are so; fails after 20 s unless said. */
  until(isSo: (tally: Tally) => boolean, what: string, deadlineMs?: number): Promise<Tally>;
}

const DEADLINE_MS = 20_000;
const LOOK_MS = 10;

/** Starts a fleet, and stops it after `body`, whatever comes. */
export async function withFleet(
  protocol: ProtocolName,
  destinations: readonly Destination[],
  { layout, ...options }: Omit<Partial<FleetOptions>, 'layout'> & { layout?: Partial<FleetLayout> },
  body: (watched: WatchedFleet) => Promise<void>,
): Promise<void> {
  const troubles: Trouble[] = [];
  const defects: Error[] = [];
  const agreements: Agreement[] = [];
  const fleet = await startFleet(
    {
      threadEntry: new URL('../../client/conductor/fleet-thread.js', import.meta.url),
      layout: {
        engine: 'node',
        workers: 1,
        lanes: layout?.workers ?? 1,
        ownTables: false,
        sources: [],
        portRange: undefined,
        ...layout,
      },
      protocol: { name: protocol, path: '/', hostHeader: 'test' },
      capacity: 1000,
      window: 64,
      closeWindow: 64,
      openTimeoutMs: 10_000,
      closeTimeoutMs: 5000,
      destinations,
      close: 'graceful',
      behaviour: { kind: 'idle' },
      ...options,
    },
    {
      onTrouble: (trouble) => troubles.push(trouble),
      onAgreed: (agreement) => agreements.push(agreement),
      onDefect: (error) => defects.push(error),
    },
  );
  const tally = (): Tally => addsUp(fleet.tally());
  try {
    await body({
      fleet,
      troubles,
      defects,
      agreements,
      tally,
      until: (isSo, what, deadlineMs) => until(tally, isSo, what, deadlineMs),
    });
  } finally {
    await fleet.stop();
  }
}

async function until(
  tally: () => Tally,
  isSo: (tally: Tally) => boolean,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<Tally> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const seen = tally();
    if (isSo(seen)) return seen;
    if (performance.now() > deadline) assert.fail(`never happened: ${what}; ${JSON.stringify(seen)}`);
    await delay(LOOK_MS);
  }
}

/** Every attempt is in one place, has one outcome once it is over, and every close one reason. */
function addsUp(tally: Tally): Tally {
  const { attempts, opening, open, failed, closed, closing, outcomes, closeReasons } = tally;
  const isSound =
    [attempts, opening, open, failed, closed, closing].every((count) => count >= 0) &&
    attempts === opening + open + failed + closed &&
    outcomes.open === open + closed &&
    sum(outcomes) - outcomes.open === failed &&
    sum(closeReasons) === closed &&
    closing <= closed;
  // Put into words only then: this is asked thousands of times.
  if (!isSound) assert.fail(JSON.stringify(tally));
  return tally;
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);
