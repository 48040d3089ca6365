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
