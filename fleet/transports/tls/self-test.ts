import { generateKeyPairSync } from 'node:crypto';
import koffi from 'koffi';
import { BioPair } from './bio-pair.ts';
import { type Address, NULL } from './libcrypto.ts';
import { SSL_ERROR_WANT_READ } from './libssl.ts';
import { loadOpenSsl, type OpenSsl } from './openssl.ts';
import { readPemKey, writePemCertificate } from './pem.ts';
import { createTlsTransport } from './tls-transport.ts';

const SLOT = 0;
const PING = Buffer.from('ping');
const PONG = Buffer.from('pong');
/** Flights that a handshake may take. */
const MOST_FLIGHTS = 10;

/**
 * Holds a connection over TLS with a server of OpenSSL in this thread: the handshake, a message in each direction, and its end.
 *
 * @returns in words, why that can't be done; undefined when it can
 * @throws when one of the functions can't be had
 */
export function testOpenSsl(): string | undefined {
  const openssl = loadOpenSsl();
  const server = createTestServer(openssl);
  const seen: { trouble?: string; isSecured: boolean; hasEnded: boolean } = { isSecured: false, hasEnded: false };
  const heard: Uint8Array[] = [];
  const toServer: Uint8Array[] = [];
  const transport = createTlsTransport(
    { ...OPTIONS, ca: server.certificate },
    1,
    {
      onSend: (_, bytes) => void toServer.push(bytes.slice()),
      onSecured: () => {
        seen.isSecured = true;
      },
      onPlain: (_, bytes) => void heard.push(bytes.slice()),
      onPeerEnd: () => {
        seen.hasEnded = true;
      },
      onFailure: (_, _outcome, detail) => {
        seen.trouble = detail;
      },
    },
    () => {},
  );
  const exchange = () => {
    const answer = server.answer(Buffer.concat(toServer.splice(0)));
    if (answer.length > 0) transport.onBytes(SLOT, answer);
  };
  try {
    transport.start(SLOT);
    for (let flight = 0; flight < MOST_FLIGHTS && !seen.isSecured && seen.trouble === undefined; flight++) exchange();
    if (seen.trouble !== undefined) return `its handshake failed: ${seen.trouble}`;
    if (!seen.isSecured) return 'its handshake came to no end';
    toServer.push(transport.seal(SLOT, PING).slice());
    exchange();
    toServer.push(transport.goodbye(SLOT).slice());
    exchange();
    if (!server.heard().equals(PING)) return 'a server of its own read something else than was sent';
    if (!Buffer.concat(heard).equals(PONG) || !seen.hasEnded) return 'what a server of its own sent was not understood';
    return undefined;
  } finally {
    transport.dispose();
    server.dispose();
  }
}

const OPTIONS = {
  servername: 'connrig',
  verify: true,
  own: undefined,
  alpn: [],
  versions: ['1.2', '1.3'],
  ciphers: undefined,
  groups: undefined,
  resume: false,
} as const;

/** Answers each message by `pong`, and the client's goodbye by its own. */
interface TestServer {
  /** PEM: it vouches for itself. */
  readonly certificate: string;
  answer(bytes: Uint8Array): Uint8Array;
  heard(): Buffer;
  dispose(): void;
}

function createTestServer(openssl: OpenSsl): TestServer {
  const lib = koffi.load(null);
  const context = openssl.contextNew(lib.func('uintptr_t TLS_server_method()')());
  const accept: (ssl: Address) => number = lib.func('int SSL_accept(uintptr_t)');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = readPemKey(openssl, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const certificate = makeCertificateOf(key);
  openssl.useCertificate(context, certificate);
  openssl.useKey(context, key);
  const bios = new BioPair(openssl);
  const ssl = openssl.sslNew(context);
  bios.lendTo(ssl);
  const pieces: Buffer[] = [];
  const scratch = Buffer.alloc(1024);
  return {
    certificate: writePemCertificate(openssl, certificate),
    answer(bytes) {
      bios.feed(bytes);
      if (accept(ssl) === 1) {
        const length = openssl.sslRead(ssl, scratch, scratch.length);
        if (length > 0) {
          pieces.push(Buffer.from(scratch.subarray(0, length)));
          openssl.sslWrite(ssl, PONG, PONG.length);
        } else if (openssl.errorOf(ssl, length) !== SSL_ERROR_WANT_READ) openssl.sslShutdown(ssl);
      }
      openssl.clearErrors();
      return bios.takeOutput().slice();
    },
    heard: () => Buffer.concat(pieces),
    dispose() {
      openssl.sslFree(ssl);
      openssl.contextFree(context);
      openssl.certificateFree(certificate);
      openssl.keyFree(key);
      bios.dispose();
    },
  };

  /** Valid for a minute, for `connrig`. */
  function makeCertificateOf(own: Address): Address {
    const made: Address = lib.func('uintptr_t X509_new()')();
    const subject: Address = lib.func('uintptr_t X509_get_subject_name(uintptr_t)')(made);
    const adjust = lib.func('uintptr_t X509_gmtime_adj(uintptr_t, long)');
    adjust(lib.func('uintptr_t X509_getm_notBefore(uintptr_t)')(made), -60);
    adjust(lib.func('uintptr_t X509_getm_notAfter(uintptr_t)')(made), 60);
    lib.func('int X509_NAME_add_entry_by_txt(uintptr_t, const char *, int, const char *, int, int, int)')(
      subject,
      'CN',
      MBSTRING_ASC,
      OPTIONS.servername,
      -1,
      -1,
      0,
    );
    lib.func('int X509_set_issuer_name(uintptr_t, uintptr_t)')(made, subject);
    lib.func('int X509_set_pubkey(uintptr_t, uintptr_t)')(made, own);
    lib.func('int X509_sign(uintptr_t, uintptr_t, uintptr_t)')(made, own, lib.func('uintptr_t EVP_sha256()')());
    if (made === NULL) throw new Error('X509_new makes nothing');
    return made;
  }
}
/** Of `asn1.h`. */
const MBSTRING_ASC = 0x1001;
