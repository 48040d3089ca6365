/** A server that floods one of twenty connections: the run ends in its time, and measures the others. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import type { CloseReason } from '../../core/outcomes.ts';
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
import { FLOODS, type FloodKind, startFlood } from '../support/flood.ts';

const TIMEOUT = { timeout: 300_000 };
const MOST_RSS_BYTES = 200 * 2 ** 20;
const DEFLATE = ['--per-message-deflate', 'on'] as const;
const ECHO = ['--behaviour', 'echo:100/s:64B', '--talk', '1s'] as const;
const REQUESTS = ['--behaviour', 'request:100/s', '--talk', '1s'] as const;

/** Why the connection that is flooded ends, where it has to; which comes first depends on how fast both ends are. */
const REASONS: Readonly<
  Record<FloodKind, { readonly reasons?: readonly CloseReason[]; readonly args: readonly string[] }>
> = {
  messages: { reasons: ['flood'], args: ECHO },
  pings: { reasons: ['flood'], args: ECHO },
  fragments: { reasons: ['too-large', 'flood'], args: ECHO },
  'compressed-fragments': { reasons: ['too-large', 'flood'], args: [...ECHO, ...DEFLATE] },
  'empty-fragments': { reasons: ['flood'], args: ECHO },
  bombs: { reasons: ['flood'], args: [...ECHO, ...DEFLATE] },
  'half-message': { args: [...ECHO, ...DEFLATE] },
  interim: { args: ECHO },
  'reads-nothing': { args: ECHO },
  // Taken as fast as it comes, this is no flood: it depends on both ends which of them is faster.
  bytes: { args: ECHO },
  body: { reasons: ['flood'], args: REQUESTS },
  'http-interim': { reasons: ['protocol-error'], args: REQUESTS },
};

describe('one connection of twenty is flooded', () => {
  for (const [kind, { reasons, args }] of Object.entries(REASONS) as Array<[FloodKind, (typeof REASONS)[FloodKind]]>) {
    // One engine each; what both have to do is in their contract.
    const engine = Object.keys(REASONS).indexOf(kind) % 2 === 0 ? 'epoll' : 'node';
    it(`${kind} on ${FLOODS[kind]}, ${engine} engine`, TIMEOUT, async (t) => {
      const { ended, folder, peakRssBytes } = await flooded(t, kind, 20, [...args, '--engine', engine]);
      assertWentThrough(ended);
      assert.ok(peakRssBytes < MOST_RSS_BYTES, `the client took ${peakRssBytes} bytes`);
      const samples = readSamples(folder);
      const holds = samples.flatMap((sample) => (sample.type === 'memory' && sample.phase === 'hold' ? [sample] : []));
      assert.deepEqual(
        holds.map(({ level }) => level),
        [5, 10, 20],
      );
      for (const { level, talk } of holds) {
        // No connection that floods is in it; those that aren't answered are counted apart.
        assert.ok(talk!.replies >= (talk!.messages * (level - 1)) / level - 5, JSON.stringify(talk));
      }
      if (reasons === undefined) return;
      const { closeReasons } = samples.findLast((sample) => sample.type === 'leg-end')!.progress;
      assert.ok(
        reasons.some((reason) => closeReasons[reason] > 0),
        JSON.stringify(closeReasons),
      );
      const isNamed = readEvents(folder).some(
        (event) => event.type === 'trouble' && reasons.some((reason) => event.what === reason),
      );
      assert.ok(isNamed, 'it is named in events.jsonl');
    });
  }
});

describe('every connection is flooded', () => {
  it('with messages: given up as more than the client can read', TIMEOUT, async (t) => {
    const { ended, peakRssBytes } = await flooded(t, 'messages', 1, ['--engine', 'epoll']);
    assertFailed(ended, 6, 'EGENERATOR', /sends more than this client can read: \d+ of \d+ open connections had to be/);
    assert.ok(peakRssBytes < MOST_RSS_BYTES, `the client took ${peakRssBytes} bytes`);
  });

  it('with half-sent compressed messages: given up as too large', TIMEOUT, async (t) => {
    const { ended, peakRssBytes } = await flooded(t, 'half-message', 1, [...DEFLATE, '--engine', 'node']);
    assertFailed(ended, 4, 'EDROPPED', /sends messages that are larger than this client takes/);
    assert.ok(peakRssBytes < MOST_RSS_BYTES, `the client took ${peakRssBytes} bytes`);
  });
});

interface Flooded {
  readonly ended: Ended;
  readonly folder: string;
  /** Of the client's process. */
  readonly peakRssBytes: number;
}

async function flooded(t: TestContext, kind: FloodKind, every: number, args: readonly string[]): Promise<Flooded> {
  const server = await startFlood(kind, every);
  t.after(() => server.close());
  const folder = newFolder(t);
  const levels = ['--levels', '5,10,20', '--close', 'reset', ...HASTY];
  const run = startConnrig(t, ['run', server.url, ...levels, ...args, '--out', folder], { deadlineMs: 240_000 });
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
