import { parseQuantity } from '../values/units.ts';
import { type BehaviourDescriptor, isStill } from './descriptor.ts';

/** Messages that the target sends back, so many a second spread over all open connections. */
export interface EchoPlan {
  readonly kind: 'echo';
  readonly perSecond: number;
  readonly bytes: number;
}

/** A message carries when it was planned and when it was sent; see fleet/behaviours/time-mark.ts. */
export const LEAST_ECHO_BYTES = 16;
const MOST_ECHO_BYTES = 2 ** 20;

export const ECHO: BehaviourDescriptor<EchoPlan> = {
  example: 'echo:5k/s:64B',
  help: 'over all of them, messages that come back',
  needs: ['messages'],
  talks: true,
  standsBeside: true,
  parse([rate, size, ...more], text) {
    const perSecond = rate === undefined ? undefined : parseQuantity('rate', rate);
    const bytes = size === undefined ? undefined : parseQuantity('bytes', size);
    if (perSecond === undefined || perSecond <= 0 || bytes === undefined || more.length > 0) return undefined;
    if (bytes < LEAST_ECHO_BYTES || bytes > MOST_ECHO_BYTES) {
      return `"${text}" has a wrong size; a message has ${LEAST_ECHO_BYTES}B to 1MiB, of which the first ${LEAST_ECHO_BYTES} carry its times`;
    }
    return { kind: 'echo', perSecond, bytes };
  },
  isSteady: isStill,
};
