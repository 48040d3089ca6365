import type { Leg } from '../../core/schemas/leg.ts';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import type { FleetOptions } from '../../fleet/fleet.ts';
import type { TrialEnd } from '../../fleet/trial/trial.ts';
import { byCircumstances } from '../conductor/error-hints.ts';
import { nameAddress } from '../conductor/walk-leg.ts';
import { whyItEnded } from '../conductor/watch.ts';
import type { LegSetup } from '../leg-setup.ts';
import { type FailedHandshake, handshakeError } from '../preflight/shake-hands.ts';

/** The hint for HTTP 401 and 403. */
const WANTS_SIGN_IN = /^connrig try .* --header 'Authorization/;
const SIGNS_IN: ReadonlySet<string> = new Set(['authorization', 'cookie']);
/** Hints of a run that lead to a trial, or to what a trial hasn't. */
const OF_RUNS = /connrig try .* shows|connrig report|<run folder>/;
const LOOK_AT = {
  opening: 'what the server said stands above; have --expect, or the steps of --opening, wait for that',
  signIn: 'the server does not take what it was told: --show-secrets shows that, and --row tries another row of --data',
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
  return new RigError(code, message, { hint: hintOf(code, hint, leg.opening), cause: error });
}

function hintOf(code: ErrorCode, hint: string, opening: Leg['opening']): string {
  if (WANTS_SIGN_IN.test(hint) && opening?.headers.some((name) => SIGNS_IN.has(name.toLowerCase())))
    return LOOK_AT.signIn;
  if (!OF_RUNS.test(hint)) return hint;
  if (code !== 'EOPENING') return LOOK_AT.others;
  if (opening?.dialect == null) return LOOK_AT.opening;
  return `connrig dialects ${opening.dialect}, for what --dialect-set can say; what the server said stands above`;
}

/** A run tries one handshake before its connections. A server of TLS 1.3 may judge a certificate when the client takes it for done. */
function failedHandshakeOf({ failure, loss, tally }: TrialEnd): FailedHandshake | undefined {
  if (loss?.reason === 'tls-alert') return { outcome: 'tls-alert', detail: loss.detail };
  return tally.secured === 0 || failure?.outcome === 'tls-alert' ? failure : undefined;
}
