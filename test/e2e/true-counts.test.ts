/** What a run says is open is open: the kernel's own list and the server's census say the same, at every level. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { hasProgress, type Sample } from '../../core/schemas/record.ts';
import {
  assertWentThrough,
  HASTY,
  newFolder,
  type PhaseEvent,
  readEvents,
  readRunJson,
  readSamples,
  reportOn,
  type Started,
  startConnrig,
} from '../support/connrig.ts';
import { startServe } from '../support/serve-process.ts';
import { peersOf } from '../support/tcp-table.ts';

const TIMEOUT = { timeout: 480_000 };
/** For how long each level is there to be looked at. */
const REST = '1s';
const PATIENT = { deadlineMs: 400_000 };

describe('during each hold the kernel and the server count as many as the level', () => {
  it('at 500 to 2,000 connections to our own server, tcp and ws', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const levels = [500, 2000];
    const run = startConnrig(t, ['run', '--levels', levels.join(), '--rest', REST, ...HASTY, '--out', folder], PATIENT);
    const counts = await countFromOutside(run, folder, () => ({
      open: peersOf(portsOf(readRunJson(folder).target.urls.at(-1))).length,
    }));
    assertWentThrough(await run.ended);
    const { legs, warnings } = await reportOn(t, folder);
    assert.deepEqual(
      warnings.filter((text) => text.includes('established')),
      [],
    );
    assert.deepEqual(
      legs.map(({ protocol }) => protocol),
      ['tcp', 'ws'],
    );
    for (const [index, leg] of legs.entries()) {
      assert.deepEqual(
        leg.levels.map(({ open }) => open),
        levels,
      );
      for (const { open, established, censusOpen } of leg.levels) {
        assert.deepEqual({ open, established, censusOpen }, { open, established: open, censusOpen: open });
      }
      assertSeen(counts, index, levels);
      assert.equal(leg.peakOpen, 2000);
    }
    // The warm-up tries what the target bears: its times are no part of the leg.
    assertAddsUp(readSamples(folder), legs, 'without the warm-up');
  });

  it('from two workers and two source addresses to a server of two processes', TIMEOUT, async (t) => {
    const server = await startServe(['--processes', '2']);
    t.after(() => server.stop());
    const folder = newFolder(t);
    const levels = [200, 600];
    const run = startConnrig(
      t,
      [
        ...['run', ...server.ready.urls, '--pid', String(server.ready.pid), '--levels', levels.join()],
        ...['--workers', '2', '--source', '127.0.0.2,127.0.0.3', '--out', folder],
        ...['--engine', 'node', '--rest', REST, ...HASTY],
      ],
      PATIENT,
    );
    const protocols = server.ready.urls.map((url) => url.split(':')[0]);
    const counts = await countFromOutside(run, folder, async ({ protocol }) => {
      const ports = portsOf(server.ready.urls.find((url) => url.startsWith(protocol)));
      assert.equal(ports.length, 2);
      const perPort = ports.map((port) => peersOf([port]));
      const { census } = await server.memory();
      const from = (ip: string): number => perPort.flat().filter((peer) => peer === ip).length;
      return {
        open: perPort.flat().length,
        census: census[protocol].open,
        ports: perPort.map((peers) => peers.length),
        sources: [from('127.0.0.2'), from('127.0.0.3')],
      };
    });
    assertWentThrough(await run.ended);
    const { legs, target } = await reportOn(t, folder);
    assert.equal(target.kind, 'pid');
    assert.deepEqual(
      legs.map(({ protocol }) => protocol),
      protocols,
    );
    for (const [index, leg] of legs.entries()) {
      assert.deepEqual(
        leg.levels.map(({ open, established }) => [open, established]),
        levels.map((n) => [n, n]),
      );
      assert.ok(
        leg.levels.every(({ bytes }) => (bytes.user ?? 0) > 0),
        'the process that was named is measured',
      );
      assertSeen(counts, index, levels);
    }
    for (const { level, census, ports, sources } of counts) {
      assert.equal(census, level);
      // In turn, so that neither port nor address gets more than the other, but for what a warm-up left uneven.
      for (const share of [...ports, ...sources]) assert.ok(Math.abs(share - level / 2) <= 4, `${ports} ${sources}`);
    }
    assertAddsUp(readSamples(folder), legs, 'all');
  });
});

type Outside<T> = T & { readonly leg: number; readonly level: number };

/**
 * Looks from outside once at each level while the run holds it. Looking takes long where a machine is busy: the client is stopped
 * meanwhile, and what was seen counts only if it was still at that level then.
 */
async function countFromOutside<T extends { open: number }>(
  run: Started,
  folder: string,
  look: (phase: PhaseEvent) => T | Promise<T>,
): Promise<Array<Outside<T>>> {
  const seen: Array<Outside<T>> = [];
  const phaseNow = (): PhaseEvent | undefined => readEvents(folder).findLast((event) => event.type === 'phase');
  const isToBeSeen = ({ phase, leg, level }: PhaseEvent): boolean =>
    phase === 'settle' && !seen.some((count) => count.leg === leg && count.level === level);
  while (run.child.exitCode === null) {
    const phase = phaseNow();
    if (phase && isToBeSeen(phase)) {
      run.child.kill('SIGSTOP');
      if (phaseNow()?.elapsedMs === phase.elapsedMs) {
        seen.push({ ...(await look(phase)), leg: phase.leg, level: phase.level });
      }
      run.child.kill('SIGCONT');
    }
    await delay(50);
  }
  return seen;
}

function assertSeen(counts: ReadonlyArray<Outside<{ open: number }>>, leg: number, levels: readonly number[]): void {
  const own = counts.filter((count) => count.leg === leg);
  for (const { open, level } of own) assert.equal(open, level, `leg ${leg}`);
  assert.deepEqual([...new Set(own.map(({ level }) => level))], levels, 'each level was looked at');
}

/** At every sample, whatever the phase; and each attempt ended in exactly one outcome. */
function assertAddsUp(
  samples: readonly Sample[],
  legs: readonly LegSummary[],
  timed: 'all' | 'without the warm-up',
): void {
  const sum = (counts: object): number => Object.values(counts).reduce((total: number, one: number) => total + one, 0);
  for (const sample of samples) {
    if (sample.type !== 'tick' && !hasProgress(sample)) continue;
    const { counts, outcomes } = sample.type === 'tick' ? sample : sample.progress;
    const { attempts, opening, open, failed, closed } = counts;
    assert.equal(attempts, opening + open + failed + closed, JSON.stringify(counts));
    assert.equal(sum(outcomes), attempts - opening, JSON.stringify({ counts, outcomes }));
    assert.equal(outcomes.open, open + closed);
  }
  const ends = samples.filter((sample) => sample.type === 'leg-end');
  assert.equal(ends.length, legs.length);
  for (const [index, { progress }] of ends.entries()) {
    const { attempts, opening, open } = progress.counts;
    assert.deepEqual({ opening, open }, { opening: 0, open: 0 });
    assert.equal(sum(progress.outcomes), attempts);
    assert.equal(legs[index]?.attempts, attempts);
    assert.deepEqual(legs[index]?.outcomes, progress.outcomes);
    const opened = progress.openPlanned.reduce((total, [, count]) => total + count, 0);
    const baseline = samples.find(
      (sample) => sample.type === 'memory' && sample.phase === 'baseline' && sample.leg === index,
    );
    const warmedUp = baseline && hasProgress(baseline) ? baseline.progress.outcomes.open : Number.NaN;
    assert.ok(warmedUp > 0);
    const untimed = timed === 'all' ? 0 : warmedUp;
    assert.equal(opened, progress.outcomes.open - untimed, 'the time of each opening is in the histogram');
  }
}

/** `ws://127.0.0.1:9001-9002` → 9001, 9002. */
function portsOf(url: string | undefined): number[] {
  const [, first = '', last = first] = /:(\d+)(?:-(\d+))?$/.exec(url ?? '') ?? [];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
}
