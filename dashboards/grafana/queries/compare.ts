/** What the comparison of runs asks: only series that carry the name of their run. */
import { SCHEMES, type SchemeName } from '../../../core/protocols/schemes.ts';
import { type PromQl, promql, recorded } from '../../promql.ts';
import { last, now, over } from '../query.ts';
import { firstLegOf } from './first-leg.ts';

const run = { variable: 'runs' } as const;
const each = '{{run}} {{leg}}';

export const COMPARE = {
  status: now(promql`${last(recorded('status', { run }))} == 1`, '{{run}} {{status}}'),
  cost: now(last(recorded('cost', { run, part: 'total', bound: 'estimate' })), each),
  costBounds: now(last(recorded('cost', { run, part: 'total', bound: ['low', 'high'] })), `${each} {{bound}}`),
  user: now(last(recorded('cost', { run, part: 'user', bound: 'estimate' })), each),
  kernel: now(last(recorded('cost', { run, part: 'kernel', bound: 'estimate' })), each),
  leastSquares: now(last(recorded('slope', { run, part: 'total' })), each),
  without: now(last(recorded('intercept', { run, part: 'total' })), each),
  withinLimit: now(last(recorded('connectionsWithinLimit', { run })), each),
  peak: now(promql`max_over_time(${recorded('open', { run })}[$__range])`, each),
  failed: now(last(recorded('failed', { run })), each),
  lost: now(last(recorded('lost', { run })), each),
  openMedian: now(last(recorded('openMedian', { run })), each),
  openTail: now(last(recorded('openTail', { run })), each),
  roundTripTail: now(last(recorded('roundTripTail', { run })), each),
  generatorMemory: now(promql`max_over_time(${recorded('generatorMemory', { run })}[$__range])`, '{{run}}'),
  saturated: now(last(recorded('saturated', { run })), '{{run}}'),
  connections: over(recorded('open', { run }), each),
} as const;

/** Readings at levels for each scheme: x and y, a series for each run. */
export const COMPARE_POINTS = Object.fromEntries(
  SCHEMES.map((scheme) => {
    const point = (series: PromQl): PromQl => promql`last_over_time(${series}[$__interval])`;
    const of = { run, ...firstLegOf(scheme), part: 'total' } as const;
    return [
      scheme,
      {
        open: over(point(recorded('pointConnections', of)), '{{run}} connections'),
        memory: over(point(recorded('pointMemory', of)), '{{run}} memory'),
      },
    ];
  }),
) as Record<SchemeName, Record<'open' | 'memory', ReturnType<typeof over>>>;
