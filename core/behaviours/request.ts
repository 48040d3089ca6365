import { parseQuantity } from '../values/units.ts';
import { type BehaviourDescriptor, isRequestPath, isStill } from './descriptor.ts';

/** Requests that the target answers, so many a second over all; for the URL's own path where none is given. */
export interface RequestPlan {
  readonly kind: 'request';
  readonly perSecond: number;
  readonly path?: string;
}

export const REQUEST: BehaviourDescriptor<RequestPlan> = {
  example: 'request:5k/s:/path',
  help: 'over all of them, requests that are answered',
  needs: ['requests'],
  talks: true,
  standsBeside: true,
  parse([rate, ...pieces], text) {
    const perSecond = rate === undefined ? undefined : parseQuantity('rate', rate);
    if (perSecond === undefined || perSecond <= 0) return undefined;
    if (pieces.length === 0) return { kind: 'request', perSecond };
    // A path may have colons of its own.
    const path = pieces.join(':');
    return isRequestPath(path)
      ? { kind: 'request', perSecond, path }
      : `"${text}" has no path; a path begins with / and has neither spaces nor #, such as request:500/s:/work?ms=5`;
  },
  isSteady: isStill,
};
