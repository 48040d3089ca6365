import { generateKeyPairSync } from 'node:crypto';
import koffi from 'koffi';
import { BioPair } from './bio-pair.ts';
import type { Address } from './libcrypto.ts';
import { SSL_CTRL_SESS_CACHE_MODE, SSL_ERROR_WANT_READ, SSL_SESS_CACHE_OFF } from './libssl.ts';
import type { OpenSsl } from './openssl.ts';
import { readPemKey, writePemCertificate } from './pem.ts';

/** A server without a socket, to hold OpenSSL against itself. */
export interface MemoryServer {
  /** PEM: it vouches for itself, for {@link MEMORY_SERVER_NAME}, until a day from now. */
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

/** A server's calls, and those that make a certificate, of the functions of these names. */
const loadServerCalls = () => {
  const lib = koffi.load(null);
  return {
    method: lib.func('uintptr_t TLS_server_method()'),
    accept: lib.func('int SSL_accept(uintptr_t)'),
    certificateNew: lib.func('uintptr_t X509_new()'),
    subjectOf: lib.func('uintptr_t X509_get_subject_name(uintptr_t)'),
    addEntry: lib.func('int X509_NAME_add_entry_by_txt(uintptr_t, const char *, int, const char *, int, int, int)'),
    setIssuer: lib.func('int X509_set_issuer_name(uintptr_t, uintptr_t)'),
    notBeforeOf: lib.func('uintptr_t X509_getm_notBefore(uintptr_t)'),
    notAfterOf: lib.func('uintptr_t X509_getm_notAfter(uintptr_t)'),
    setFromNow: lib.func('uintptr_t X509_gmtime_adj(uintptr_t, long)'),
    setKey: lib.func('int X509_set_pubkey(uintptr_t, uintptr_t)'),
    sha256: lib.func('uintptr_t EVP_sha256()'),
    sign: lib.func('int X509_sign(uintptr_t, uintptr_t, uintptr_t)'),
  };
};
let calls: ReturnType<typeof loadServerCalls> | undefined;

export function createMemoryServer(openssl: OpenSsl): MemoryServer {
  calls ??= loadServerCalls();
  const server = calls;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = readPemKey(openssl, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const certificate = makeCertificateOf(key);
  const context = openssl.contextNew(server.method());
  openssl.contextControl(context, SSL_CTRL_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, null);
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
    if (server.accept(ssl) === 1) {
      let length = openssl.sslRead(ssl, scratch, scratch.length);
      for (; length > 0; length = openssl.sslRead(ssl, scratch, scratch.length)) openssl.sslWrite(ssl, scratch, length);
      if (openssl.errorOf(ssl, length) !== SSL_ERROR_WANT_READ) openssl.sslShutdown(ssl);
    }
    openssl.clearErrors();
    bios.dropInput();
    return bios.takeOutput().slice();
  }

  function makeCertificateOf(own: Address): Address {
    const made: Address = server.certificateNew();
    const subject: Address = server.subjectOf(made);
    server.addEntry(subject, 'CN', MBSTRING_ASC, MEMORY_SERVER_NAME, -1, -1, 0);
    server.setIssuer(made, subject);
    server.setFromNow(server.notBeforeOf(made), -DAY_SECONDS);
    server.setFromNow(server.notAfterOf(made), DAY_SECONDS);
    server.setKey(made, own);
    const isSigned = server.sign(made, own, server.sha256());
    if (isSigned <= 0) throw new Error('OpenSSL signs no certificate');
    return made;
  }
}
/** A number of `asn1.h`. */
const MBSTRING_ASC = 0x1001;
const DAY_SECONDS = 86_400;
