import type { TlsVersion } from '../../../core/schemas/tls.ts';
import type { OpenSsl } from './openssl.ts';

/** A list of ciphers in its two parts, which OpenSSL takes apart from each other. */
interface SplitCiphers {
  /** Those of TLS 1.3. */
  readonly suites: readonly string[];
  /** Those of TLS 1.2, with OpenSSL's own words, such as `HIGH` or `!aNULL`. */
  readonly list: readonly string[];
}

/** @param ciphers with colons between; those of TLS 1.2 by OpenSSL's name or IANA's */
export function splitCiphers(openssl: Pick<OpenSsl, 'cipherNameOf'>, ciphers: string): SplitCiphers {
  const names = ciphers.split(':').filter((name) => name !== '');
  const isSuite = (name: string): boolean => name.startsWith('TLS_') && !name.includes('_WITH_');
  return {
    suites: names.filter(isSuite),
    list: names
      .filter((name) => !isSuite(name))
      .map((name) => (name.includes('_WITH_') ? translated(openssl, name) : name)),
  };
}

/** OpenSSL takes no name of IANA in its list, though it knows them. */
function translated(openssl: Pick<OpenSsl, 'cipherNameOf'>, standardName: string): string {
  const name = openssl.cipherNameOf(standardName);
  return name === '(NONE)' ? standardName : name;
}

/**
 * The versions that can be agreed on with these ciphers: a list without one for TLS 1.2 asks for TLS 1.3, and the other way round.
 *
 * @throws Error when none is left
 */
export function narrowVersions(
  versions: readonly TlsVersion[],
  split: SplitCiphers | undefined,
): readonly TlsVersion[] {
  if (split === undefined) return versions;
  const left = versions.filter((version) => (version === '1.3' ? split.suites : split.list).length > 0);
  if (left.length > 0) return left;
  throw new Error(`none of the ciphers is of TLS ${versions.join(' or ')}`);
}
