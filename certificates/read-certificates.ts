import { X509Certificate } from 'node:crypto';
import { word } from '../core/values/shell.ts';
import { type PemBlock, readPem } from './read-pem.ts';

/** Certificates of a file, in its order: those that are trusted, or one with those that vouch for it. */
export interface Certificates {
  /** As it was given. */
  readonly path: string;
  /** Blocks of PEM and nothing between them. */
  readonly pem: string;
}

/** The names that OpenSSL knows for one. A `TRUSTED CERTIFICATE` has more in it than others read. */
const LABELS: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE']);

/**
 * Reads a PEM file of one or more certificates. Keys that stand beside them are left where they are.
 *
 * @returns a sentence that says what is wrong with it and what to do
 */
export function readCertificates(path: string): Certificates | string {
  const parsed = parseCertificates(path);
  return typeof parsed === 'string' ? parsed : { path, pem: toPem(parsed) };
}

/** @returns at least one, or a sentence as {@link readCertificates} has it */
export function parseCertificates(path: string): readonly X509Certificate[] | string {
  const blocks = readPem(path, `openssl x509 -inform der -in ${word(path)} -out cert.pem`);
  if (typeof blocks === 'string') return blocks;
  const found = blocks.filter(({ label }) => LABELS.has(label));
  if (found.length === 0) return `${path} has no certificate in it: ${insteadOf(path, blocks)}`;
  const certificates: X509Certificate[] = [];
  for (const [index, { text, line }] of found.entries()) {
    try {
      certificates.push(new X509Certificate(text));
    } catch {
      const which = found.length === 1 ? 'the certificate' : `certificate ${index + 1} of ${found.length}`;
      return `${path}: ${which} (line ${line}) can't be read; copy the file anew from where it was made`;
    }
  }
  return certificates;
}

export const toPem = (certificates: readonly X509Certificate[]): string => certificates.map(String).join('');

/** What the file has, and what makes a certificate of it. */
function insteadOf(path: string, [first]: readonly PemBlock[]): string {
  const { label } = first!;
  if (label.endsWith('PRIVATE KEY'))
    return 'it is a private key; name the file with the certificate that belongs to it';
  if (label === 'TRUSTED CERTIFICATE') {
    return `it is a ${label}; openssl x509 -in ${word(path)} -out cert.pem makes a certificate of it`;
  }
  if (label.endsWith('CERTIFICATE REQUEST')) return 'it is a request for one, which an authority has yet to sign';
  if (label === 'PKCS7') return `openssl pkcs7 -print_certs -in ${word(path)} -out cert.pem takes them out of PKCS7`;
  return `its first block is ${label}`;
}
