import { ERR_LIB_SSL, takeErrors } from './error-queue.ts';
import { alertFailure, alertOf, brokenFailure, failedHere, failure, type HandshakeFailure } from './failures.ts';
import { judgeCertificate } from './judge-certificate.ts';
import type { Address } from './libcrypto.ts';
import { SSL_ERROR_ZERO_RETURN } from './libssl.ts';
import type { OpenSsl } from './openssl.ts';

/**
 * What an object came to that can't go on. Empties the thread's queue of errors.
 *
 * @param code what `SSL_get_error` said
 */
export function judgeHandshake(openssl: OpenSsl, ssl: Address, code: number): HandshakeFailure {
  const errors = takeErrors(openssl);
  if (code === SSL_ERROR_ZERO_RETURN)
    return failure('closed-early', 'the peer ended its TLS handshake by close_notify');
<<<<<<< HEAD
  const alert = alertIn(errors);
  if (alert !== undefined) return alertFailure(alert);
=======
  const alert = errors.find(isAlert);
  if (alert !== undefined) return alertFailure(alert.reason - FIRST_ALERT, false);
>>>>>>> t21-break
  const verified = openssl.verifyResultOf(ssl);
  if (verified !== 0 && errors.some(isVerification))
    return { ...judgeCertificate(openssl, ssl, verified), isStranger: false };
  const reasons = [...new Set(errors.map(({ text }) => text))].join(', ');
  return failedHere(reasons || `error ${code}`);
}

/** What an object came to that goes on with records and can't. Empties the thread's queue of errors. */
export function judgeRecords(openssl: OpenSsl): HandshakeFailure {
  const errors = takeErrors(openssl);
<<<<<<< HEAD
  const alert = alertIn(errors);
  if (alert !== undefined) return alertFailure(alert);
  return brokenFailure(errors.map(({ text }) => text).join(', ') || 'no reason is known');
}

function alertIn(errors: ReturnType<typeof takeErrors>): number | undefined {
  const found = errors.find(({ library, reason }) => library === ERR_LIB_SSL && alertOf(reason) !== undefined);
  return found && alertOf(found.reason);
}
=======
  const alert = errors.find(isAlert);
  if (alert !== undefined) return alertFailure(alert.reason - FIRST_ALERT, true);
  return failure(
    'bad-handshake',
    `the peer broke TLS: ${errors.map(({ text }) => text).join(', ') || 'no reason is known'}`,
  );
}

/** The peer ended it by a fatal alert. @param isOpen its handshake was over */
export const alertFailure = (alert: number, isOpen: boolean): HandshakeFailure =>
  failure('tls-alert', `the peer ended it by the TLS alert ${describeAlert(alert, isOpen)}`);

const failure = (outcome: Outcome, detail: string): HandshakeFailure => ({ outcome, detail, isStranger: false });

const isAlert = ({ library, reason }: { library: number; reason: number }): boolean =>
  library === ERR_LIB_SSL && reason > FIRST_ALERT && reason <= LAST_ALERT;
>>>>>>> t21-break

/** `SSL_R_CERTIFICATE_VERIFY_FAILED` of `sslerr.h`. */
const VERIFY_FAILED = 134;
const isVerification = ({ library, reason }: { library: number; reason: number }): boolean =>
  library === ERR_LIB_SSL && reason === VERIFY_FAILED;
