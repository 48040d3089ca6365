import { generateKeyPairSync } from 'node:crypto';
import koffi from 'koffi';
import { BioPair } from './bio-pair.ts';
import type { Address } from './libcrypto.ts';
import { SSL_ERROR_WANT_READ } from './libssl.ts';
import type { OpenSsl } from './openssl.ts';
import { readPemKey, writePemCertificate } from './pem.ts';

/** A server without a socket, to hold OpenSSL against itself. */
export interface MemoryServer {
  /** PEM: it vouches for itself, for {@link MEMORY_SERVER_NAME}, until a minute from now. */
  readonly certificate: string;
  accept(): MemoryPeer;
  /** Every peer has to be disposed of before. */
  dispose(): void;
}

/** The server's end of one connection. Says back what it hears, and goodbye to goodbye. */
export interface MemoryPeer {
  readonly ssl: Address;
  /** @returns what it sends; a copy */
  answer(bytes: Uint8Array): Uint8Array;
  dispose(): void;
}

export const MEMORY_SERVER_NAME = 'connrig';
const SCRATCH_BYTES = 16_384;

export function createMemoryServer(openssl: OpenSsl): MemoryServer {
  const lib = koffi.load(null);
  const acceptSsl: (ssl: Address) => number = lib.func('int SSL_accept(uintptr_t)');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = readPemKey(openssl, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const certificate = makeCertificateOf(key);
  const context = openssl.contextNew(lib.func('uintptr_t TLS_server_method()')());
  openssl.useCertificate(context, certificate);
  openssl.useKey(context, key);
  const bios = new BioPair(openssl);
  const scratch = new Uint8Array(SCRATCH_BYTES);
  return {
    certificate: writePemCertificate(openssl, certificate),
    accept() {
      const ssl = openssl.sslNew(context);
      bios.lendTo(ssl);
      return { ssl, answer: (bytes) => answer(ssl, bytes), dispose: () => openssl.sslFree(ssl) };
    },
    dispose() {
      openssl.contextFree(context);
      openssl.certificateFree(certificate);
      openssl.keyFree(key);
      bios.dispose();
    },
  };

  function answer(ssl: Address, bytes: Uint8Array): Uint8Array {
    openssl.clearErrors();
    bios.feed(bytes);
    if (acceptSsl(ssl) === 1) {
      let length = openssl.sslRead(ssl, scratch, scratch.length);
      for (; length > 0; length = openssl.sslRead(ssl, scratch, scratch.length)) openssl.sslWrite(ssl, scratch, length);
      if (openssl.errorOf(ssl, length) !== SSL_ERROR_WANT_READ) openssl.sslShutdown(ssl);
    }
    openssl.clearErrors();
    bios.dropInput();
    return bios.takeOutput().slice();
  }

  function makeCertificateOf(own: Address): Address {
    const made: Address = lib.func('uintptr_t X509_new()')();
    const subject: Address = lib.func('uintptr_t X509_get_subject_name(uintptr_t)')(made);
    const adjust = lib.func('uintptr_t X509_gmtime_adj(uintptr_t, long)');
    adjust(lib.func('uintptr_t X509_getm_notBefore(uintptr_t)')(made), -60);
    adjust(lib.func('uintptr_t X509_getm_notAfter(uintptr_t)')(made), 60);
    const addEntry = lib.func(
      'int X509_NAME_add_entry_by_txt(uintptr_t, const char *, int, const char *, int, int, int)',
    );
    addEntry(subject, 'CN', MBSTRING_ASC, MEMORY_SERVER_NAME, -1, -1, 0);
    lib.func('int X509_set_issuer_name(uintptr_t, uintptr_t)')(made, subject);
    lib.func('int X509_set_pubkey(uintptr_t, uintptr_t)')(made, own);
    const isSigned = lib.func('int X509_sign(uintptr_t, uintptr_t, uintptr_t)')(
      made,
      own,
      lib.func('uintptr_t EVP_sha256()')(),
    );
    if (isSigned <= 0) throw new Error('OpenSSL signs no certificate');
    return made;
  }
}
/** Of `asn1.h`. */
const MBSTRING_ASC = 0x1001;
