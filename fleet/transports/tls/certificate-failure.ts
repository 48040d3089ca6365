import type { X509Certificate } from 'node:crypto';
import type { CertificateFault } from '../../../core/values/certificate-faults.ts';
import { failure, type HandshakeFailure } from './failures.ts';

const MOST_SHOWN = 120;

interface Verification {
  /** What the library has to say of it. */
  readonly why: string;
  /** With `cert-expired`: its time is over; else it is yet to come. */
  readonly isOver: boolean;
}

/**
 * What was wrong about which certificate.
 *
 * @param chain the server's own first, then who vouches for it, as far as that was found
 */
export function certificateFailure(
  fault: CertificateFault,
  chain: readonly X509Certificate[],
  { why, isOver }: Verification,
): HandshakeFailure {
  const [own] = chain;
  if (own === undefined) return failure(fault, `the server's certificate isn't accepted: ${why}`);
  if (fault === 'cert-name') {
    return failure(fault, `${named(own, own)} is for other names: ${shown(own.subjectAltName) || 'it says none'}`);
  }
  if (fault === 'cert-expired') {
    const late = chain.find((certificate) => (isOver ? hasExpired(certificate) : isYetToCome(certificate))) ?? own;
    const [from, to] = [utc(late.validFrom), utc(late.validTo)];
    return failure(fault, `${named(late, own)} ${isOver ? `was valid until ${to}` : `isn't valid before ${from}`}`);
  }
  const last = chain.at(-1)!;
  const issuer = last === own ? '' : `; the chain ends with ${named(last, own)}`;
  return failure(fault, `${named(own, own)} isn't trusted: ${why}${issuer}`);
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
