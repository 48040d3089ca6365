import { parseQuantity, QUANTITIES } from './units.ts';

/** What an open connection does. */
export type BehaviourPlan =
  /** Nothing: it is just there. */
  | { readonly kind: 'idle' }
  /** Shows the peer that it is alive, every so often: a ws ping, or one byte of tcp. */
  | { readonly kind: 'heartbeat'; readonly everyMs: number }
  /** Messages that the target sends back, so many a second spread over all open connections. */
  | { readonly kind: 'echo'; readonly perSecond: number; readonly bytes: number };

export const BEHAVIOURS = ['idle', 'heartbeat', 'echo'] as const satisfies ReadonlyArray<BehaviourPlan['kind']>;

/** A message carries when it was planned and when it was sent. */
export const LEAST_ECHO_BYTES = 16;
const MOST_ECHO_BYTES = 2 ** 20;

/**
 * Reads `idle`, `heartbeat:30s` or `echo:5k/s:64B`.
 *
 * @returns the plan, or a sentence that says what is wrong
 */
export function parseBehaviour(text: string): BehaviourPlan | string {
  const [kind, ...parts] = text.split(':');
  const wrong = `"${text}" is not a behaviour: idle, heartbeat:${QUANTITIES.duration.example} or echo:5k/s:64B`;
  if (kind === 'idle') return parts.length === 0 ? { kind } : wrong;
  if (kind === 'heartbeat') {
    const everyMs = parts.length === 1 ? parseQuantity('duration', parts[0]!) : undefined;
    if (everyMs === undefined) return wrong;
    return everyMs >= 1 ? { kind, everyMs } : `"${text}": a heartbeat every 1ms at the most`;
  }
  if (kind === 'echo' && parts.length === 2) {
    const perSecond = parseQuantity('rate', parts[0]!);
    const bytes = parseQuantity('bytes', parts[1]!);
    if (perSecond === undefined || perSecond <= 0 || bytes === undefined) return wrong;
    if (bytes < LEAST_ECHO_BYTES || bytes > MOST_ECHO_BYTES) {
      return `"${text}": a message has ${LEAST_ECHO_BYTES}B to 1MiB, of which the first ${LEAST_ECHO_BYTES} carry its times`;
    }
    return { kind, perSecond, bytes };
  }
  return wrong;
}
