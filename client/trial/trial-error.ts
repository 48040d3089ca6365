import { RigError } from '../../core/values/errors.ts';
import { OUTCOMES, type Outcome } from '../../core/values/outcomes.ts';
import type { FleetOptions } from '../../fleet/fleet.ts';
import type { TrialEnd } from '../../fleet/trial/trial.ts';
import { byCircumstances } from '../conductor/error-hints.ts';
import { whyItEnded } from '../conductor/watch.ts';
import type { LegSetup } from '../leg-setup.ts';
import { handshakeError } from '../preflight/shake-hands.ts';

/** Hints of a run that lead here, or to a folder that a trial hasn't. */
const OWN_HINTS: Readonly<Record<string, string>> = {
  EOPENING: 'what the server said stands above; have the steps of --opening or --dialect expect that',
  EDROPPED:
    'what was said last stands above; --header, --subprotocol, --dialect or --opening say what the server waits for',
};

/**
 * Why a connection that was tried did not open or did not stay open, as a run says it whose connections all go like this one.
 *
 * @returns undefined where it opened, and stayed so until it was closed
 */
export async function trialError(
  { trouble, tally }: TrialEnd,
  { leg, ip, ips, local, url }: LegSetup,
  { securing }: Pick<FleetOptions, 'securing'>,
): Promise<RigError | undefined> {
  if (trouble === undefined || url === undefined) return undefined;
  const { what, detail } = trouble;
  const isOfTls = securing !== undefined && tally.secured === 0 && isOutcome(what);
  const ofTls = isOfTls ? handshakeError({ outcome: what, detail }, url, securing) : undefined;
  if (ofTls) return ofTls;
  const error = whyItEnded(tally, {
    url: url.host === ip || ips.length === 0 ? url.text : `${url.text} (${ip})`,
    protocol: leg.protocol,
    planned: 1,
    troubles: () => [trouble],
    progress: () => ({ losses: null, failedAfter: [], ownLag: [] }),
  });
  const hint = OWN_HINTS[error.code];
  if (hint !== undefined) return new RigError(error.code, error.message, { hint, cause: error });
  const fitting = await byCircumstances(error, { url, ip, local, pid: null, connections: 1, isLogged: false });
  return fitting instanceof RigError ? fitting : error;
}

const isOutcome = (what: string): what is Outcome => OUTCOMES.some((outcome) => outcome === what);
