import {
  type CertificateAndKey,
  PASSPHRASE_VARIABLE,
  readCertificateAndKey,
} from '../certificates/read-certificate-and-key.ts';

/** An option that names a file, and what it named. */
interface FileOption {
  /** Without dashes. */
  readonly name: string;
  readonly path: string | undefined;
}

/**
 * Reads what two options name: a certificate, and the key that belongs to it. To be called once: a pipe that a shell made
 * says what it has once.
 *
 * @param problems a sentence is added for each
 * @returns undefined where neither is given, or one of them is wrong
 */
export function readPair(
  cert: FileOption,
  key: FileOption,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): CertificateAndKey | undefined {
  if (cert.path !== undefined && key.path !== undefined) {
    const read = readCertificateAndKey(cert.path, key.path, env[PASSPHRASE_VARIABLE]);
    if (typeof read !== 'string') return read;
    problems.push(`--${cert.name} and --${key.name}: ${read}`);
  } else if (cert.path !== undefined) {
    problems.push(`--${cert.name}: its private key is missing; --${key.name} with the file of it`);
  } else if (key.path !== undefined) {
    problems.push(`--${key.name}: the certificate that it belongs to is missing; --${cert.name} with its file`);
  }
  return undefined;
}
