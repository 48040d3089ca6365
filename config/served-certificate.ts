import { type CertificateAndKey, PASSPHRASE_VARIABLE } from '../certificates/read-certificate-and-key.ts';
import { SCHEMES, type SchemeName, toCarried } from '../core/protocols/schemes.ts';
import { readPair } from './certificate-pair.ts';
import { type OptionTable, text } from './option.ts';
import type { CommandLine } from './read-options.ts';

/** What a server over TLS proves itself by. */
export const SERVED_CERTIFICATE_OPTIONS = {
  tlsCert: {
    name: 'tls-cert',
    group: 'listening',
    argument: '<file>',
    help: 'PEM: the certificate of what is served over TLS, and those that vouch for it (default: one made at start)',
    read: text,
  },
  tlsKey: {
    name: 'tls-key',
    group: 'listening',
    argument: '<file>',
    help: `PEM: its key; the passphrase, if it has one, is read from ${PASSPHRASE_VARIABLE}`,
    read: text,
  },
} as const satisfies OptionTable;

interface Given {
  readonly schemes: readonly SchemeName[];
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
}

export const isOverTls = (scheme: SchemeName): boolean => toCarried(scheme).transport === 'tls';

/**
 * @param problems a sentence is added for each
 * @returns undefined where none is given
 */
export function readServedCertificate(
  { schemes, tlsCert, tlsKey }: Given,
  env: CommandLine['env'],
  problems: string[],
): CertificateAndKey | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (!schemes.some(isOverTls)) {
    const ofTls = SCHEMES.filter(isOverTls).join(', ');
    problems.push(`--tls-cert: nothing is served over TLS; name one of ${ofTls} in --protocol`);
  }
  return readPair({ name: 'tls-cert', path: tlsCert }, { name: 'tls-key', path: tlsKey }, env, problems);
}
