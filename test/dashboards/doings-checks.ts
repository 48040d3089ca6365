/** What queries about that which befalls connections must answer, by the run's own folder. */
import assert from 'node:assert/strict';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Sample } from '../../core/schemas/record.ts';
import type { FAN_OUT, SLOW_READERS, STORMS, TURNOVER, VANISHED } from '../../dashboards/grafana/queries/doings.ts';
import type { Series } from '../support/prometheus.ts';
import { assertAll, assertNear, lastOf, most, only, total, valuesOf } from './answers.ts';
import type { Check, ChecksOf, Facts } from './facts.ts';

/** Alerts that look at nothing else. */
export const OF_DOINGS: ReadonlySet<string> = new Set([
  'ConnrigDeliveriesMissing',
  'ConnrigVanishedPeersHeld',
  'ConnrigStormAway',
  'ConnrigStormNotBack',
  'ConnrigSlowQueuesGrow',
  'ConnrigMemoryLeak',
  'ConnrigReplacementsBehind',
]);

type Kind = 'storm' | 'slow' | 'churn' | 'vanish' | 'broadcast';

/** What a run of one leg came to. */
export function cameOf<K extends Kind>({ summary }: Pick<Facts, 'summary'>, kind: K): NonNullable<LegSummary[K]> {
  const came = summary.legs[0]![kind];
  assert.ok(came, `a summary of ${kind}`);
  return came;
}

/** Far longer than the second between scrapes, of which a busy machine misses some; what is looked for lasts about as long. */
export const RATES_OVER_SECONDS = 12;

/** The only sample of its kind. */
export function sampleOf<K extends Sample['type']>(
  { samples }: Pick<Facts, 'samples'>,
  type: K,
): Extract<Sample, { type: K }> {
  const own = samples.filter((sample): sample is Extract<Sample, { type: K }> => sample.type === type);
  assert.equal(own.length, 1, type);
  return own[0]!;
}

/** The last value of the only series, or of the one with a label. */
const ends =
  (wanted: (facts: Facts) => number | null, labels: Readonly<Record<string, string>> = {}): Check =>
  (answer, facts) => {
    const value = wanted(facts);
    if (value === null) assert.deepEqual(answer, []);
    else assertNear(lastOf(only(answer, labels)), value, 1e-9, JSON.stringify(labels));
  };

const each =
  (wanted: (facts: Facts) => Readonly<Record<string, number | null>>, label: string): Check =>
  (answer, facts) => {
    const values = Object.entries(wanted(facts)).filter(([, value]) => value !== null);
    assert.equal(answer.length, values.length);
    for (const [name, value] of values) {
      assertNear(lastOf(only(answer, { [label]: name })), value!, 1e-9, name);
    }
  };

/** A quantile by buckets, at the moment when it was the largest: no less than that of all, to the width of a bucket. */
const reaches =
  (wantedMs: (facts: Facts) => number | null): Check =>
  (answer, facts) => {
    const known = valuesOf(only(answer)).filter((seconds) => !Number.isNaN(seconds));
    const most = Math.max(...known);
    const wanted = wantedMs(facts)! / 1000;
    assert.ok(Number.isFinite(most) && most >= wanted / 2.02, `${most} s, not as much as ${wanted} s`);
  };

/** A rate of what came all at once, or of which scrapes missed a part: so much of it, roughly. */
function assertRoughly(rates: Series, wanted: number, what: string): void {
  const sum = total(rates);
  assert.ok(sum >= 0.1 * wanted && sum <= 3 * wanted, `${what}: ${sum}, for ${wanted}`);
}

const notNegative: Check = (answer) => assertAll(answer, (value) => value >= 0, 'at least 0');

export const STORM_CHECKS: ChecksOf<typeof STORMS> = {
  away: (answer, facts) => {
    const series = only(answer);
    assert.deepEqual([most(series), lastOf(series)], [cameOf(facts, 'storm').cut, 0]);
  },
  notBack: ends((facts) => cameOf(facts, 'storm').notBack),
  cut: (answer, facts) => assertRoughly(only(answer), cameOf(facts, 'storm').cut, 'cut'),
  back: (answer, facts) => assertRoughly(only(answer), cameOf(facts, 'storm').back, 'back'),
  retries: notNegative,
  heldBack: notNegative,
  times: (answer, facts) => {
    // An increase over so many seconds, taken each second, counts all so often.
    assertRoughly(only(answer, { le: '+Inf' }), RATES_OVER_SECONDS * cameOf(facts, 'storm').back, 'in all buckets');
  },
  backMedian: reaches((facts) => cameOf(facts, 'storm').backP50Ms),
  backTail: reaches((facts) => cameOf(facts, 'storm').backP99Ms),
  admissionMedian: reaches((facts) => cameOf(facts, 'storm').admissionP50Ms),
  admissionTail: reaches((facts) => cameOf(facts, 'storm').admissionP99Ms),
  allBack: ends((facts) => cameOf(facts, 'storm').allBackMs! / 1000),
  peak: ends((facts) => sampleOf(facts, 'storm').peakBytes! - sampleOf(facts, 'storm').beforeBytes!),
  after: ends((facts) => sampleOf(facts, 'storm').afterBytes! - sampleOf(facts, 'storm').beforeBytes!),
};

/** What was told is what was written down, until they read on. */
const isSeen =
  (which: 'target' | 'client', eachOf = 1): Check =>
  (answer, facts) => {
    const { moments } = sampleOf(facts, 'slow');
    const seen = moments.map(({ queuedBytes }) => queuedBytes![which] / eachOf);
    const values = valuesOf(only(answer, { end: which }));
    const matched = values.filter((value) => seen.some((one) => Math.abs(one - value) < 1e-6));
    assert.ok(matched.length > 0, `${values}, not of ${seen}`);
  };

const both =
  (check: (which: 'target' | 'client', facts: Facts) => Check): Check =>
  (answer, facts) => {
    for (const which of ['target', 'client'] as const) check(which, facts)(answer, facts);
  };

export const SLOW_CHECKS: ChecksOf<typeof SLOW_READERS> = {
  connections: (answer, facts) => assert.equal(most(only(answer)), cameOf(facts, 'slow').slow),
  closed: (answer) => assert.deepEqual(answer, []),
  queued: both((which) => isSeen(which)),
  allocated: both((which) => (answer) => assert.ok(most(only(answer, { end: which })) >= 0)),
  queuedEach: both((which, facts) => isSeen(which, cameOf(facts, 'slow').slow)),
  allocatedEach: (answer) => assert.ok(most(only(answer, { end: 'client' })) > 0),
  heldBack: notNegative,
  cost: each((facts) => {
    const { userBytesPerSlow, queuedBytesPerSlow, allocatedBytesPerSlow } = cameOf(facts, 'slow');
    return {
      user: userBytesPerSlow,
      'queued-at-target': queuedBytesPerSlow.target,
      'queued-at-client': queuedBytesPerSlow.client,
      'allocated-at-target': allocatedBytesPerSlow.target,
      'allocated-at-client': allocatedBytesPerSlow.client,
    };
  }, 'part'),
  peak: ends((facts) => cameOf(facts, 'slow').peakUserBytes! - sampleOf(facts, 'slow').userBytesAtRest!),
};

const boundsOf = (estimate: { bytes: number; low: number; high: number } | null) => ({
  estimate: estimate!.bytes,
  low: estimate!.low,
  high: estimate!.high,
});

export const CHURN_CHECKS: ChecksOf<typeof TURNOVER> = {
  replaced: (answer, facts) => assert.ok(total(only(answer)) >= 0.1 * cameOf(facts, 'churn').replaced),
  behind: notNegative,
  perHour: each((facts) => boundsOf(cameOf(facts, 'churn').driftPerHour), 'bound'),
  perReplacement: each((facts) => boundsOf(cameOf(facts, 'churn').driftPerTurnover), 'bound'),
  leak: (answer, facts) => {
    const { driftPerHour, driftPerTurnover, isLevellingOff, hasGarbage } = cameOf(facts, 'churn');
    const isLeak = Math.max(driftPerHour!.low, driftPerTurnover!.low) > 0 && !isLevellingOff && !hasGarbage;
    // It may have looked like one before all readings were there.
    if (isLeak) assert.equal(lastOf(only(answer)), 1);
  },
};

const toSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

export const VANISHED_CHECKS: ChecksOf<typeof VANISHED> = {
  connections: (answer, facts) => {
    const { vanished, noticed } = cameOf(facts, 'vanish');
    const [held, letGo] = ['held', 'let-go'].map((fate) => only(answer, { fate }));
    assert.equal(most(held!), vanished);
    assert.ok(most(letGo!) <= noticed && lastOf(held!) >= vanished - noticed);
  },
  notice: each((facts) => {
    const { noticeP50Ms, noticeP99Ms, noticeAllMs } = cameOf(facts, 'vanish');
    return { p50: toSeconds(noticeP50Ms), p99: toSeconds(noticeP99Ms), all: toSeconds(noticeAllMs) };
  }, 'share'),
  stillHeld: ends((facts) => cameOf(facts, 'vanish').stillHeld),
  notices: each((facts) => cameOf(facts, 'vanish').notices!, 'by'),
  unacked: ends((facts) => cameOf(facts, 'vanish').most.unackedBytes),
  peak: ends((facts) => cameOf(facts, 'vanish').most.userBytes! - cameOf(facts, 'vanish').before.userBytes!),
};

export const FAN_OUT_CHECKS: ChecksOf<typeof FAN_OUT> = {
  median: reaches((facts) => cameOf(facts, 'broadcast').deliveryP50Ms),
  tail: reaches((facts) => cameOf(facts, 'broadcast').deliveryP50Ms),
  deliveries: (answer, facts) => {
    const { reached } = cameOf(facts, 'broadcast');
    assert.ok(total(only(answer, { fate: 'in-time' })) >= 0.1 * reached);
    assert.equal(total(only(answer, { fate: 'duplicate' })), 0);
  },
  awaited: ends((facts) => cameOf(facts, 'broadcast').missing),
  amplification: ends((facts) => cameOf(facts, 'broadcast').memory!.amplification),
  peak: ends((facts) => {
    const { peakBytes, restBytes } = sampleOf(facts, 'broadcast').memory!;
    return peakBytes - restBytes;
  }),
};
