import { doubtAbout, parseQuantity } from '../values/units.ts';
import { type BehaviourDescriptor, isRequestPath, isStill } from './descriptor.ts';

/** One request of each connection is always unanswered: long polling. For the URL's own path where none is given. */
export interface PollPlan {
  readonly kind: 'poll';
  /** From an answer until it asks again. */
  readonly pauseMs: number;
  readonly path?: string;
}

export const POLL: BehaviourDescriptor<PollPlan> = {
  example: 'poll:/path',
  help: 'each always waits for an answer; poll:1s:/path: for a second it asks for none',
  needs: ['requests'],
  talks: false,
  standsBeside: true,
  parse(parts, text) {
    const [first = ''] = parts;
    const hasPause = first !== '' && !first.startsWith('/');
    const pauseMs = hasPause ? parseQuantity('duration', first) : 0;
    if (pauseMs === undefined || (parts.length > 0 && first === '')) return undefined;
    const doubt = hasPause && doubtAbout('duration', first);
    if (doubt) return `"${text}" may mean ${doubt.map((one) => `poll:${one}`).join(' or ')}: write which`;
    const pieces = hasPause ? parts.slice(1) : parts;
    if (pieces.length === 0) return { kind: 'poll', pauseMs };
    // A path may have colons of its own.
    const path = pieces.join(':');
    return isRequestPath(path)
      ? { kind: 'poll', pauseMs, path }
      : `"${text}" has no path; a path begins with / and has neither spaces nor #, such as poll:/updates?since=1`;
  },
  isSteady: isStill,
};
