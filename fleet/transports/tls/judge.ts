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
  const alert = alertIn(errors);
  if (alert !== undefined) return alertFailure(alert, false);
  const verified = openssl.verifyResultOf(ssl);
  if (verified !== 0 && errors.some(isVerification))
    return { ...judgeCertificate(openssl, ssl, verified), isStranger: false };
  const reasons = [...new Set(errors.map(({ text }) => text))].join(', ');
  return failedHere(reasons || `error ${code}`);
}

/** What an object came to that goes on with records and can't. Empties the thread's queue of errors. */
export function judgeRecords(openssl: OpenSsl): HandshakeFailure {
  const errors = takeErrors(openssl);
  const alert = alertIn(errors);
  if (alert !== undefined) return alertFailure(alert, true);
  return brokenFailure(errors.map(({ text }) => text).join(', ') || 'no reason is known');
}

function alertIn(errors: ReturnType<typeof takeErrors>): number | undefined {
  const found = errors.find(({ library, reason }) => library === ERR_LIB_SSL && alertOf(reason) !== undefined);
  return found && alertOf(found.reason);
}

/** `SSL_R_CERTIFICATE_VERIFY_FAILED` of `sslerr.h`. */
const VERIFY_FAILED = 134;
const isVerification = ({ library, reason }: { library: number; reason: number }): boolean =>
  library === ERR_LIB_SSL && reason === VERIFY_FAILED;
