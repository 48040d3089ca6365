import { X509Certificate } from 'node:crypto';
import type { Outcome } from '../../../core/values/outcomes.ts';
import { type Address, NULL } from './libcrypto.ts';
import type { OpenSsl } from './openssl.ts';
import { writePemCertificate } from './pem.ts';

/** `X509_V_ERR_…` of `x509_vfy.h`. */
const NOT_YET_VALID = 9;
const HAS_EXPIRED = 10;
const OUTCOMES: Readonly<Record<number, Outcome>> = {
  [NOT_YET_VALID]: 'cert-expired',
  [HAS_EXPIRED]: 'cert-expired',
  62: 'cert-name',
  64: 'cert-name',
};
const MOST_SHOWN = 120;

interface Verdict {
  readonly outcome: Outcome;
  readonly detail: string;
}

/**
 * What was wrong about which certificate.
 *
 * @param result of `SSL_get_verify_result`, not 0
 */
export function judgeCertificate(openssl: OpenSsl, ssl: Address, result: number): Verdict {
  const outcome = OUTCOMES[result] ?? 'cert-untrusted';
  const chain = readChain(openssl, ssl);
  const [own] = chain;
  const why = openssl.verifyErrorText(result);
  if (own === undefined) return { outcome, detail: `the server's certificate isn't accepted: ${why}` };
  if (outcome === 'cert-name') {
    return { outcome, detail: `${named(own, own)} is for other names: ${shown(own.subjectAltName) || 'it says none'}` };
  }
  if (outcome === 'cert-expired') {
    const isOver = result === HAS_EXPIRED;
    const late = chain.find((certificate) => (isOver ? hasExpired(certificate) : isYetToCome(certificate))) ?? own;
    const [from, to] = [utc(late.validFrom), utc(late.validTo)];
    return {
      outcome,
      detail: `${named(late, own)} ${isOver ? `was valid until ${to}` : `isn't valid before ${from}`}`,
    };
  }
  const last = chain.at(-1)!;
  const issuer = last === own ? '' : `; the chain ends with ${named(last, own)}`;
  return { outcome, detail: `${named(own, own)} isn't trusted: ${why}${issuer}` };
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

const hasExpired = ({ validTo }: X509Certificate): boolean => Date.parse(validTo) < Date.now();
const isYetToCome = ({ validFrom }: X509Certificate): boolean => Date.parse(validFrom) > Date.now();

/** `the server's certificate CN=a.example (issuer CN=An authority)` */
function named(certificate: X509Certificate, own: X509Certificate): string {
  const whose = certificate === own ? "the server's certificate" : 'the certificate';
  const { subject, issuer } = certificate;
  const by = subject === issuer ? 'which vouches for itself' : `issuer ${shown(issuer) || 'without a name'}`;
  return `${whose} ${shown(subject) || 'without a name'} (${by})`;
}

/** What a peer wrote, on one line. */
const shown = (text: string | undefined): string =>
  (text ?? '')
    .replace(/\n/g, ', ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MOST_SHOWN);

/** As people compare dates: `2020-01-01T00:00:00Z`. */
function utc(date: string): string {
  const time = Date.parse(date);
  return Number.isNaN(time) ? date : new Date(time).toISOString().replace('.000', '');
}
