import type { HistogramKey, LabelsOf } from '../../../core/metrics/catalogue.ts';
import { histogram, metric, type PromQl, promql } from '../../promql.ts';
import { perSecond } from '../query.ts';

export const chosenRun = { variable: 'run' } as const;

/** Histograms that each leg has one of. */
type LegHistogram = { [K in HistogramKey]: keyof LabelsOf<K> extends 'protocol' | 'leg' ? K : never }[HistogramKey];

/** Series of the process that is the chosen run, at the moments when it is. */
export const ofRun = (series: PromQl): PromQl =>
  promql`${series} and on (job, instance) ${metric('runInfo', { run: chosenRun })}`;

export const quantile = (q: number, key: LegHistogram): PromQl =>
  promql`histogram_quantile(${q}, sum by (protocol, leg, le) (${ofRun(perSecond(histogram(key, 'bucket')))}))`;

export const increases = (key: LegHistogram): PromQl =>
  promql`sum by (le) (${ofRun(promql`increase(${histogram(key, 'bucket')}[$__rate_interval])`)})`;
