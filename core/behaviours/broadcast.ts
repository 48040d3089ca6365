import { parseQuantity } from '../values/units.ts';
import { type BehaviourDescriptor, isStill } from './descriptor.ts';
import { LEAST_ECHO_BYTES } from './echo.ts';

/** What publishes: a connection of ours, a request that we send beside them, or the server by itself. */
export const PUBLISHERS = ['connection', 'request', 'server'] as const;
export type Publisher = (typeof PUBLISHERS)[number];

/** One publishes so many messages a second, and all others receive each. */
export interface BroadcastPlan {
  readonly kind: 'broadcast';
  readonly by: Publisher;
  /** Messages, not deliveries; 0 where the server publishes by itself. */
  readonly perSecond: number;
  /** 0 where the server publishes by itself. */
  readonly bytes: number;
  /** A delivery that takes longer, counted from when its message was sent, is missing. */
  readonly withinMs: number;
  /** What stands before the number of each message that the server publishes by itself; null elsewhere. */
  readonly numberAfter: string | null;
}

const MOST_BROADCAST_BYTES = 2 ** 20;
/** What a worker keeps of messages under way is laid out for so many. */
const MOST_PER_SECOND = 1000;

const DEADLINE_MS = 5000;
const LONGEST_DEADLINE_MS = 300_000;
/** Published within a deadline, at the most: so many are remembered. */
const MOST_UNDER_WAY = 10_000;

export const BROADCAST: BehaviourDescriptor<BroadcastPlan> = {
  example: 'broadcast:1/s:256B',
  help: 'one publishes, all others receive it; with broadcast:server:seq= the server does, and has a number behind these characters',
  needs: ['messages', 'events'],
  talks: false,
  ownStretch: true,
  parse([first, size, ...others], text) {
    if (first === 'server') return ofServer([size, ...others].join(':'), text);
    const [within, ...more] = others;
    const perSecond = first === undefined ? undefined : parseQuantity('rate', first);
    const bytes = size === undefined ? undefined : parseQuantity('bytes', size);
    const withinMs = within === undefined ? DEADLINE_MS : parseQuantity('duration', within);
    if (withinMs === undefined || withinMs <= 0) return undefined;
    if (perSecond === undefined || perSecond <= 0 || bytes === undefined || more.length > 0) return undefined;
    if (bytes < LEAST_ECHO_BYTES || bytes > MOST_BROADCAST_BYTES) {
      return `"${text}" has a wrong size; a message has ${LEAST_ECHO_BYTES}B to 1MiB, of which the first ${LEAST_ECHO_BYTES} carry its number and times`;
    }
    if (perSecond > MOST_PER_SECOND) return `"${text}" is too often; ${MOST_PER_SECOND}/s at the most`;
    if (withinMs > LONGEST_DEADLINE_MS || perSecond * withinMs > MOST_UNDER_WAY * 1000) {
      return `"${text}" waits too long; 300s at the most, in which no more than ${MOST_UNDER_WAY} messages are published`;
    }
    return { kind: 'broadcast', by: 'connection', perSecond, bytes, withinMs, numberAfter: null };
  },
  isSteady: isStill,
};

function ofServer(numberAfter: string, text: string): BroadcastPlan | string {
  if (numberAfter === '' || /\d$/.test(numberAfter)) {
    return `"${text}" does not say where messages have their number; broadcast:server:'"seq":' reads the digits behind "seq":`;
  }
  return { kind: 'broadcast', by: 'server', perSecond: 0, bytes: 0, withinMs: DEADLINE_MS, numberAfter };
}
