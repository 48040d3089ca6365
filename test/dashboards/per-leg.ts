/** Ways in which checks of a run's queries go by its legs, and by what its connections do. */
import assert from 'node:assert/strict';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint } from '../../core/schemas/record.ts';
import { quantileMs } from '../../core/stats/histogram.ts';
import type { Series } from '../support/prometheus.ts';
import { assertAll, assertNear, lastOf, only, total } from './answers.ts';
import { type Check, type Facts, findLegProgress } from './facts.ts';

export const listLegNames = ({ summary }: Facts): string[] => summary.legs.map(({ name }) => name);

export const eachLeg =
  (check: (series: Series, leg: Facts['summary']['legs'][number], facts: Facts) => void): Check =>
  (answer, facts) => {
    for (const leg of facts.summary.legs) check(only(answer, { leg: leg.name }), leg, facts);
  };

/** One value for each leg. */
export const ofLeg = (wanted: (leg: Facts['summary']['legs'][number], facts: Facts) => number, share = 1e-6): Check =>
  eachLeg((series, leg, facts) => assertNear(lastOf(series), wanted(leg, facts), share, leg.name));

/** The same of costs: an inconclusive leg has none. */
export const eachCost =
  (check: (own: readonly Series[], cost: NonNullable<LegSummary['perConnection']>) => void): Check =>
  (answer, facts) => {
    for (const { name, perConnection, inconclusive } of facts.summary.legs) {
      const own = answer.filter(({ labels }) => labels['leg'] === name);
      if (inconclusive) assert.deepEqual(own, [], `${name} is inconclusive`);
      else check(own, perConnection!);
    }
  };

const behaviourOf = ({ run }: Facts): unknown => (run.config['behaviour'] as { kind: string }).kind;

/** Rates are estimates, more so where a scrape was missed; what came before the first or after the last isn't in them. */
export const RATES = 0.4;

/**
 * What comes all at once is one step between two scrapes, and a rate stretches it over its whole window: by twice, at
 * most, where scrapes are late.
 */
export function assertBurst(rates: Series, wanted: number, what: string): void {
  const sum = total(rates);
  assert.ok(sum >= wanted * (1 - RATES) && sum <= wanted * 2, `${what}: ${sum}, not ${wanted} to twice that`);
}

/** Rates may still have the end of another run at the same address in them. */
const nothing: Check = (answer) =>
  assertAll([{ labels: {}, points: [] }, ...answer], (value) => Number.isNaN(value) || value === 0, 'nothing');

/** Nothing where connections don't do that. */
export const whenThey =
  (behaviour: 'echo' | 'heartbeat' | 'request' | 'poll', check: Check): Check =>
  (answer, facts) =>
    (behaviourOf(facts) === behaviour ? check : nothing)(answer, facts);

/** Nothing where no leg has event streams. */
export const ofEvents =
  (check: Check): Check =>
  (answer, facts) =>
    (facts.run.plan.legs.some(({ protocol }) => protocol === 'sse') ? check : nothing)(answer, facts);

/** All that were opened; the summary leaves out what came at once, in the burst. */
export const openMs = (facts: Facts, leg: string, q: number): number =>
  quantileMs(findLegProgress(facts, leg).openPlanned, q)!;

export const pointsOf = ({ samples }: Facts): MemoryPoint[] => samples.filter((sample) => sample.type === 'memory');

export const lastPoint = (facts: Facts): MemoryPoint => pointsOf(facts).at(-1)!;
