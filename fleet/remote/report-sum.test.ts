import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bucketOf, countOf, lowestOf, toSparse } from '../../core/stats/histogram.ts';
import { shareReport as report } from '../../test/support/share-report.ts';
import type { ShareReport } from './messages.ts';
import { ReportSum } from './report-sum.ts';

const sumOf = (shares: number, reports: readonly ShareReport[]): ReportSum => {
  const sum = new ReportSum(shares);
  for (const one of reports) sum.take(one);
  return sum;
};

describe('the sum of what shares report', () => {
  it('has strays while nobody says that the connections of a generation before are gone', () => {
    const sum = sumOf(2, [report({ open: 5 }), report({ share: 1, open: 5 })]);
    assert.equal(sum.hasStrays, false);
    sum.take(report({ generation: 2 }));
    assert.equal(sum.hasStrays, true);
    sum.letGo(0, 2);
    sum.letGo(1, 1);
    assert.equal(sum.hasStrays, true);
    sum.letGo(0, 1);
    assert.equal(sum.hasStrays, false);
  });

  it('is that of the newest report of each', () => {
    const sum = sumOf(2, [
      report({ share: 0, number: 1, open: 5 }),
      report({ share: 0, number: 2, open: 7, seq: 4 }),
      report({ share: 1, number: 9, open: 3, seq: 3 }),
    ]);
    const { open, attempts, orderSeen } = sum.tally(0);
    assert.deepEqual({ open, attempts, orderSeen }, { open: 10, attempts: 10, orderSeen: 3 });
  });

  it('has taken up no order while a share has said nothing', () => {
    assert.equal(sumOf(2, [report({ seq: 4 })]).tally(0).orderSeen, 0);
  });

  it('keeps what a generation had counted that another one replaced, and closes what it had open', () => {
    const sum = sumOf(1, [
      report({ generation: 1, number: 8, open: 100, opening: 3, closed: 20 }),
      report({ generation: 2, number: 1, open: 40 }),
    ]);
    const { attempts, opening, open, failed, closed, outcomes, closeReasons } = sum.tally(0);
    assert.deepEqual(
      { attempts, opening, open, failed, closed },
      { attempts: 163, opening: 0, open: 40, failed: 3, closed: 120 },
    );
    assert.equal(outcomes.open, 160);
    assert.equal(outcomes.cancelled, 3, 'no failure of the target');
    assert.deepEqual([closeReasons['by-us'], closeReasons['by-peer']], [100, 20]);
  });

  it('tells when a share has moved', () => {
    const sum = new ReportSum(1);
    const [first, second] = [report({ generation: 1 }), report({ generation: 2 })];
    assert.equal(sum.take(first), undefined);
    assert.deepEqual(sum.take(second), { from: first, to: second });
    assert.equal(sum.take(first), undefined, 'late');
    assert.equal(sum.newest(0), second);
  });

  it('has moments by the clock of this machine', () => {
    // By the clock of Redis 1000 and 1600; ours is 100 behind it.
    const sum = sumOf(2, [
      report({ share: 0, offsetMs: 400, firstLossAtMs: 600, lastLossAtMs: 600 }),
      report({ share: 1, offsetMs: -400, firstLossAtMs: 2000, lastLossAtMs: 2000 }),
    ]);
    const { firstLossAtMs, lastLossAtMs, begunAtMs } = sum.tally(100);
    assert.deepEqual(
      { firstLossAtMs, lastLossAtMs, begunAtMs },
      { firstLossAtMs: 900, lastLossAtMs: 1500, begunAtMs: 0 },
    );
  });

  it('counts nothing as open of a share that is not heard of', () => {
    const sum = sumOf(2, [report({ share: 0, open: 5 }), report({ share: 1, open: 6 })]);
    const { open, opening, attempts, outcomes } = sum.tally(0, new Set([1]));
    assert.deepEqual({ open, opening, attempts }, { open: 5, opening: 6, attempts: 11 });
    assert.equal(outcomes.open, 5);
  });

  it('keeps a distribution that a later report leaves out', () => {
    const sum = sumOf(1, [report({ number: 1, lag: [[64, 2]] }), report({ number: 2 })]);
    assert.deepEqual(toSparse(sum.histogram('lag')), [[64, 2]]);
  });

  it('ignores a share that there is not', () => {
    assert.equal(sumOf(1, [report({ share: 3, open: 5 })]).tally(0).open, 0);
  });
});

/** Reports of several shares in several generations; of one number in one generation there is one report. */
const history = fc
  .array(
    fc.record({
      share: fc.nat(2),
      generation: fc.integer({ min: 1, max: 3 }),
      number: fc.integer({ min: 1, max: 9 }),
      seq: fc.nat(9),
      open: fc.nat(1000),
      opening: fc.nat(50),
      closed: fc.nat(100),
      lag: fc.option(
        fc.uniqueArray(
          fc.tuple(
            fc.nat(5000).map((value) => lowestOf(bucketOf(value))),
            fc.integer({ min: 1, max: 99 }),
          ),
          {
            selector: ([lowest]) => lowest,
            maxLength: 5,
          },
        ),
        { nil: undefined },
      ),
    }),
    { maxLength: 30 },
  )
  .map((all) => {
    const one = new Map(all.map((said) => [`${said.share} ${said.generation} ${said.number}`, said]));
    return [...one.values()].map(({ lag, ...said }) => report({ ...said, ...(lag && { lag }) }));
  });

const look = (sum: ReportSum) => ({ tally: sum.tally(0), lag: toSparse(sum.histogram('lag')) });

describe('the sum of any reports', () => {
  it('follows from which came, not from their order or how often', () => {
    fc.assert(
      fc.property(
        history.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all)),
        ),
        ([all, shuffled, again]) => {
          assert.deepEqual(look(sumOf(3, [...shuffled, ...again])), look(sumOf(3, all)));
        },
      ),
    );
  });

  it('adds up: attempts, outcomes and closes', () => {
    fc.assert(
      fc.property(history, fc.uniqueArray(fc.nat(2)), (all, unheard) => {
        const { attempts, opening, open, failed, closed, outcomes, closeReasons } = sumOf(3, all).tally(
          0,
          new Set(unheard),
        );
        const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
        assert.equal(attempts, opening + open + failed + closed);
        assert.equal(outcomes.open, open + closed);
        assert.equal(sum(outcomes) - outcomes.open, failed);
        assert.equal(sum(closeReasons), closed);
      }),
    );
  });

  it('has each count of a distribution once: as a share would have it alone', () => {
    fc.assert(
      fc.property(history, (all) => {
        const last = new Map<string, ShareReport>();
        for (const one of all) {
          const key = `${one.share} ${one.generation}`;
          if (one.distributions.lag && one.number > (last.get(key)?.number ?? 0)) last.set(key, one);
        }
        const wanted = [...last.values()].reduce((sum, one) => sum + countOf(one.distributions.lag!), 0);
        assert.equal(countOf(toSparse(sumOf(3, all).histogram('lag'))), wanted);
      }),
    );
  });
});
