import { RigError } from '../../core/values/errors.ts';
import type { FleetOptions } from '../../fleet/fleet.ts';
import type { TrialEnd } from '../../fleet/trial/trial.ts';
import { byCircumstances } from '../conductor/error-hints.ts';
import { whyItEnded } from '../conductor/watch.ts';
import type { LegSetup } from '../leg-setup.ts';
import { handshakeError } from '../preflight/shake-hands.ts';

/** Hints of a run that lead to a trial, or to what a trial hasn't. */
const OF_RUNS = /connrig try .* shows|connrig report|<run folder>/;
const LOOK_AT = {
  opening: 'what the server said stands above; have the steps of --opening or --dialect expect that',
  others:
    'what was said last stands above; --header, --subprotocol, --send-on-open or --dialect say what the server waits for',
} as const;

/**
 * Why a connection that was tried did not open or did not stay open, as a run says it whose connections all go like this one.
 *
 * @returns undefined where it opened, and stayed so until it was closed
 */
export async function trialError(
  { failure, loss, tally }: TrialEnd,
  { leg, ip, ips, local, url }: LegSetup,
  { securing }: Pick<FleetOptions, 'securing'>,
): Promise<RigError | undefined> {
  const trouble = failure ? { what: failure.outcome, detail: failure.detail } : loss && { what: loss.reason, ...loss };
  if (trouble === undefined || url === undefined) return undefined;
  // A run tries one handshake before its connections.
  const ofTls = failure && securing && tally.secured === 0 ? handshakeError(failure, url, securing) : undefined;
  if (ofTls) return ofTls;
  const error = whyItEnded(tally, {
    url: url.host === ip || ips.length === 0 ? url.text : `${url.text} (${ip})`,
    protocol: leg.protocol,
    planned: 1,
    troubles: () => [trouble],
    progress: () => ({ losses: null, failedAfter: [], ownLag: [] }),
  });
  const at = { url, ip, local, pid: null, connections: 1, isLogged: false };
  const { code, message, hint } = (await byCircumstances(error, at)) as RigError;
  if (!OF_RUNS.test(hint)) return new RigError(code, message, { hint, cause: error });
  return new RigError(code, message, { hint: code === 'EOPENING' ? LOOK_AT.opening : LOOK_AT.others, cause: error });
}
