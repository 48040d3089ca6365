import type { TlsOptions } from './tls-options.ts';

/**
 * What clients offer who know nothing of a server, without X25519MLKEM768: newer versions of OpenSSL would send a share of that,
 * and a hello of 1.5 KB. A share of the first alone is sent.
 */
const DEFAULT_GROUPS = 'X25519:P-256:P-384';
/** Before TLS 1.3 the list also says which keys a certificate may have, and nearly all that aren't RSA have this. */
const CERTIFICATE_GROUP = 'P-256';

/** Key exchange groups as they are given to OpenSSL, in order of preference. */
export function groupsOf({ groups = DEFAULT_GROUPS, versions }: TlsOptions): readonly string[] {
  const names = groups.split(':');
  const hasIt = names.some((name) => /^(?:P-256|prime256v1|secp256r1)$/i.test(name));
  return hasIt || !versions.includes('1.2') ? names : [...names, CERTIFICATE_GROUP];
}
