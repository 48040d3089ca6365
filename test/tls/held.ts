import assert from 'node:assert/strict';
import type { EngineName } from '../../fleet/engines/index.ts';
import type { TlsOptions } from '../../fleet/transports/tls/tls-options.ts';
import { startCensusServer } from '../../scripts/tls/census.ts';
import { withFleet } from '../support/fleet.ts';

/** Options as a run has them when nothing is asked for. */
export const securedFor = (ca: string, more: Partial<TlsOptions> = {}): TlsOptions => ({
  servername: '127.0.0.1',
  verify: true,
  ca,
  own: undefined,
  alpn: [],
  versions: ['1.2', '1.3'],
  ciphers: undefined,
  groups: undefined,
  resume: false,
  ...more,
});

const FAST = 1e6;

/**
 * Opens so many WebSockets over TLS, lets the server ping each of them once, and closes them in order.
 *
 * @param workers above 1, each has a descriptor table of its own
 */
export async function holdAndClose(
  engine: EngineName,
  count: number,
  more: Partial<TlsOptions> = {},
  workers = 1,
): Promise<void> {
  const server = await startCensusServer();
  const at = { ip: '127.0.0.1', port: server.port };
  const options = {
    layout: { engine, workers, ownTables: workers > 1 },
    securing: { by: 'openssl', options: securedFor(server.ca, more) },
    capacity: count,
    openTimeoutMs: 60_000,
    closeTimeoutMs: 60_000,
    closeWindow: 4096,
  } as const;
  const deadlineMs = 300_000;
  try {
    await withFleet('ws', [at], options, async ({ fleet, until, troubles, tally }) => {
      fleet.pursue(count, FAST);
      // Each that shakes hands has its object, and no other.
      await until(
        ({ open, opening, tlsObjects }) => open === count && opening === 0 && tlsObjects === 0,
        'open',
        deadlineMs,
      );
      assert.deepEqual([tally().secured, tally().tlsKeptObjects, troubles], [count, 0, []]);
      const before = await server.count();
      assert.deepEqual([before.open, before.pongs], [count, 0]);
      server.ping();
      await eventually(server.count, ({ pongs }) => pongs === count, deadlineMs);
      fleet.pursue(0, FAST);
      await until(({ open, closing }) => open === 0 && closing === 0, 'closed', deadlineMs);
      const after = await eventually(server.count, ({ open }) => open === 0, deadlineMs);
      const every = { pongs: count, closed1000: count, closeNotify: count, fin: count };
      assert.deepEqual(after, { open: 0, ...every, truncated: 0, broken: 0 });
      assert.deepEqual([tally().closeReasons['by-us'], tally().unanswered, troubles], [count, 0, []]);
    });
  } finally {
    await server.stop();
  }
}

async function eventually<T>(read: () => Promise<T>, isSo: (value: T) => boolean, deadlineMs: number): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await read();
    if (isSo(value)) return value;
    if (performance.now() > deadline) assert.fail(`never happened: ${JSON.stringify(value)}`);
  }
}
