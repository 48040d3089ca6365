/** A server that floods one of twenty connections: the run ends in its time, and measures the others. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import type { CloseReason } from '../../core/values/outcomes.ts';
import {
  assertFailed,
  assertWentThrough,
  type Ended,
  HASTY,
  newFolder,
  readEvents,
  readSamples,
  startConnrig,
} from '../support/connrig.ts';
import { FLOODS, type FloodKind, startFlood, startFloods } from '../support/flood.ts';

const TIMEOUT = { timeout: 300_000 };
const MOST_RSS_BYTES = 200 * 2 ** 20;
const DEFLATE = ['--per-message-deflate', 'on'] as const;
const ECHO = ['--behaviour', 'echo:100/s:64B', '--talk', '1s'] as const;
const REQUESTS = ['--behaviour', 'request:100/s', '--talk', '1s'] as const;

/**
 * Floods that come at the same time: each takes as long as the client bears with it, and all of them take no longer.
 * Which engine has to bear which of them is chosen by turns; what both have to do is in their contract.
 */
const FLOODED: ReadonlyArray<{
  readonly kinds: readonly FloodKind[];
  readonly engine: 'epoll' | 'node';
  readonly args: readonly string[];
  /** Why each such connection ends, where it has to; which comes first depends on how fast both ends are. */
  readonly reasons?: Readonly<Partial<Record<FloodKind, readonly CloseReason[]>>>;
}> = [
  {
    kinds: ['messages', 'fragments', 'empty-fragments'],
    engine: 'epoll',
    args: ECHO,
    reasons: { messages: ['flood'], fragments: ['too-large', 'flood'], 'empty-fragments': ['flood'] },
  },
  {
    kinds: ['pings', 'compressed-fragments', 'bombs'],
    engine: 'node',
    args: [...ECHO, ...DEFLATE],
    reasons: { pings: ['flood'], 'compressed-fragments': ['too-large', 'flood'], bombs: ['flood'] },
  },
  { kinds: ['half-message', 'interim', 'reads-nothing'], engine: 'epoll', args: [...ECHO, ...DEFLATE] },
  // Taken as fast as it comes, this is no flood: it depends on both ends which of them is faster.
  { kinds: ['bytes'], engine: 'node', args: ECHO },
  {
    kinds: ['body', 'http-interim'],
    engine: 'epoll',
    args: REQUESTS,
    reasons: { body: ['flood'], 'http-interim': ['protocol-error'] },
  },
];
const LEVELS = [30, 60];
/**
 * The first look at the target and a warm-up, four times half of the first level, are 61 connections. These come after them, and
 * still before the top level is full where the warm-up was shorter.
 */
const NUMBERS = [70, 79, 88];

describe('one connection of twenty is flooded', () => {
  for (const { kinds, engine, args, reasons = {} } of FLOODED) {
    it(`${kinds.join(', ')} on ${FLOODS[kinds[0]!]}, ${engine} engine`, TIMEOUT, async (t) => {
      const server = await startFloods(kinds, NUMBERS);
      const { ended, folder, peakRssBytes } = await flooded(t, server, ['--levels', LEVELS.join(), ...args], engine);
      assertWentThrough(ended);
      assert.ok(peakRssBytes < MOST_RSS_BYTES, `the client took ${peakRssBytes} bytes`);
      const samples = readSamples(folder);
      const holds = samples.flatMap((sample) => (sample.type === 'memory' && sample.phase === 'hold' ? [sample] : []));
      assert.deepEqual(
        holds.map(({ level }) => level),
        LEVELS,
      );
      for (const { level, talk } of holds) {
        // No connection that floods is in it; those that aren't answered are counted apart.
        const least = (talk!.messages * (level - kinds.length)) / level - 5;
        assert.ok(talk!.replies >= least, JSON.stringify(talk));
      }
      assertEnded(folder, Object.values(reasons));
    });
  }
});

/** There was one of each kind of connection, so that what a reason is counted for tells which of them ended. */
function assertEnded(folder: string, each: ReadonlyArray<readonly CloseReason[]>): void {
  const { closeReasons } = readSamples(folder).findLast((sample) => sample.type === 'leg-end')!.progress;
  const isNamed = (reasons: readonly CloseReason[]): boolean =>
    readEvents(folder).some((event) => event.type === 'trouble' && reasons.some((reason) => event.what === reason));
  for (const reasons of each) {
    const alike = each.filter((others) => others.some((reason) => reasons.includes(reason)));
    const count = [...new Set(alike.flat())].reduce((sum, reason) => sum + closeReasons[reason], 0);
    assert.ok(count >= alike.length, JSON.stringify(closeReasons));
    assert.ok(isNamed(reasons), 'it is named in events.jsonl');
  }
}

describe('every connection is flooded', () => {
  it('with messages: given up as more than the client can read', TIMEOUT, async (t) => {
    // More at once than a run may lose.
    const plan = ['--connections', '60', '--levels', '1', ...ECHO];
    const { ended, peakRssBytes } = await flooded(t, await startFlood('messages', 1), plan, 'epoll');
    assertFailed(ended, 6, 'EGENERATOR', /sends more than this client can read: \d+ of \d+ open connections had to be/);
    assert.ok(peakRssBytes < MOST_RSS_BYTES, `the client took ${peakRssBytes} bytes`);
  });

  it('with half-sent compressed messages: given up as too large', TIMEOUT, async (t) => {
    const plan = ['--levels', '5,10,20', ...DEFLATE];
    const { ended, peakRssBytes } = await flooded(t, await startFlood('half-message', 1), plan, 'node');
    assertFailed(ended, 4, 'EDROPPED', /sends messages that are larger than this client takes/);
    assert.ok(peakRssBytes < MOST_RSS_BYTES, `the client took ${peakRssBytes} bytes`);
  });
});

interface Flooded {
  readonly ended: Ended;
  readonly folder: string;
  /** Memory of the client's process. */
  readonly peakRssBytes: number;
}

async function flooded(
  t: TestContext,
  server: Awaited<ReturnType<typeof startFlood>>,
  plan: readonly string[],
  engine: 'epoll' | 'node',
): Promise<Flooded> {
  t.after(() => server.close());
  const folder = newFolder(t);
  const how = ['--engine', engine, '--close', 'reset', ...HASTY, '--out', folder];
  const run = startConnrig(t, ['run', server.url, ...plan, ...how], { deadlineMs: 240_000 });
  let peakRssBytes = 0;
  const looking = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, peakRssBytesOf(run.pid));
  }, 50);
  const ended = await run.ended.finally(() => clearInterval(looking));
  assert.ok(peakRssBytes > 0);
  return { ended, folder, peakRssBytes };
}

/** @returns 0 when it has ended */
function peakRssBytesOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
