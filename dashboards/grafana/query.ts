import { type PromQl, promql } from '../promql.ts';

/** One query of a panel. */
export interface Query {
  readonly expr: PromQl;
  /** What a series is called, `{{label}}` filled in; none where there is but one, and the panel says what it is. */
  readonly legend?: string;
  /**
   * `range`: a value for each step. `now`: one for each series, at the end of what is shown. `buckets`: as `range`, of
   * a histogram's buckets.
   */
  readonly kind: 'range' | 'now' | 'buckets';
}

export const over = (expr: PromQl, legend?: string): Query => query('range', expr, legend);
export const now = (expr: PromQl, legend?: string): Query => query('now', expr, legend);
/** @param expr one series for each `le` */
export const buckets = (expr: PromQl): Query => query('buckets', expr, '{{le}}');

/** The last value that there was, also of a run that is over by the end of what is shown. */
export const last = (series: PromQl): PromQl => promql`last_over_time(${series}[$__range])`;
export const perSecond = (series: PromQl): PromQl => promql`rate(${series}[$__rate_interval])`;

const query = (kind: Query['kind'], expr: PromQl, legend: string | undefined): Query => ({
  kind,
  expr,
  ...(legend === undefined ? {} : { legend }),
});
