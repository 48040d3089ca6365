import { doubtAbout, parseQuantity } from '../values/units.ts';
import { type BehaviourDescriptor, isStill } from './descriptor.ts';
import type { EchoPlan } from './echo.ts';
import type { HeartbeatPlan } from './heartbeat.ts';
import type { IdlePlan } from './idle.ts';
import type { PollPlan } from './poll.ts';
import type { RequestPlan } from './request.ts';

/** A share of the connections stops reading for a while, or reads at a pace; beside that all of them do something else. */
/** Acts of an episode: they read slowly, read on, and are closed. */
export const SLOW_ACTS = 3;

export interface SlowPlan {
  readonly kind: 'slow';
  /** Above 0, and 100 at the most. */
  readonly sharePercent: number;
  /** What each slow one reads; null: nothing. */
  readonly bytesPerSecond: number | null;
  /** What all of them do all the time, slow or not. With idle only a target that sends by itself fills their queues. */
  readonly beside: IdlePlan | HeartbeatPlan | EchoPlan | RequestPlan | PollPlan;
}

export const SLOW: BehaviourDescriptor<SlowPlan> = {
  example: 'slow:10%+echo:5k/s:64B',
  help: 'once the top level was held that share stops reading for a while; slow:10%:4KiB/s reads that much; all do what is behind the +',
  needs: undefined,
  talks: false,
  takesBeside: true,
  episode: true,
  parse([share, pace, ...more], text) {
    const sharePercent = share === undefined ? undefined : parseQuantity('percent', share);
    const bytesPerSecond = pace === undefined ? null : parsePace(pace);
    if (sharePercent === undefined || bytesPerSecond === undefined || more.length > 0) return undefined;
    const doubt = doubtAbout('percent', share!);
    if (doubt) return `"${text}" may mean ${doubt.map((one) => `slow:${one}`).join(' or ')}: write which`;
    if (sharePercent <= 0 || sharePercent > 100) {
      return `"${text}" has a wrong share; it is above 0% and 100% at the most`;
    }
    return { kind: 'slow', sharePercent, bytesPerSecond, beside: { kind: 'idle' } };
  },
  isSteady: isStill,
};

/** `4KiB/s`; undefined: it is none. One that reads nothing has no pace. */
function parsePace(text: string): number | undefined {
  if (!text.endsWith('/s')) return undefined;
  const bytes = parseQuantity('bytes', text.slice(0, -2));
  return bytes !== undefined && bytes > 0 ? bytes : undefined;
}
