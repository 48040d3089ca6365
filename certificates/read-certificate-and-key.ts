import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { word } from '../core/values/shell.ts';
import { parseCertificates, toPem } from './read-certificates.ts';
import { readPem } from './read-pem.ts';

/** What one end proves by who it is. Secret: it goes into no record, log or message. */
export interface CertificateAndKey {
  /** PEM: the certificate, then those that vouch for it as far as they were given. */
  readonly cert: string;
  /** PEM, PKCS#8 without a passphrase, whatever the file had. */
  readonly key: string;
}

/** Says the passphrase of an encrypted key. There is no option for it: a command line is for everybody to read. */
export const PASSPHRASE_VARIABLE = 'CONNRIG_TLS_PASSPHRASE';

/**
 * Reads a certificate and its private key from two PEM files, or from one that has both.
 *
 * @param passphrase of an encrypted key; empty is none
 * @returns a sentence that says what is wrong and what to do
 */
export function readCertificateAndKey(
  certPath: string,
  keyPath: string,
  passphrase: string | undefined,
): CertificateAndKey | string {
  const certificates = parseCertificates(certPath);
  if (typeof certificates === 'string') return certificates;
  const key = readPrivateKey(keyPath, passphrase);
  if (typeof key === 'string') return key;
  const pair = {
    cert: toPem(certificates),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  return mismatch(certificates, certPath, key, keyPath) ?? refusal(pair, certPath, keyPath) ?? pair;
}

function readPrivateKey(path: string, passphrase: string | undefined): KeyObject | string {
  const blocks = readPem(path, `openssl pkey -inform der -in ${word(path)} -out key.pem`);
  if (typeof blocks === 'string') return blocks;
  // Parameters of its curve stand before a key that `openssl ecparam` made.
  const block = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (block === undefined) {
    const { label } = blocks[0]!;
    const what = label.endsWith('CERTIFICATE') ? 'certificate' : label;
    return `${path} has no private key in it: it is a ${what}; name the file with the key that belongs to the certificate`;
  }
  const isEncrypted = block.label.startsWith('ENCRYPTED') || /^Proc-Type: *4,ENCRYPTED/m.test(block.text);
  if (isEncrypted && !passphrase) {
    return `${path} is encrypted; say its passphrase in the environment variable ${PASSPHRASE_VARIABLE}`;
  }
  try {
    return createPrivateKey({ key: block.text, ...(isEncrypted && { passphrase }) });
  } catch {
    return isEncrypted
      ? `${path} can't be decrypted: ${PASSPHRASE_VARIABLE} is not its passphrase, or the file is damaged`
      : `${path}: the key (line ${block.line}) can't be read; openssl pkey -in ${word(path)} -noout says why`;
  }
}

function mismatch(
  certificates: readonly X509Certificate[],
  certPath: string,
  key: KeyObject,
  keyPath: string,
): string | undefined {
  const own = certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (own === 0) return undefined;
  if (own > 0) {
    return `${certPath}: certificate ${own + 1} is that of ${keyPath}; it has to come first, before those that vouch for it`;
  }
  return `${keyPath} is not the key of ${certPath}: each has another public key; openssl x509 -in ${word(certPath)} -noout -pubkey and openssl pkey -in ${word(keyPath)} -pubout show them`;
}

/** What OpenSSL has against a pair that belongs together: keys that are too short, for one. */
function refusal(pair: CertificateAndKey, certPath: string, keyPath: string): string | undefined {
  try {
    createSecureContext(pair);
    return undefined;
  } catch (error) {
    const { reason = (error as Error).message } = error as Error & { readonly reason?: string };
    return `${certPath} and ${keyPath} can't serve TLS: ${reason}; make others with openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=localhost -keyout key.pem -out cert.pem`;
  }
}
