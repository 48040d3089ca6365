import type { LibraryHandle } from 'koffi';
import type { Address } from './libcrypto.ts';

/**
 * The calls of libssl, and those of libcrypto about certificates and errors, that handshakes need. An integer that is returned is 1
 * where all went well, unless it says so otherwise. All structures are opaque. See the manual pages of the functions of these names.
 */
export interface LibSsl {
  /** `0x30000130`: major, minor and patch of the library that runs, whatever this process was compiled with. */
  version(): number;
  clientMethod(): Address;
  contextNew(method: Address): Address;
  contextFree(context: Address): void;
  contextControl(context: Address, command: number, long: number, pointer: Uint8Array | null): number;
  contextAddChain(context: Address, command: number, long: number, certificate: Address): number;
  setContextOptions(context: Address, options: number): number;
  setKeyLog(context: Address, callback: bigint): void;
  setVerify(context: Address, mode: number, callback: null): void;
  setSuites(context: Address, names: string): number;
  setCipherList(context: Address, names: string): number;
  /** From a name as IANA has it to OpenSSL's; `(NONE)` when there is none. */
  cipherNameOf(standardName: string): string;
  /** @returns 0 where all went well */
  setAlpn(context: Address, list: Uint8Array, length: number): number;
  verification(context: Address): Address;
  verifyHost(verification: Address, name: string, length: number): number;
  verifyIp(verification: Address, ip: string): number;
  setHostFlags(verification: Address, flags: number): void;
  setVerificationFlags(verification: Address, flags: number): number;
  trustStore(context: Address): Address;
  trust(store: Address, certificate: Address): number;
  useCertificate(context: Address, certificate: Address): number;
  useKey(context: Address, key: Address): number;
  checkKey(context: Address): number;

  sslNew(context: Address): Address;
  sslFree(ssl: Address): void;
  sslControl(ssl: Address, command: number, long: number, text: string | null): number;
  setBio(ssl: Address, input: Address, output: Address): void;
  connect(ssl: Address): number;
  sslRead(ssl: Address, bytes: Uint8Array, length: number): number;
  sslWrite(ssl: Address, bytes: Uint8Array, length: number): number;
  sslShutdown(ssl: Address): number;
  setShutdown(ssl: Address, mode: number): void;
  /** Those of records, where nothing waits in them. */
  freeBuffers(ssl: Address): number;
  errorOf(ssl: Address, result: number): number;
  protocolOf(ssl: Address): number;
  cipherOf(ssl: Address): Address;
  standardNameOf(cipher: Address): string;
  alpnOf(ssl: Address, text: BigUint64Array, length: Uint32Array): void;
  peerCertificate(ssl: Address): Address;
  verifyResultOf(ssl: Address): number;
  verifiedChain(ssl: Address): Address;
  clientRandomOf(ssl: Address, bytes: Uint8Array, length: number): number;
  serverRandomOf(ssl: Address, bytes: Uint8Array, length: number): number;
  isReused(ssl: Address): number;
  sessionOf(ssl: Address): Address;
  /** One that is held: it has to be freed. */
  holdSession(ssl: Address): Address;
  setSession(ssl: Address, session: Address): number;
  isResumable(session: Address): number;
  sessionFree(session: Address): void;
  masterSecretOf(session: Address, bytes: Uint8Array, length: number): number;

  memoryBio(): Address;
  bioNew(method: Address): Address;
  bioFree(bio: Address): number;
  bioHold(bio: Address): number;
  bioWrite(bio: Address, bytes: Uint8Array, length: number): number;
  bioRead(bio: Address, bytes: Uint8Array, length: number): number;
  bioControl(bio: Address, command: number, long: number, pointer: null): number;

  readCertificate(bio: Address, into: null, callback: null, passphrase: string): Address;
  writeCertificate(bio: Address, certificate: Address): number;
  certificateFree(certificate: Address): void;
  publicKeyOf(certificate: Address): Address;
  readKey(bio: Address, into: null, callback: null, passphrase: string): Address;
  keyFree(key: Address): void;
  keyKind(key: Address): number;
  keyBits(key: Address): number;
  chainLength(chain: Address): number;
  chainAt(chain: Address, index: number): Address;
  verifyErrorText(result: number): string;

  /** The oldest of the thread's queue, which it leaves; 0: there is none. */
  takeError(): number;
  reasonText(error: number): string | null;
}

/** @throws when one of the functions can't be had */
export function loadLibSsl(lib: LibraryHandle): LibSsl {
  return {
    version: lib.func('unsigned long OpenSSL_version_num()'),
    clientMethod: lib.func('uintptr_t TLS_client_method()'),
    contextNew: lib.func('uintptr_t SSL_CTX_new(uintptr_t)'),
    contextFree: lib.func('void SSL_CTX_free(uintptr_t)'),
    contextControl: lib.func('long SSL_CTX_ctrl(uintptr_t, int, long, void *)'),
    contextAddChain: lib.func('long SSL_CTX_ctrl(uintptr_t, int, long, uintptr_t)'),
    setContextOptions: lib.func('uint64_t SSL_CTX_set_options(uintptr_t, uint64_t)'),
    setKeyLog: lib.func('void SSL_CTX_set_keylog_callback(uintptr_t, void *)'),
    setVerify: lib.func('void SSL_CTX_set_verify(uintptr_t, int, void *)'),
    setSuites: lib.func('int SSL_CTX_set_ciphersuites(uintptr_t, const char *)'),
    setCipherList: lib.func('int SSL_CTX_set_cipher_list(uintptr_t, const char *)'),
    cipherNameOf: lib.func('const char *OPENSSL_cipher_name(const char *)'),
    setAlpn: lib.func('int SSL_CTX_set_alpn_protos(uintptr_t, void *, unsigned int)'),
    verification: lib.func('uintptr_t SSL_CTX_get0_param(uintptr_t)'),
    verifyHost: lib.func('int X509_VERIFY_PARAM_set1_host(uintptr_t, const char *, size_t)'),
    verifyIp: lib.func('int X509_VERIFY_PARAM_set1_ip_asc(uintptr_t, const char *)'),
    setHostFlags: lib.func('void X509_VERIFY_PARAM_set_hostflags(uintptr_t, unsigned int)'),
    setVerificationFlags: lib.func('int X509_VERIFY_PARAM_set_flags(uintptr_t, unsigned long)'),
    trustStore: lib.func('uintptr_t SSL_CTX_get_cert_store(uintptr_t)'),
    trust: lib.func('int X509_STORE_add_cert(uintptr_t, uintptr_t)'),
    useCertificate: lib.func('int SSL_CTX_use_certificate(uintptr_t, uintptr_t)'),
    useKey: lib.func('int SSL_CTX_use_PrivateKey(uintptr_t, uintptr_t)'),
    checkKey: lib.func('int SSL_CTX_check_private_key(uintptr_t)'),
    sslNew: lib.func('uintptr_t SSL_new(uintptr_t)'),
    sslFree: lib.func('void SSL_free(uintptr_t)'),
    sslControl: lib.func('long SSL_ctrl(uintptr_t, int, long, const char *)'),
    setBio: lib.func('void SSL_set_bio(uintptr_t, uintptr_t, uintptr_t)'),
    connect: lib.func('int SSL_connect(uintptr_t)'),
    sslRead: lib.func('int SSL_read(uintptr_t, void *, int)'),
    sslWrite: lib.func('int SSL_write(uintptr_t, void *, int)'),
    sslShutdown: lib.func('int SSL_shutdown(uintptr_t)'),
    freeBuffers: lib.func('int SSL_free_buffers(uintptr_t)'),
    setShutdown: lib.func('void SSL_set_shutdown(uintptr_t, int)'),
    errorOf: lib.func('int SSL_get_error(uintptr_t, int)'),
    protocolOf: lib.func('int SSL_version(uintptr_t)'),
    cipherOf: lib.func('uintptr_t SSL_get_current_cipher(uintptr_t)'),
    standardNameOf: lib.func('const char *SSL_CIPHER_standard_name(uintptr_t)'),
    alpnOf: lib.func('void SSL_get0_alpn_selected(uintptr_t, void *, void *)'),
    peerCertificate: lib.func('uintptr_t SSL_get0_peer_certificate(uintptr_t)'),
    verifyResultOf: lib.func('long SSL_get_verify_result(uintptr_t)'),
    verifiedChain: lib.func('uintptr_t SSL_get0_verified_chain(uintptr_t)'),
    clientRandomOf: lib.func('size_t SSL_get_client_random(uintptr_t, void *, size_t)'),
    serverRandomOf: lib.func('size_t SSL_get_server_random(uintptr_t, void *, size_t)'),
    isReused: lib.func('int SSL_session_reused(uintptr_t)'),
    sessionOf: lib.func('uintptr_t SSL_get_session(uintptr_t)'),
    holdSession: lib.func('uintptr_t SSL_get1_session(uintptr_t)'),
    setSession: lib.func('int SSL_set_session(uintptr_t, uintptr_t)'),
    isResumable: lib.func('int SSL_SESSION_is_resumable(uintptr_t)'),
    sessionFree: lib.func('void SSL_SESSION_free(uintptr_t)'),
    masterSecretOf: lib.func('size_t SSL_SESSION_get_master_key(uintptr_t, void *, size_t)'),
    memoryBio: lib.func('uintptr_t BIO_s_mem()'),
    bioNew: lib.func('uintptr_t BIO_new(uintptr_t)'),
    bioFree: lib.func('int BIO_free(uintptr_t)'),
    bioHold: lib.func('int BIO_up_ref(uintptr_t)'),
    bioWrite: lib.func('int BIO_write(uintptr_t, void *, int)'),
    bioRead: lib.func('int BIO_read(uintptr_t, void *, int)'),
    bioControl: lib.func('long BIO_ctrl(uintptr_t, int, long, void *)'),
    readCertificate: lib.func('uintptr_t PEM_read_bio_X509(uintptr_t, void *, void *, const char *)'),
    writeCertificate: lib.func('int PEM_write_bio_X509(uintptr_t, uintptr_t)'),
    certificateFree: lib.func('void X509_free(uintptr_t)'),
    publicKeyOf: lib.func('uintptr_t X509_get0_pubkey(uintptr_t)'),
    readKey: lib.func('uintptr_t PEM_read_bio_PrivateKey(uintptr_t, void *, void *, const char *)'),
    keyFree: lib.func('void EVP_PKEY_free(uintptr_t)'),
    keyKind: lib.func('int EVP_PKEY_get_base_id(uintptr_t)'),
    keyBits: lib.func('int EVP_PKEY_get_bits(uintptr_t)'),
    chainLength: lib.func('int OPENSSL_sk_num(uintptr_t)'),
    chainAt: lib.func('uintptr_t OPENSSL_sk_value(uintptr_t, int)'),
    verifyErrorText: lib.func('const char *X509_verify_cert_error_string(long)'),
    takeError: lib.func('unsigned long ERR_get_error()'),
    reasonText: lib.func('const char *ERR_reason_error_string(unsigned long)'),
  };
}

/** Numbers of the library's header files, which stay the same over its versions: `ssl.h`, `tls1.h`, `bio.h`. */
export const SSL_CTRL_MODE = 33;
export const SSL_CTRL_SESS_CACHE_MODE = 44;
export const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
export const SSL_CTRL_CHAIN_CERT = 89;
export const SSL_CTRL_SET_GROUPS_LIST = 92;
export const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
export const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
export const SSL_CTRL_GET_NEGOTIATED_GROUP = 134;
export const SSL_MODE_NO_AUTO_CHAIN = 8;
export const SSL_MODE_RELEASE_BUFFERS = 16;
export const SSL_SESS_CACHE_OFF = 0;
export const SSL_OP_NO_RENEGOTIATION = 2 ** 30;
export const SSL_VERIFY_NONE = 0;
export const SSL_VERIFY_PEER = 1;
export const SSL_ERROR_WANT_READ = 2;
export const SSL_ERROR_ZERO_RETURN = 6;
/** SSL_SENT_SHUTDOWN and SSL_RECEIVED_SHUTDOWN. */
export const BOTH_SHUT_DOWN = 3;
export const TLS1_2_VERSION = 0x0303;
export const TLS1_3_VERSION = 0x0304;
export const BIO_CTRL_RESET = 1;
export const BIO_CTRL_PENDING = 10;
export const X509_V_FLAG_PARTIAL_CHAIN = 0x80000;
export const X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 4;
