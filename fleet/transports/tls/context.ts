import { isIP } from 'node:net';
import { narrowVersions, splitCiphers } from './ciphers.ts';
import { takeReasons } from './error-queue.ts';
import { groupsOf } from './groups.ts';
import { type Address, NULL } from './libcrypto.ts';
import {
  SSL_CTRL_CHAIN_CERT,
  SSL_CTRL_MODE,
  SSL_CTRL_SESS_CACHE_MODE,
  SSL_CTRL_SET_GROUPS_LIST,
  SSL_CTRL_SET_MAX_PROTO_VERSION,
  SSL_CTRL_SET_MIN_PROTO_VERSION,
  SSL_MODE_NO_AUTO_CHAIN,
  SSL_OP_NO_RENEGOTIATION,
  SSL_SESS_CACHE_OFF,
  SSL_VERIFY_NONE,
  SSL_VERIFY_PEER,
  TLS1_2_VERSION,
  TLS1_3_VERSION,
  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
  X509_V_FLAG_PARTIAL_CHAIN,
} from './libssl.ts';
import type { OpenSsl } from './openssl.ts';
import { readPemCertificates, readPemKey } from './pem.ts';
import type { TlsOptions } from './tls-options.ts';

const VERSION_NUMBERS = { '1.2': TLS1_2_VERSION, '1.3': TLS1_3_VERSION } as const;
const MOST_ALPN_BYTES = 255;

/**
 * What all handshakes of a transport have in common, for OpenSSL: `SSL_CTX`. Has to be freed by `contextFree`.
 *
 * @throws Error with a sentence that says which option can't be taken
 */
export function createTlsContext(openssl: OpenSsl, options: TlsOptions): Address {
  openssl.clearErrors();
  const context = openssl.contextNew(openssl.clientMethod());
  if (context === NULL) throw new Error(`OpenSSL makes no context: ${takeReasons(openssl)}`);
  try {
    openssl.contextControl(context, SSL_CTRL_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, null);
    openssl.contextControl(context, SSL_CTRL_MODE, SSL_MODE_NO_AUTO_CHAIN, null);
    openssl.setContextOptions(context, SSL_OP_NO_RENEGOTIATION);
    setCiphers(openssl, context, options);
    setGroups(openssl, context, options);
    setAlpn(openssl, context, options.alpn);
    setTrust(openssl, context, options);
    if (options.own !== undefined) setOwn(openssl, context, options.own);
    return context;
  } catch (error) {
    openssl.contextFree(context);
    throw error;
  } finally {
    openssl.clearErrors();
  }
}

function setCiphers(openssl: OpenSsl, context: Address, { ciphers, versions }: TlsOptions): void {
  const split = ciphers === undefined ? undefined : splitCiphers(openssl, ciphers);
  if (split !== undefined) {
    for (const name of split.suites) {
      if (openssl.setSuites(context, name) !== 1) throw unknown('cipher suite of TLS 1.3', name);
    }
    for (const name of split.list) {
      if (isNamed(name) && openssl.setCipherList(context, name) !== 1) throw unknown('cipher', name);
    }
    openssl.setSuites(context, split.suites.join(':'));
    if (split.list.length > 0 && openssl.setCipherList(context, split.list.join(':')) !== 1) {
      throw new Error(`"${split.list.join(':')}" leaves no cipher`);
    }
  }
  const numbers = narrowVersions(versions, split).map((version) => VERSION_NUMBERS[version]);
  openssl.contextControl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Math.min(...numbers), null);
  openssl.contextControl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Math.max(...numbers), null);
}

/** What takes away, adds, sorts or commands names nothing that has to be there. */
const isNamed = (item: string): boolean => !/^[!+@-]/.test(item);
const unknown = (kind: string, name: string): Error => new Error(`OpenSSL knows no ${kind} "${name}"`);

function setGroups(openssl: OpenSsl, context: Address, options: TlsOptions): void {
  const names = groupsOf(options);
  for (const name of names) {
    if (name === '' || !takesGroups(openssl, context, name)) throw unknown('group', name);
  }
  const list = names.join(':');
  if (!takesGroups(openssl, context, list)) throw new Error(`OpenSSL doesn't take the groups "${list}"`);
}

const takesGroups = (openssl: OpenSsl, context: Address, list: string): boolean =>
  openssl.contextControl(context, SSL_CTRL_SET_GROUPS_LIST, 0, Buffer.from(`${list}\0`)) === 1;

function setAlpn(openssl: OpenSsl, context: Address, names: readonly string[]): void {
  if (names.length === 0) return;
  const parts = names.map((name) => Buffer.from(name));
  for (const { length } of parts) {
    if (length === 0 || length > MOST_ALPN_BYTES) throw new Error(`a name of ALPN has 1 to 255 bytes, not ${length}`);
  }
  const list = Buffer.concat(parts.flatMap((part) => [Uint8Array.of(part.length), part]));
  if (openssl.setAlpn(context, list, list.length) !== 0)
    throw new Error(`OpenSSL doesn't take ALPN "${names.join(',')}"`);
}

/** A name or address belongs to what is verified, and objects inherit it. */
function setTrust(openssl: OpenSsl, context: Address, { verify, ca, servername }: TlsOptions): void {
  openssl.setVerify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, null);
  if (!verify) return;
  const verification = openssl.verification(context);
  openssl.setHostFlags(verification, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // What is trusted need not vouch for itself: a server's own certificate may be given.
  openssl.setVerificationFlags(verification, X509_V_FLAG_PARTIAL_CHAIN);
  const isTaken = isIP(servername)
    ? openssl.verifyIp(verification, servername)
    : openssl.verifyHost(verification, servername, Buffer.byteLength(servername));
  if (isTaken !== 1) throw new Error(`"${servername}" is no name that a certificate can be for`);
  const store = openssl.trustStore(context);
  for (const certificate of readPemCertificates(openssl, ca)) {
    openssl.trust(store, certificate);
    openssl.certificateFree(certificate);
  }
}

function setOwn(openssl: OpenSsl, context: Address, own: NonNullable<TlsOptions['own']>): void {
  const [first, ...chain] = readPemCertificates(openssl, own.cert);
  if (first === undefined) throw new Error('there is no certificate in what is to be the own one');
  try {
    if (openssl.useCertificate(context, first) !== 1) {
      throw new Error(`OpenSSL doesn't take the own certificate: ${takeReasons(openssl)}`);
    }
    for (const certificate of chain) openssl.contextAddChain(context, SSL_CTRL_CHAIN_CERT, 1, certificate);
    const key = readPemKey(openssl, own.key);
    const isTaken = openssl.useKey(context, key) === 1 && openssl.checkKey(context) === 1;
    openssl.keyFree(key);
    if (!isTaken) throw new Error(`the key isn't the one of the own certificate: ${takeReasons(openssl)}`);
  } finally {
    for (const certificate of [first, ...chain]) openssl.certificateFree(certificate);
  }
}
