/** Servers that take their time: what is opening isn't open, levels are whole, latency shows the wait, and the cost is right. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Sample } from '../../core/schemas/record.ts';
import { compiled } from '../support/compiled.ts';
import { assertFailed, assertWentThrough, HASTY, readSamples } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { carriedOut, type KnownRun } from './targets.ts';

const TIMEOUT = { timeout: 400_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('gcc') };
const HELD_BYTES = 16 * 1024;
const LEVELS = [200, 400, 700, 1000];
const planOf = (levels: readonly number[]): string[] =>
  levels.length === 1 ? ['--connections', String(levels[0]), '--levels', '1'] : ['--levels', levels.join(',')];
/** For runs whose memory nobody asks about. */
const QUICKLY = [...HASTY, '--close', 'reset'];

/** A server made from `slow.c` or `late.c`. */
function runOn(
  t: TestContext,
  name: 'slow' | 'late',
  bytes: number,
  delayMs: number,
  args: readonly string[],
  more = '',
): Promise<KnownRun> {
  const program = compiled(t, `known-answer/${name}`);
  const commandAt = (port: number): string => `exec ${program} ${port} ${bytes} ${delayMs} ${more}`;
  return carriedOut(t, '--command', commandAt, args, name === 'slow' ? 'ws' : 'tcp');
}

/** Beside what a connection holds it costs 16 bytes of malloc's. */
function assertCost({ summary }: KnownRun): void {
  const { bytes } = summary.legs[0]!.perConnection!.user!;
  const allowed = Math.max(0.02 * HELD_BYTES, 128);
  assert.ok(Math.abs(bytes - HELD_BYTES) <= allowed, `${HELD_BYTES} bytes were measured as ${bytes.toFixed(0)}`);
}

function assertWhole({ ended, summary }: KnownRun, levels: readonly number[]): void {
  assertWentThrough(ended);
  const [leg] = summary.legs;
  assert.deepEqual(
    leg!.levels.map(({ open }) => open),
    levels,
  );
  assert.equal(leg!.outcomes.open, leg!.attempts, JSON.stringify(leg!.outcomes));
}

type Tick = Extract<Sample, { type: 'tick' }>;
const ticksOf = (folder: string): Tick[] => readSamples(folder).filter((sample) => sample.type === 'tick');
/** Between what a tick counts and the time that it bears. */
const SLACK_MS = 100;

/** At no moment more had ever opened than had been attempted a delay before. */
function assertNoneEarly(ticks: readonly Tick[], delayMs: number): void {
  for (const { elapsedMs, counts, outcomes } of ticks) {
    assert.equal(counts.opening + counts.open + counts.failed + counts.closed, counts.attempts);
    const before = ticks.find((one) => one.elapsedMs >= elapsedMs - delayMs + SLACK_MS);
    assert.ok(outcomes.open <= before!.counts.attempts, `${outcomes.open} open at ${elapsedMs} ms`);
  }
}

describe('a WebSocket server that answers each handshake', () => {
  it('after a while is waited for', TIMEOUT, async (t) => {
    const delayMs = 1000;
    const outcome = await runOn(t, 'slow', HELD_BYTES, delayMs, planOf(LEVELS));
    assertWhole(outcome, LEVELS);
    const { p50Ms, p99Ms } = outcome.summary.legs[0]!.open;
    // Buckets of the histogram are up to 2 % wide.
    assert.ok(p50Ms! >= 0.98 * delayMs && p99Ms! >= p50Ms!, `p50 ${p50Ms}`);
    const ticks = ticksOf(outcome.folder);
    assertNoneEarly(ticks, delayMs);
    assert.ok(ticks.some(({ counts }) => counts.opening >= 100));
    assertCost(outcome);
  });

  it('later than the open timeout: each attempt has timed out, and the error says what helps', TIMEOUT, async (t) => {
    const { ended, summary } = await runOn(t, 'slow', 0, 2000, [
      ...planOf(LEVELS),
      ...QUICKLY,
      '--open-timeout',
      '500ms',
    ]);
    assertFailed(ended, 4, 'ETIMEDOUT', /do not become usable in time \(connected, but no answer within 500 ms\)/);
    assert.match(ended.stderr, /--open-timeout/);
    const { outcomes, peakOpen, attempts } = summary.legs[0]!;
    assert.ok(outcomes['timed-out'] >= 50, JSON.stringify(outcomes));
    assert.deepEqual([outcomes.open, peakOpen], [0, 0]);
    assert.equal(outcomes['timed-out'] + outcomes.cancelled, attempts);
  });
});

describe('a TCP server that accepts late', () => {
  it('has its connections open before, but no level is read until it has taken them all', TIMEOUT, async (t) => {
    const levels = [300, 600, 1000];
    const held = await runOn(t, 'late', HELD_BYTES, 1200, planOf(levels));
    assertWhole(held, levels);
    const warned = held.summary.warnings.filter((text) => /accepts late/.test(text));
    assert.equal(warned.length, 1, held.summary.warnings.join('\n'));
    assertCost(held);
    for (const { open, bytes } of held.summary.legs[0]!.levels) {
      assert.ok(bytes.user! >= open * HELD_BYTES, `${bytes.user} at ${open}`);
    }
  });

  it('with a short queue makes the others wait, which shows in the time to open', TIMEOUT, async (t) => {
    // More than 32 half open at once would get SYN cookies: of these some find the queue full, and never get in.
    const plan = [...planOf([120]), ...HASTY, '--rate', '500/s', '--window', '16'];
    const { ended, summary, folder } = await runOn(t, 'late', 0, 300, plan, 'backlog=32');
    assertWentThrough(ended);
    const { open, outcomes, attempts } = summary.legs[0]!;
    assert.equal(outcomes.open, attempts);
    // A first packet that was dropped is sent again after a second; those behind it waited for room in the window.
    assert.ok(open.maxMs! >= 980 && open.p50Ms! >= 500, JSON.stringify(open));
    for (const { counts } of ticksOf(folder)) {
      assert.equal(counts.opening + counts.open + counts.failed + counts.closed, counts.attempts);
    }
  });

  it('with a short queue, later than the open timeout: the others have timed out', TIMEOUT, async (t) => {
    const plan = [...planOf([300]), ...QUICKLY, '--open-timeout', '500ms'];
    const { ended, summary } = await runOn(t, 'late', 0, 60_000, plan, 'backlog=8');
    // Some were taken into the queue: the server is full, as far as anybody can tell.
    assertFailed(ended, 4, 'ETARGETFULL', /stopped accepting at \d+ open connections: timed-out/);
    assert.ok(summary.legs[0]!.outcomes['timed-out'] >= 50);
  });

  it('never, with room for all in its queue, is found out: it has accepted none', TIMEOUT, async (t) => {
    const plan = [...planOf([100]), ...QUICKLY, '--open-timeout', '500ms'];
    const { ended, summary } = await runOn(t, 'late', 0, 60_000, plan);
    assertFailed(
      ended,
      4,
      'ETIMEDOUT',
      /has none of \d+ connections, and has taken no more for 500 ms: \d+ wait in its accept queue, of 4,096 — /,
    );
    assert.deepEqual(summary.legs[0]!.levels, [], 'what it has not taken costs nothing, and says nothing');
  });
});
