import type { ErrorCode } from './errors.ts';
import type { Outcome } from './outcomes.ts';

interface TlsFailure {
  readonly code: ErrorCode;
  /** What failed, behind a URL and a colon. */
  readonly sentence: string;
  /** A line to paste. */
  readonly hint: string;
}

/** What it means when attempts to open fail in TLS. */
export const TLS_FAILURES = {
  'cert-untrusted': {
    code: 'ETLSCERT',
    sentence: 'its certificate is not trusted',
    hint: '--ca with the file of who signed it, or --insecure to measure it all the same',
  },
  'cert-expired': {
    code: 'ETLSCERT',
    sentence: 'its certificate is not valid now',
    hint: '--insecure to measure it all the same; date, to see whether this clock is right',
  },
  'cert-name': {
    code: 'ETLSCERT',
    sentence: 'its certificate is for another name',
    hint: '--servername with a name that it is for, or --insecure to measure it all the same',
  },
  'tls-alert': {
    code: 'ETLS',
    sentence: 'it ended the TLS handshake',
    hint: '--cert and --key, where it wants to see a certificate; --tls, --tls-ciphers or --servername, where it takes no others',
  },
} as const satisfies Partial<Record<Outcome, TlsFailure>>;

/** Alerts (RFC 8446, section 6.2), and what there is to do about each. */
const OF_ALERTS: Readonly<Record<string, string>> = {
  certificate_required: '--cert and --key, with a certificate that it trusts',
  bad_certificate: '--cert and --key, with another certificate',
  unknown_ca: '--cert and --key, with a certificate of somebody that it trusts',
  access_denied: '--cert and --key, with a certificate that it lets in',
  protocol_version: 'leave --tls out, or say the version that it speaks',
  handshake_failure:
    'leave --tls, --tls-ciphers and --tls-groups out; --cert and --key, where it wants to see a certificate',
  insufficient_security: 'leave --tls-ciphers and --tls-groups out',
  unrecognized_name: '--servername with a name that it knows',
  no_application_protocol: '--alpn with what it speaks, such as http/1.1',
};

/**
 * What to do about a failure, where its words tell: the name of an alert, the names that a certificate is for.
 *
 * @returns undefined where they don't
 */
export function hintOfTls(outcome: Outcome, detail: string): string | undefined {
  if (outcome === 'tls-alert') return OF_ALERTS[/\balert ([a-z_]+)/.exec(detail)?.[1] ?? ''];
  const name = outcome === 'cert-name' ? /\bDNS:([\w.-]+)/.exec(detail)?.[1] : undefined;
  return name && `--servername ${name}, or --insecure to measure it all the same`;
}
