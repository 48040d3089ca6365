/** What can be wrong with the certificate of who is connected to; each is an outcome as well. */
export type CertificateFault = 'cert-untrusted' | 'cert-expired' | 'cert-name';

/**
 * Names that Node.js gives to results of OpenSSL's verification (`X509_V_ERR_…` without that) and to its own check of the
 * host. Revocation isn't among them: nobody here asks for it.
 */
const FAULTS: Readonly<Record<string, CertificateFault>> = {
  CERT_HAS_EXPIRED: 'cert-expired',
  CERT_NOT_YET_VALID: 'cert-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'cert-name',
  HOSTNAME_MISMATCH: 'cert-name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'cert-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'cert-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'cert-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'cert-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'cert-untrusted',
  CERT_SIGNATURE_FAILURE: 'cert-untrusted',
  CERT_CHAIN_TOO_LONG: 'cert-untrusted',
  INVALID_CA: 'cert-untrusted',
  PATH_LENGTH_EXCEEDED: 'cert-untrusted',
  INVALID_PURPOSE: 'cert-untrusted',
  CERT_UNTRUSTED: 'cert-untrusted',
  CERT_REJECTED: 'cert-untrusted',
};

/** @returns undefined when an error with this code isn't about a certificate */
export const certificateFaultOf = (code: string): CertificateFault | undefined =>
  Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
