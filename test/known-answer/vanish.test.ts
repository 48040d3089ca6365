/** Servers that notice vanished peers in known ways: when each was let go of comes out, and how it was noticed. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Summary } from '../../core/schemas/summary.ts';
import { ENGINES } from '../../fleet/engines/index.ts';
import { monotonicClock } from '../../fleet/local/shared.ts';
import type { Vanished } from '../../fleet/wire.ts';
import { VanishedEndWatch } from '../../memory/vanished-ends.ts';
import { assertWentThrough, connrig, HASTY, newFolder, readSamples } from '../support/connrig.ts';
import { type WatchedFleet, withFleet } from '../support/fleet.ts';
import { HOST, unusedPort } from '../support/peers.ts';

const TIMEOUT = { timeout: 300_000, skip: process.platform !== 'linux' ? 'needs netlink' : false };
const FAST = 1e6;
const LOOK_MS = 50;
/** What a notice time may be off, beside what the looks themselves say of their precision. */
const ALLOWED_MS = 200;

interface Dropped {
  readonly port: number;
  readonly way: string;
  readonly atMs: number;
}

/** See test/support/notice-process.ts. */
async function startServer(
  t: TestContext,
  everyMs: number,
  patienceMs: number,
  ways: string,
): Promise<{ port: number; child: ChildProcess }> {
  const entry = fileURLToPath(new URL('../support/notice-process.js', import.meta.url));
  const child = fork(entry, [String(everyMs), String(patienceMs), ways], { execArgv: [] });
  t.after(() => child.kill('SIGKILL'));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { port, child };
}

async function logOf(child: ChildProcess): Promise<Dropped[]> {
  child.send('report');
  const [{ log }] = (await once(child, 'message')) as [{ log: Dropped[] }];
  return log;
}

/** Has them vanish, and says which did. */
async function letVanish({ fleet, until }: WatchedFleet, level: number, share: number): Promise<readonly Vanished[]> {
  fleet.setTalking(true);
  await fleet.confirmed(fleet.beginEpisode());
  const wanted = level * share;
  await until(({ vanishing, vanished }) => vanishing === 0 && vanished === wanted, 'all are gone');
  await until(({ vanished }) => fleet.vanished().length === vanished, 'it is known which');
  return fleet.vanished();
}

/** Looks until so many are left. */
async function watch(ends: VanishedEndWatch, left: number, deadlineMs = 60_000): Promise<void> {
  const now = monotonicClock();
  const until = performance.now() + deadlineMs;
  while (ends.left > left) {
    await ends.look(now);
    assert.ok(performance.now() < until, `${ends.left} are left`);
    await delay(LOOK_MS);
  }
}

/** Both in order: which connection is which isn't told by the looks. */
function assertSame(ends: VanishedEndWatch, log: readonly Dropped[], vanished: readonly Vanished[]): void {
  const goneAtMs = new Map(vanished.map(({ ownPort, atMs }) => [ownPort, atMs]));
  const own = log
    .flatMap(({ port, atMs }) => (goneAtMs.has(port) ? [atMs - goneAtMs.get(port)!] : []))
    .sort((a, b) => a - b);
  const seen = [...ends.noticeMs()];
  assert.equal(seen.length, own.length);
  const off = seen.map((ms, i) => Math.abs(ms - own[i]!));
  const allowed = ALLOWED_MS + ends.precisionMs / 2;
  assert.ok(Math.max(...off) <= allowed, `${Math.max(...off)} ms off, with ${ends.precisionMs} ms between looks`);
}

describe('peers that vanished', () => {
  for (const engine of ENGINES) {
    it(`${engine}: 500 of 1,000 are let go of when the server says that it did`, TIMEOUT, async (t) => {
      const { port, child } = await startServer(t, 250, 1000, 'ping');
      const options = { behaviour: { kind: 'vanish', percent: 50 }, layout: { engine } } as const;
      await withFleet('ws', [{ ip: HOST, port }], options, async (watched) => {
        const { fleet, until, troubles } = watched;
        fleet.pursue(1000, FAST);
        await until(({ open }) => open === 1000, 'all are open');
        const vanished = await letVanish(watched, 1000, 0.5);
        const tally = watched.tally();
        assert.deepEqual([tally.open, tally.closed, tally.away, tally.opening], [500, 500, 500, 0]);
        const ends = new VanishedEndWatch(vanished, [port]);
        await watch(ends, 0);
        assertSame(ends, await logOf(child), vanished);
        assert.deepEqual(ends.notices(), { ping: 500, silence: 0, 'keep-alive': 0, retransmission: 0 });
        assert.equal(fleet.tally().open, 500, 'the others answered');
        fleet.pursue(1000, FAST);
        await until(({ open, vanished }) => open === 1000 && vanished === 0, 'the level is whole again');
        assert.equal(fleet.tally().attempts, 1500);
        assert.deepEqual(troubles, []);
      });
    });
  }

  it('are told apart by what made the server let go, and some are never', TIMEOUT, async (t) => {
    const { port, child } = await startServer(t, 300, 1200, 'ping,keep-alive,retransmission,told,never');
    const options = { behaviour: { kind: 'vanish', percent: 100 }, layout: { engine: 'epoll' } } as const;
    await withFleet('ws', [{ ip: HOST, port }], options, async (watched) => {
      const { fleet, until } = watched;
      fleet.pursue(100, FAST);
      await until(({ open }) => open === 100, 'all are open');
      const vanished = await letVanish(watched, 100, 1);
      const ends = new VanishedEndWatch(vanished, [port]);
      await watch(ends, 40);
      child.send({ drop: vanished.map(({ ownPort }) => ownPort) });
      await watch(ends, 20);
      assertSame(ends, await logOf(child), vanished);
      assert.deepEqual(ends.notices(), { ping: 20, silence: 20, 'keep-alive': 20, retransmission: 20 });
      assert.deepEqual([ends.left, ends.probed, ends.retransmitted], [20, 20, 40]);
      // Reset now: whoever still has them is told.
      fleet.pursue(0, FAST);
      await until((tally) => tally.open === 0 && tally.vanished === 0 && tally.closing === 0, 'the end');
      const told = async (): Promise<boolean> =>
        (await logOf(child)).filter(({ way }) => way === 'never').length === 20;
      while (!(await told())) await delay(LOOK_MS);
    });
  });
});

/** Closed when the top level was held. */
function closedBefore(folder: string): number {
  const hold = readSamples(folder).findLast((sample) => sample.type === 'memory' && sample.phase === 'hold');
  assert.ok(hold?.type === 'memory');
  return hold.progress.counts.closed;
}

describe('a run with vanished peers', () => {
  it('of a server that never notices: all are still held, and the level is whole again', TIMEOUT, async (t) => {
    const port = await unusedPort();
    const folder = newFolder(t);
    const entry = fileURLToPath(new URL('../support/notice-process.js', import.meta.url));
    const ended = await connrig(t, [
      ...['run', `ws://${HOST}:${port}`, '--command', `exec ${process.execPath} ${entry} 1000 1000 never ${port}`],
      ...['--levels', '50,100', '--behaviour', 'vanish:20%', '--vanish-for', '1s', ...HASTY, '--out', folder],
    ]);
    assertWentThrough(ended);
    const { legs } = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
    const { vanish, losses } = legs[0]!;
    const { vanished, noticed, stillHeld, noticeP50Ms, seenBy } = vanish!;
    assert.deepEqual([vanished, noticed, stillHeld, noticeP50Ms, seenBy], [20, 0, 20, null, 'sockets']);
    assert.equal(losses, null, 'they are no losses');
    assert.match(ended.stdout, /all of 20 peers that vanished were still held after 1/);
    const episode = readSamples(folder).find((sample) => sample.type === 'vanish');
    const { counts } = episode!.progress;
    assert.deepEqual([counts.open, counts.closed - closedBefore(folder)], [100, 20]);
  });
});
