/** Machines of a fleet that go, at every moment of a run: each host is a network namespace of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertWentThrough, phaseOf } from '../support/connrig.ts';
import { ELSEWHERE } from '../support/elsewhere.ts';
import {
  endAll,
  FLEET_WINDOW,
  levelsHeld,
  moves,
  SHORT_LOCK,
  signalAll,
  startFleetOfHosts,
} from '../support/fleet-of-hosts.ts';
import { needs } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const OPTIONS = { timeout: 300_000, skip: ELSEWHERE.skip || needs('ip', 'redis-server') };
const NAMES = ['one', 'two', 'three', 'four', 'five'] as const;

test(
  'workers are killed in a ramp, in a hold and as it drains: others have their shares, and levels count',
  OPTIONS,
  async (t) => {
    const fleet = await startFleetOfHosts(t, { workers: NAMES, lock: SHORT_LOCK });
    const { workers, target, startRun } = fleet;
    const left = new Set<(typeof NAMES)[number]>(NAMES);
    /** One that holds a share and whose name comes first. */
    const kill = (): string => {
      const held = target.held();
      const victim = [...left].find((name) => (held[fleet.hosts[name].ip] ?? 0) > 0)!;
      left.delete(victim);
      signalAll(workers[victim], 'SIGKILL');
      return victim;
    };
    const { run, folder } = startRun([
      ...['--fleet-workers', '2', '--connections', '400', '--levels', '2', '--rate', '40/s', '--rest', '3s'],
    ]);
    const killed: string[] = [];
    await eventually(() => target.count() > 60, 'the first ramp', 60_000);
    killed.push(kill());
    await phaseOf(run, folder, 'settle', 400);
    killed.push(kill());
    await phaseOf(run, folder, 'drain');
    killed.push([...left].find((name) => /holds share/.test(workers[name].stderr()))!);
    left.delete(killed[2] as 'one');
    signalAll(workers[killed[2] as 'one'], 'SIGKILL');
    const ended = await run.ended;
    assertWentThrough(ended);
    assert.deepEqual(levelsHeld(folder), [200, 400]);
    const from = moves(folder).map((move) => move.split(' > ')[0]);
    assert.deepEqual(from, killed, 'the record has who was lost');
    assert.ok(target.most() <= 400 + FLEET_WINDOW);
    await endAll(
      fleet,
      [...left].map((name) => workers[name]),
    );
  },
);
