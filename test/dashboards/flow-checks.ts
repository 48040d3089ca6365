/** What queries about connections coming, talking and going must answer, by the run's own folder. */
import assert from 'node:assert/strict';
import { type ReceivedRate, STAGES } from '../../core/schemas/leg-summary.ts';
import type { LATENCY, LIFECYCLE } from '../../dashboards/grafana/queries/run.ts';
import { assertAll, assertNear, most, only, summed, total, valuesOf } from './answers.ts';
import { type Check, type ChecksOf, type Facts, findLegProgress, phasesOf, ticksOf } from './facts.ts';
import { assertBurst, eachLeg, listLegNames, ofEvents, openMs, pointsOf, RATES, whenThey } from './per-leg.ts';

export const LIFECYCLE_CHECKS: ChecksOf<typeof LIFECYCLE> = {
  phases: (answer, facts) => {
    // What was scraped twice can't be missed, and nothing else is there. An answer that counts came within a second.
    const long = phasesOf(facts).filter(
      ({ from, to }) => facts.scrapedAt.filter((at) => at > from + 0.05 && at < to - 1).length >= 2,
    );
    for (const { leg, phase } of long) assertAll([only(answer, { leg, phase })], (on) => on === 1, phase);
    const walked = new Set(phasesOf(facts).map(({ leg, phase }) => `${leg} ${phase}`));
    for (const { labels } of answer) assert.ok(walked.has(`${labels['leg']} ${labels['phase']}`));
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
    for (const { name, outcomes } of facts.summary.legs) {
      for (const [outcome, count] of Object.entries(outcomes)) {
        const own = answer.filter(({ labels }) => labels['leg'] === name && labels['outcome'] === outcome);
        assertNear(own[0] ? total(own[0]) : 0, count, RATES, outcome);
      }
    }
  },
  closed: (answer, facts) => {
    for (const name of listLegNames(facts)) {
      const { closeReasons } = findLegProgress(facts, name);
      for (const [reason, count] of Object.entries(closeReasons)) {
        const own = answer.filter(({ labels }) => labels['leg'] === name && labels['reason'] === reason);
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
  // With the server's certificate, and ours to the last byte of the handshake.
  wireReceived: eachLeg((series, { name, transport, attempts }, facts) => {
    const { wireIn } = findLegProgress(facts, name).bytes!;
    assertNear(total(series), wireIn, WIRE, 'received on the wire');
    assert.equal(wireIn > 600 * attempts, transport === 'tls');
  }),
  wireSent: eachLeg((series, { name, transport, attempts }, facts) => {
    const { wireOut } = findLegProgress(facts, name).bytes!;
    assertNear(total(series), wireOut, WIRE, 'sent on the wire');
    assert.equal(wireOut > 350 * attempts, transport === 'tls');
  }),
  messagesEach: eachReceives('messagesPerSecond'),
  payloadEach: eachReceives('bytesPerSecond'),
  handshakes: (answer, facts) => {
    const secured = facts.summary.legs.filter(({ transport }) => transport === 'tls');
    for (const { name, tls } of secured) {
      assertNear(total(only(answer, { leg: name, kind: 'full' })), tls!.secured, RATES, 'full handshakes');
      assert.equal(total(only(answer, { leg: name, kind: 'resumed' })), 0);
    }
  },
};

/** Half as many as while levels were held, at the most of what scrapes saw; tcp has no messages. */
function eachReceives(what: keyof ReceivedRate): Check {
  return (answer, { summary }) => {
    for (const { name, received } of summary.legs) {
      const own = answer.filter(({ labels }) => labels['leg'] === name);
      const each = received!.each![what];
      assert.equal(own.length > 0, each !== null, name);
      if (each !== null) assert.ok(most(own[0]!) >= 0.5 * each, `${most(own[0]!)} of ${each} by each of ${name}`);
    }
  };
}

/** What came of the warm-up before the first scrape isn't in a rate, and what comes at once may count twice. */
const WIRE = 0.6;

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
  openTail: eachLeg((series, { name }, facts) => {
    const medianMs = openMs(facts, name, 0.5);
    const quantiles = valuesOf(series).filter((seconds) => !Number.isNaN(seconds));
    // Moments that no scrape saw in time are not among these.
    assert.ok(Math.max(...quantiles) * 1000 >= medianMs / 2.02, `${quantiles} s, half of all below ${medianMs} ms`);
  }),
  // Messages go on from one level to the next; those of the talk phases are what the record has.
  stages: (answer, facts) => {
    inSeconds(answer, facts);
    const wanted = facts.summary.legs.flatMap(({ name, transport }) =>
      STAGES.filter((stage) => stage !== 'securing' || transport === 'tls').map((stage) => `${name} ${stage}`),
    );
    // The end of another run at the same address may be there as well.
    const legs = new Set(listLegNames(facts));
    const own = answer.filter(({ labels }) => legs.has(labels['leg']!));
    assert.deepEqual(own.map(({ labels }) => `${labels['leg']} ${labels['stage']}`).toSorted(), wanted.toSorted());
  },
  roundTrip: whenThey('echo', (answer, facts) => {
    const all = answer.find(({ labels }) => labels['le'] === '+Inf');
    assert.ok(all && total(all) / 4 >= 0.8 * talked(facts));
  }),
  roundTripMedian: whenThey('echo', inSeconds),
  roundTripTail: whenThey('echo', inSeconds),
  eventGapMedian: ofEvents(inSeconds),
  eventGapTail: ofEvents(inSeconds),
  answerHeldMedian: whenThey('poll', inSeconds),
  answerHeldTail: whenThey('poll', inSeconds),
  messages: whenThey('echo', (answer, facts) => assert.ok(total(summed(answer)) >= 0.8 * talked(facts))),
  replies: whenThey('echo', (answer, facts) => {
    for (const fate of ['in-time', 'late', 'lost']) assert.ok(answer.some(({ labels }) => labels['fate'] === fate));
    assert.ok(total(summed(answer)) >= 0.8 * talked(facts));
  }),
  fromOthers: whenThey('echo', (answer) => assertAll(answer, (perSecond) => perSecond === 0, 'from others')),
  responses: whenThey('request', (answer, facts) => assert.ok(total(summed(answer)) >= 0.8 * talked(facts))),
  heartbeats: whenThey('heartbeat', (answer, facts) => {
    const { everyMs } = facts.run.config['behaviour'] as { everyMs: number };
    for (const [index, name] of listLegNames(facts).entries()) {
      const ticks = ticksOf(facts).filter(({ leg }) => leg === index);
      const heldMs = ticks.reduce((sum, { counts, elapsedMs }, i) => {
        return sum + counts.open * ((ticks[i + 1]?.elapsedMs ?? elapsedMs) - elapsedMs);
      }, 0);
      assertNear(total(only(answer, { leg: name })), heldMs / everyMs, 0.4, `heartbeats of ${name}`);
    }
  }),
};
