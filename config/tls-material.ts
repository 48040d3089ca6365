import { rootCertificates } from 'node:tls';
import type { CertificateAndKey } from '../certificates/read-certificate-and-key.ts';
import { readCertificates } from '../certificates/read-certificates.ts';
import { readPair } from './certificate-pair.ts';
import type { OptionValues } from './read-options.ts';
import type { TLS_OPTIONS } from './run/tls-options.ts';

/** What is read of the files that TLS takes. Secret: it goes into no record, log or message. */
export interface TlsMaterial {
  /** PEM of the certificates that are trusted. */
  readonly ca: string;
  /** The client's own, PEM. */
  readonly own: CertificateAndKey | undefined;
}

type TlsValues = OptionValues<typeof TLS_OPTIONS>;

/** @param problems gets a sentence for each that is wrong */
export function readTlsMaterial(
  { ca, cert, key }: Pick<TlsValues, 'ca' | 'cert' | 'key'>,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): TlsMaterial {
  const given = ca === undefined ? undefined : readCertificates(ca);
  if (typeof given === 'string') problems.push(`--ca: ${given}`);
  const own = readPair({ name: 'cert', path: cert }, { name: 'key', path: key }, env, problems);
  return {
    ca: typeof given === 'object' ? given.pem : trustedByNode(env),
    own,
  };
}

/** The roots that Node.js comes with, and those that its variable adds. */
function trustedByNode(env: Readonly<Record<string, string | undefined>>): string {
  const extra = env['NODE_EXTRA_CA_CERTS'];
  const more = extra === undefined || extra === '' ? undefined : readCertificates(extra);
  return `${rootCertificates.join('\n')}\n${typeof more === 'object' ? more.pem : ''}`;
}
