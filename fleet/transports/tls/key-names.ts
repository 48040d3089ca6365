import type { X509Certificate } from 'node:crypto';

/** As OpenSSL calls curves, and as people do. */
export const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
const KINDS: Readonly<Record<string, string>> = {
  rsa: 'RSA',
  'rsa-pss': 'RSA-PSS',
  dsa: 'DSA',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
};

/** Type and size of a certificate's key: `EC P-256`, `RSA 2048`, `Ed25519`. */
export function nameKey(certificate: X509Certificate | undefined): string {
  if (certificate === undefined) return 'unknown';
  const { asymmetricKeyType: kind = '', asymmetricKeyDetails: details } = certificate.publicKey;
  if (kind === 'ec') return `EC ${CURVES[details?.namedCurve ?? ''] ?? details?.namedCurve}`;
  const bits = details?.modulusLength;
  return `${KINDS[kind] ?? kind.toUpperCase()}${bits === undefined ? '' : ` ${bits}`}`;
}
