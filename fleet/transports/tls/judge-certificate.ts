import { X509Certificate } from 'node:crypto';
import type { CertificateFault } from '../../../core/values/certificate-faults.ts';
import { certificateFailure } from './certificate-failure.ts';
import type { HandshakeFailure } from './failures.ts';
import { type Address, NULL } from './libcrypto.ts';
import type { OpenSsl } from './openssl.ts';
import { writePemCertificate } from './pem.ts';

/** `X509_V_ERR_…` of `x509_vfy.h`. */
const NOT_YET_VALID = 9;
const HAS_EXPIRED = 10;
const OUTCOMES: Readonly<Record<number, CertificateFault>> = {
  [NOT_YET_VALID]: 'cert-expired',
  [HAS_EXPIRED]: 'cert-expired',
  62: 'cert-name',
  64: 'cert-name',
};

/**
 * What was wrong about which certificate.
 *
 * @param result of `SSL_get_verify_result`, not 0
 */
export function judgeCertificate(openssl: OpenSsl, ssl: Address, result: number): HandshakeFailure {
  return certificateFailure(OUTCOMES[result] ?? 'cert-untrusted', readChain(openssl, ssl), {
    why: openssl.verifyErrorText(result),
    isOver: result === HAS_EXPIRED,
  });
}

/** The server's own first, then who vouches for it, as far as that was found. */
function readChain(openssl: OpenSsl, ssl: Address): readonly X509Certificate[] {
  const chain = openssl.verifiedChain(ssl);
  if (chain === NULL) return [];
  const length = Math.max(0, openssl.chainLength(chain));
  return Array.from({ length }, (_, at) => readCertificate(openssl, openssl.chainAt(chain, at))).filter(
    (one) => one !== undefined,
  );
}

/** @returns undefined when Node can't read what OpenSSL could */
export function readCertificate(openssl: OpenSsl, certificate: Address): X509Certificate | undefined {
  try {
    return new X509Certificate(writePemCertificate(openssl, certificate));
  } catch {
    return undefined;
  }
}
