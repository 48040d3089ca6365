/** What queries about connections coming, talking and going must answer, by the run's own folder. */
import assert from 'node:assert/strict';
import type { LATENCY, LIFECYCLE } from '../../dashboards/grafana/queries/run.ts';
import { assertAll, assertNear, most, only, summed, total, valuesOf } from './answers.ts';
import { type Check, type ChecksOf, type Facts, findLegProgress, legOf, phasesOf, ticksOf } from './facts.ts';
import { assertBurst, eachLeg, listLegProtocols, openMs, pointsOf, RATES, whenThey } from './per-leg.ts';

export const LIFECYCLE_CHECKS: ChecksOf<typeof LIFECYCLE> = {
  phases: (answer, facts) => {
    // What was scraped twice can't be missed, and nothing else is there. An answer that counts came within a second.
    const long = phasesOf(facts).filter(
      ({ from, to }) => facts.scrapedAt.filter((at) => at > from + 0.05 && at < to - 1).length >= 2,
    );
    for (const { protocol, phase } of long) assertAll([only(answer, { protocol, phase })], (on) => on === 1, phase);
    const walked = new Set(phasesOf(facts).map(({ protocol, phase }) => `${protocol} ${phase}`));
    for (const { labels } of answer) assert.ok(walked.has(`${labels['protocol']} ${labels['phase']}`));
  },
  target: eachLeg((series, { planned, levels }) => {
    assert.equal(most(series), planned);
    assert.ok(levels.some(({ open }) => open < planned && valuesOf(series).includes(open)));
  }),
  open: eachLeg((series, { peakOpen }) => assert.equal(most(series), peakOpen)),
  opening: eachLeg((series, _, { run }) => {
    const { window = 512 } = run.config as { window?: number };
    assertAll([series], (opening) => opening >= 0 && opening <= window, 'opening');
  }),
  attempts: eachLeg((series, { attempts }) => assertNear(total(series), attempts, RATES, 'attempts')),
  outcomes: (answer, facts) => {
    for (const protocol of listLegProtocols(facts)) {
      const { outcomes } = legOf(facts, protocol);
      for (const [outcome, count] of Object.entries(outcomes)) {
        const own = answer.filter(({ labels }) => labels['protocol'] === protocol && labels['outcome'] === outcome);
        assertNear(own[0] ? total(own[0]) : 0, count, RATES, outcome);
      }
    }
  },
  closed: (answer, facts) => {
    for (const protocol of listLegProtocols(facts)) {
      const { closeReasons } = findLegProgress(facts, protocol);
      for (const [reason, count] of Object.entries(closeReasons)) {
        const own = answer.filter(({ labels }) => labels['protocol'] === protocol && labels['reason'] === reason);
        if (own[0]) assertBurst(own[0], count, reason);
        else assert.equal(count, 0, reason);
      }
    }
  },
  // An upgrade is answered with at least as many bytes, and asked for with more.
  received: eachLeg((series, { protocol, attempts }) =>
    assert.ok(protocol === 'tcp' || total(series) > 100 * attempts),
  ),
  sent: eachLeg((series, { protocol, attempts }) => assert.ok(protocol === 'tcp' || total(series) > 100 * attempts)),
};

/** Buckets add up, and the last one is of all. */
export const bucketsOf =
  (wanted: (facts: Facts) => number): Check =>
  (answer, facts) => {
    const byBound = answer
      .map((series) => [Number(series.labels['le']!.replace('+Inf', 'Infinity')), series] as const)
      .sort(([a], [b]) => a - b);
    assert.ok(byBound.length >= 9);
    for (const [i, [, series]] of byBound.entries()) {
      if (i > 0) assert.ok(total(series) >= total(byBound[i - 1]![1]) - 1e-6, 'a bucket holds the smaller ones');
    }
    // An increase over four seconds, taken each second, counts all four times.
    assertNear(total(byBound.at(-1)![1]) / 4, wanted(facts), RATES, 'in all buckets');
  };

const opened = ({ summary }: Facts): number => summary.legs.reduce((sum, { outcomes }) => sum + outcomes.open, 0);

export const inSeconds: Check = (answer) => {
  assertAll(answer, (seconds) => Number.isNaN(seconds) || (seconds >= 0 && seconds < 66), 'seconds');
  assert.ok(answer.some((series) => valuesOf(series).some((seconds) => seconds > 0)));
};

const talked = (facts: Facts): number => pointsOf(facts).reduce((sum, { talk }) => sum + (talk?.messages ?? 0), 0);

export const LATENCY_CHECKS: ChecksOf<typeof LATENCY> = {
  open: bucketsOf(opened),
  openMedian: inSeconds,
  openTail: eachLeg((series, { protocol }, facts) => {
    const medianMs = openMs(facts, protocol, 0.5);
    const quantiles = valuesOf(series).filter((seconds) => !Number.isNaN(seconds));
    // Moments that no scrape saw in time are not among these.
    assert.ok(Math.max(...quantiles) * 1000 >= medianMs / 2.02, `${quantiles} s, half of all below ${medianMs} ms`);
  }),
  // Messages go on from one level to the next; those of the talk phases are what the record has.
  roundTrip: whenThey('echo', (answer, facts) => {
    const all = answer.find(({ labels }) => labels['le'] === '+Inf');
    assert.ok(all && total(all) / 4 >= 0.8 * talked(facts));
  }),
  roundTripMedian: whenThey('echo', inSeconds),
  roundTripTail: whenThey('echo', inSeconds),
  messages: whenThey('echo', (answer, facts) => assert.ok(total(summed(answer)) >= 0.8 * talked(facts))),
  replies: whenThey('echo', (answer, facts) => {
    for (const fate of ['in-time', 'late', 'lost']) assert.ok(answer.some(({ labels }) => labels['fate'] === fate));
    assert.ok(total(summed(answer)) >= 0.8 * talked(facts));
  }),
  fromOthers: whenThey('echo', (answer) => assertAll(answer, (perSecond) => perSecond === 0, 'from others')),
  responses: whenThey('request', (answer, facts) => assert.ok(total(summed(answer)) >= 0.8 * talked(facts))),
  heartbeats: whenThey('heartbeat', (answer, facts) => {
    const { everyMs } = facts.run.config['behaviour'] as { everyMs: number };
    for (const protocol of listLegProtocols(facts)) {
      const ticks = ticksOf(facts).filter((tick) => tick.protocol === protocol);
      const heldMs = ticks.reduce((sum, { counts, elapsedMs }, i) => {
        return sum + counts.open * ((ticks[i + 1]?.elapsedMs ?? elapsedMs) - elapsedMs);
      }, 0);
      assertNear(total(only(answer, { protocol })), heldMs / everyMs, 0.4, `heartbeats of ${protocol}`);
    }
  }),
};
