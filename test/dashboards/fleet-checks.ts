/** What queries about the workers of a fleet must answer, by the run's own folder. */
import assert from 'node:assert/strict';
import type { ShareState } from '../../core/schemas/share-state.ts';
import type { FLEET } from '../../dashboards/grafana/queries/fleet.ts';
import { assertAll, assertNear, lastOf, most, only, total } from './answers.ts';
import { type Check, type ChecksOf, type Facts, ticksOf } from './facts.ts';

/** Alerts that look at nothing else. */
export const OF_FLEET: ReadonlySet<string> = new Set(['ConnrigSharesNotHeld']);

/** Rates over so long, since a busy machine misses scrapes. */
export const FLEET_RATES_OVER_SECONDS = 12;

const statesOf = (facts: Facts): ShareState[] => ticksOf(facts).flatMap(({ shares = [] }) => shares);
const workersOf = (facts: Facts): string[] => [...new Set(statesOf(facts).map(({ worker }) => worker))].sort();

/** For each worker, with what is known of it. */
const eachWorker =
  (check: (series: Parameters<typeof most>[0], states: readonly ShareState[], facts: Facts) => void): Check =>
  (answer, facts) => {
    assert.deepEqual(answer.map(({ labels }) => labels['worker']).toSorted(), workersOf(facts));
    for (const worker of workersOf(facts)) {
      const states = statesOf(facts).filter((state) => state.worker === worker);
      check(only(answer, { worker }), states, facts);
    }
  };

const mostOf = (states: readonly ShareState[], of: (state: ShareState) => number): number =>
  Math.max(...states.map(of));

const notNegative: Check = (answer) => assertAll(answer, (value) => value >= 0, 'at least 0');

export const FLEET_CHECKS: ChecksOf<typeof FLEET> = {
  shares: (answer) => {
    assert.equal(most(only(answer, { lease: 'held' })), 2);
    assert.equal(most(only(answer, { lease: 'unheard' })), 1);
  },
  moves: (answer) => assert.equal(lastOf(only(answer)), 1),
  open: eachWorker((series, states) =>
    assert.equal(
      most(series),
      mostOf(states, ({ open }) => open),
    ),
  ),
  // What a worker opened before its first scrape is in no rate.
  opened: (answer) => {
    assertAll(answer, (perSecond) => perSecond >= 0, 'opened');
    assert.ok(answer.some((series) => total(series) > 0));
  },
  // A scrape between two ticks may have seen more than both.
  lateness: eachWorker((series, states) => {
    const seconds = most(series);
    const told = mostOf(states, ({ latenessMs }) => latenessMs ?? 0) / 1000;
    assert.ok(seconds >= 0 && seconds <= 10 * told + 1, `${seconds} s late, ${told} s told`);
  }),
  cpu: eachWorker((series, states) => {
    assert.ok(total(series) > 0 && total(series) < 3 * mostOf(states, ({ cpuSeconds }) => cpuSeconds) + 1);
  }),
  memory: eachWorker((series, states) =>
    assertNear(
      most(series),
      mostOf(states, ({ rssBytes }) => rssBytes),
      0.3,
      'resident',
    ),
  ),
  unheard: (answer) => {
    assertAll(answer, (seconds) => seconds >= 0 && seconds < 300, 'unheard');
    assert.ok(
      answer.some((series) => most(series) > 5),
      'the one that was lost',
    );
  },
  // All are on one machine, whose clock is that of Redis.
  clockOffset: (answer) => assertAll(answer, (seconds) => Math.abs(seconds) < 0.5, 'offset'),
  clockSpread: notNegative,
};
