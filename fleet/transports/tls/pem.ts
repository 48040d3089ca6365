import { ERR_LIB_PEM, takeErrors, takeReasons } from './error-queue.ts';
import { type Address, NULL } from './libcrypto.ts';
import type { OpenSsl } from './openssl.ts';

/** `PEM_R_NO_START_LINE` of `pemerr.h`: there is nothing more. */
const NO_START_LINE = 108;
/** Without one OpenSSL would ask whoever sits at the terminal. */
const NO_PASSPHRASE = '';

/**
 * All certificates of a text; what else is in it is skipped.
 *
 * @returns each has to be freed
 */
export function readPemCertificates(openssl: OpenSsl, pem: string): readonly Address[] {
  const certificates: Address[] = [];
  withMemory(openssl, pem, (bio) => {
    for (;;) {
      const certificate = openssl.readCertificate(bio, null, null, NO_PASSPHRASE);
      if (certificate === NULL) return;
      certificates.push(certificate);
    }
  });
  const errors = takeErrors(openssl);
  if (errors.every(({ library, reason }) => library === ERR_LIB_PEM && reason === NO_START_LINE)) return certificates;
  for (const certificate of certificates) openssl.certificateFree(certificate);
  throw new Error(`certificate ${certificates.length + 1} can't be read: ${errors.map(({ text }) => text).join(', ')}`);
}

/** @returns has to be freed */
export function readPemKey(openssl: OpenSsl, pem: string): Address {
  const key = withMemory(openssl, pem, (bio) => openssl.readKey(bio, null, null, NO_PASSPHRASE));
  if (key === NULL) throw new Error(`the key can't be read: ${takeReasons(openssl)}`);
  return key;
}

/** A certificate of the library's as PEM, which `node:crypto` reads. */
export function writePemCertificate(openssl: OpenSsl, certificate: Address): string {
  return withMemory(openssl, '', (bio) => {
    openssl.writeCertificate(bio, certificate);
    const bytes = new Uint8Array(MOST_PEM_BYTES);
    const length = openssl.bioRead(bio, bytes, bytes.length);
    return Buffer.from(bytes.buffer, 0, Math.max(0, length)).toString('latin1');
  });
}
const MOST_PEM_BYTES = 262_144;

function withMemory<T>(openssl: OpenSsl, text: string, use: (bio: Address) => T): T {
  const bio = openssl.bioNew(openssl.memoryBio());
  try {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) openssl.bioWrite(bio, bytes, bytes.length);
    return use(bio);
  } finally {
    openssl.bioFree(bio);
  }
}
