import type { Exchange } from '../protocols/descriptor.ts';
import type { ProtocolName } from '../protocols/names.ts';
import { DESCRIPTORS } from '../protocols/protocols.ts';
import { parseQuantity, QUANTITIES } from './units.ts';

/** What an open connection does. */
export type BehaviourPlan =
  /** Nothing: it is just there. */
  | { readonly kind: 'idle' }
  /** Shows the peer that it is alive, every so often: a ws ping, one byte of tcp, a request of http. */
  | { readonly kind: 'heartbeat'; readonly everyMs: number }
  /** Messages that the target sends back, so many a second spread over all open connections. */
  | { readonly kind: 'echo'; readonly perSecond: number; readonly bytes: number }
  /** Requests that the target answers, likewise; for the URL's own path where none is given. */
  | { readonly kind: 'request'; readonly perSecond: number; readonly path?: string };

type Kind = BehaviourPlan['kind'];

export const BEHAVIOURS = ['idle', 'heartbeat', 'echo', 'request'] as const satisfies readonly Kind[];

/** A message carries when it was planned and when it was sent; see fleet/behaviours/time-mark.ts. */
export const LEAST_ECHO_BYTES = 16;
const MOST_ECHO_BYTES = 2 ** 20;

/** As in a request line: nothing that ends it, and no fragment. */
const REQUEST_PATH = /^\/[^\s#]*$/;

/** What a connection has to exchange for it; undefined: all can do it. */
const NEEDS: Readonly<Record<Kind, Exchange | undefined>> = {
  idle: undefined,
  heartbeat: undefined,
  echo: 'messages',
  request: 'requests',
};

export const canBehave = (protocol: ProtocolName, kind: Kind): boolean =>
  NEEDS[kind] === undefined || NEEDS[kind] === DESCRIPTORS[protocol].exchange;

/** Something comes back for what is sent, so that round trips can be measured. */
export const isTalk = (kind: string): boolean => kind === 'echo' || kind === 'request';

/**
 * Reads `idle`, `heartbeat:30s`, `echo:5k/s:64B` or `request:5k/s:/work?ms=5`.
 *
 * @returns the plan, or a sentence that says what is wrong
 */
export function parseBehaviour(text: string): BehaviourPlan | string {
  const [kind, ...parts] = text.split(':');
  const wrong = `"${text}" is not a behaviour: idle, heartbeat:${QUANTITIES.duration.example}, echo:5k/s:64B or request:5k/s:/path`;
  if (kind === 'idle') return parts.length === 0 ? { kind } : wrong;
  if (kind === 'heartbeat') {
    const everyMs = parts.length === 1 ? parseQuantity('duration', parts[0]!) : undefined;
    if (everyMs === undefined) return wrong;
    return everyMs >= 1 ? { kind, everyMs } : `"${text}" is too often; a heartbeat every 1ms at the most`;
  }
  const perSecond = parts.length > 0 ? parseQuantity('rate', parts[0]!) : undefined;
  if (perSecond === undefined || perSecond <= 0) return wrong;
  if (kind === 'echo' && parts.length === 2) {
    const bytes = parseQuantity('bytes', parts[1]!);
    if (bytes === undefined) return wrong;
    if (bytes < LEAST_ECHO_BYTES || bytes > MOST_ECHO_BYTES) {
      return `"${text}" has a wrong size; a message has ${LEAST_ECHO_BYTES}B to 1MiB, of which the first ${LEAST_ECHO_BYTES} carry its times`;
    }
    return { kind, perSecond, bytes };
  }
  if (kind === 'request') {
    if (parts.length === 1) return { kind, perSecond };
    // A path may have colons of its own.
    const path = parts.slice(1).join(':');
    return REQUEST_PATH.test(path)
      ? { kind, perSecond, path }
      : `"${text}" has no path; a path begins with / and has neither spaces nor #, such as request:500/s:/work?ms=5`;
  }
  return wrong;
}
