import type { Counts } from '../values/outcomes.ts';
import { doubtAbout, parseQuantity } from '../values/units.ts';
import type { BehaviourDescriptor } from './descriptor.ts';

/** How a connection goes that is replaced: by a goodbye and FIN, or by RST. */
export const CHURN_ENDS = ['fin', 'rst'] as const;
export type ChurnEnd = (typeof CHURN_ENDS)[number];

/** Connections are closed and replaced at a pace, while as many stay open. */
export type ChurnPlan = {
  readonly kind: 'churn';
  /** undefined: as all connections of the run are closed. */
  readonly end?: ChurnEnd;
} & (
  | {
      /** So much of the level is replaced in a second. */
      readonly percentPerSecond: number;
    }
  | { readonly turnoverPerSecond: number }
);

/** In a second nobody replaces more than all of them. */
const MOST_PERCENT = 100;

export const CHURN: BehaviourDescriptor<ChurnPlan> = {
  example: 'churn:5%/s',
  help: 'so many are closed and replaced; churn:200/s:rst by a reset',
  needs: undefined,
  talks: false,
  followsRest: true,
  parse([pace = '', end, ...more], text) {
    const isEnd = end === undefined || CHURN_ENDS.some((one) => one === end);
    if (more.length > 0 || !isEnd) return undefined;
    const how = end === undefined ? {} : { end: end as ChurnEnd };
    if (!pace.includes('%')) {
      const turnoverPerSecond = parseQuantity('rate', pace);
      if (turnoverPerSecond === undefined || turnoverPerSecond <= 0) return undefined;
      return /\/s$/i.test(pace)
        ? { kind: 'churn', turnoverPerSecond, ...how }
        : `"${text}" may mean churn:${pace}/s or churn:${pace}%/s: write which`;
    }
    const share = /^(.*%)\/s$/.exec(pace)?.[1] ?? '';
    const percentPerSecond = parseQuantity('percent', share);
    if (percentPerSecond === undefined || percentPerSecond <= 0 || doubtAbout('percent', share)) return undefined;
    return percentPerSecond <= MOST_PERCENT
      ? { kind: 'churn', percentPerSecond, ...how }
      : `"${text}" is too fast: at most ${MOST_PERCENT}%/s, which replaces each connection once a second`;
  },
  isSteady: isAsMany,
};

/** Connections replaced per second while `level` are open. */
export const turnoverAt = (plan: ChurnPlan, level: number): number =>
  'turnoverPerSecond' in plan ? plan.turnoverPerSecond : (plan.percentPerSecond * level) / 100;

/** As many are there, but for those on their way in: either moment's open ones could be the other's. */
function isAsMany(before: Counts, after: Counts): boolean {
  return before.open <= after.open + after.opening && after.open <= before.open + before.opening;
}
