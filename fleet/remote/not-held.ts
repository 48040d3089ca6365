import { RigError } from '../../core/values/errors.ts';
import { withoutPassword } from './load.ts';

/** Shares are taken at once, as a rule. */
export const READY_WITHIN_MS = 60_000;
/** A share that nobody has for so long ends the run: no level can be whole any more. */
export const LOST_AFTER_MS = 120_000;

/** Workers wait, and don't take all shares. @param hosts of those who did */
export function notReady(shares: number, hosts: readonly string[]): RigError {
  const ready = hosts.join(', ') || 'nobody';
  const sentence = `after ${READY_WITHIN_MS / 1000} s not all ${shares} shares are held: ready is ${ready}`;
  return new RigError('EFLEETWORKERS', sentence, { hint: 'see what connrig worker prints on the others' });
}

/** @param host that had it last */
export function nobodyHolds(share: number, host: string | undefined, { url }: { readonly url: string }): RigError {
  const sentence = `nobody has held share ${share} since ${host ?? 'its worker'} was lost ${LOST_AFTER_MS / 1000} s ago`;
  const hint = `connrig worker --redis ${withoutPassword(url)} on one more machine`;
  return new RigError('EFLEETWORKERS', sentence, { hint });
}
