/**
 * Reports as they lie in Redis. They are what most is said of: once a second by each share, and read by the conductor. So counters that
 * are 0 are left out, distributions are what lies between two buckets, and all is deflated: 0.3 KB in place of 1.5, 2.5 in place of 18.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { CLOSE_REASONS, OUTCOMES, STATUS_CLASSES } from '../../core/values/outcomes.ts';
import { TALLY_FIELDS } from '../wire.ts';
import { ShareReport } from './messages.ts';
import type { Voice } from './said.ts';
import { sign, verified } from './seal.ts';

/** Far more than the largest has. */
const TEXT_MOST_BYTES = 2 ** 22;

type Counters = Readonly<Record<string, unknown>>;
type Pairs = ReadonlyArray<readonly [lowest: number, count: number]>;
/** How far each bucket is from the one before, and its count. */
type Columns = readonly [steps: readonly number[], counts: readonly number[]];

export function packReport(report: ShareReport, { token, run }: Voice): string {
  const { outcomes, closeReasons, statuses } = report.tally;
  const tally = {
    ...withoutZeroes(report.tally),
    outcomes: withoutZeroes(outcomes),
    closeReasons: withoutZeroes(closeReasons),
    statuses: withoutZeroes(statuses),
  };
  const distributions = mapEach(report.distributions, toColumns);
  const text = deflateRawSync(JSON.stringify({ ...report, tally, distributions })).toString('base64');
  return sign(text, token, { what: 'report', run });
}

/** @returns undefined where nobody of this fleet packed it, or not in this version */
export function unpackReport(text: string, { token, run }: Voice): ShareReport | undefined {
  const own = verified(text, token, { what: 'report', run });
  try {
    return own === undefined ? undefined : unpack(own);
  } catch {
    return undefined;
  }
}

function unpack(text: string): ShareReport {
  const raw = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: TEXT_MOST_BYTES });
  const { tally, distributions, ...report } = JSON.parse(String(raw)) as Record<string, Record<string, Counters>>;
  return ShareReport.parse({
    ...report,
    tally: {
      ...zeroes(TALLY_FIELDS),
      ...tally,
      outcomes: { ...zeroes(OUTCOMES), ...tally?.['outcomes'] },
      closeReasons: { ...zeroes(CLOSE_REASONS), ...tally?.['closeReasons'] },
      statuses: { ...zeroes(STATUS_CLASSES), ...tally?.['statuses'] },
    },
    distributions: mapEach((distributions ?? {}) as unknown as Record<string, Columns>, toPairs),
  });
}

const withoutZeroes = (counters: Counters): Counters =>
  Object.fromEntries(Object.entries(counters).filter(([, value]) => value !== 0));

const zeroes = (names: readonly string[]): Record<string, number> => Object.fromEntries(names.map((name) => [name, 0]));

const mapEach = <From, To>(all: Readonly<Record<string, From>>, of: (one: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, of(one)]));

function toColumns(pairs: Pairs): Columns {
  let before = 0;
  const steps = pairs.map(([lowest]) => {
    const bucket = bucketOf(lowest);
    const step = bucket - before;
    before = bucket;
    return step;
  });
  return [steps, pairs.map(([, count]) => count)];
}

function toPairs([steps, counts]: Columns): Array<[number, number | undefined]> {
  let bucket = 0;
  return steps.map((step, i) => {
    bucket += step;
    return [lowestOf(bucket), counts[i]];
  });
}
