import { RigError } from '../../core/values/errors.ts';
import type { FleetOptions } from '../../fleet/fleet.ts';
import type { TrialEnd } from '../../fleet/trial/trial.ts';
import { byCircumstances } from '../conductor/error-hints.ts';
import { nameAddress } from '../conductor/walk-leg.ts';
import { whyItEnded } from '../conductor/watch.ts';
import type { LegSetup } from '../leg-setup.ts';
import { type FailedHandshake, handshakeError } from '../preflight/shake-hands.ts';

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
  end: TrialEnd,
  { leg, ip, local, url }: LegSetup,
  { securing }: Pick<FleetOptions, 'securing'>,
): Promise<RigError | undefined> {
  const { failure, loss, tally } = end;
  const trouble = failure ? { what: failure.outcome, detail: failure.detail } : loss && { what: loss.reason, ...loss };
  if (trouble === undefined || url === undefined) return undefined;
  const handshake = failedHandshakeOf(end);
  const ofTls = handshake && securing && handshakeError(handshake, url, securing);
  if (ofTls) return ofTls;
  const error = whyItEnded(tally, {
    url: nameAddress(url, ip),
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

/** A run tries one handshake before its connections. A server of TLS 1.3 may judge a certificate when the client takes it for done. */
function failedHandshakeOf({ failure, loss, tally }: TrialEnd): FailedHandshake | undefined {
  if (loss?.reason === 'tls-alert') return { outcome: 'tls-alert', detail: loss.detail };
  return tally.secured === 0 || failure?.outcome === 'tls-alert' ? failure : undefined;
}
