import koffi, { type LibraryHandle } from 'koffi';

/** Where something lies in this process's memory. A number costs a third less in a call than a pointer does, and all are below 2^53. */
export type Address = number;

/** Nothing, where an address is expected. */
export const NULL: Address = 0;

/**
 * The few calls of libcrypto that records need. An integer that is returned is 1 where all went well, unless it says so otherwise.
 * See the manual pages of the functions of these names: EVP_EncryptInit(3), EVP_MAC(3).
 */
export interface LibCrypto {
  cipherFetch(library: null, name: string, properties: null): Address;
  cipherFree(cipher: Address): void;
  cipherContextNew(): Address;
  cipherContextFree(context: Address): void;
  /** What is {@link NULL} stays as it is in this context. */
  cipherInit(
    context: Address,
    cipher: Address,
    engine: Address,
    key: Address,
    nonce: Address,
    isSealing: number,
  ): number;
  cipherUpdate(context: Address, out: Address, outLength: Address, bytes: Address, length: number): number;
  cipherFinal(context: Address, out: Address, outLength: Address): number;
  cipherControl(context: Address, command: number, size: number, bytes: Address): number;
  macFetch(library: null, name: string, properties: null): Address;
  macFree(mac: Address): void;
  macContextNew(mac: Address): Address;
  macContextFree(context: Address): void;
  /** @param key {@link NULL}: the one before */
  macInit(context: Address, key: Address, keyBytes: number, parameters: Address): number;
  macUpdate(context: Address, bytes: Address, length: number): number;
  /** @param size of `out`; it fails where that is too small */
  macFinal(context: Address, out: Address, outLength: Address, size: number): number;
  /** The queue of errors is the thread's, and Node.js has the same one: it is left empty. */
  clearErrors(): void;
}

/** @throws when one of the functions can't be had */
export function loadLibCrypto(lib: LibraryHandle = koffi.load(null)): LibCrypto {
  return {
    cipherFetch: lib.func('uintptr_t EVP_CIPHER_fetch(void *, const char *, const char *)'),
    cipherFree: lib.func('void EVP_CIPHER_free(uintptr_t)'),
    cipherContextNew: lib.func('uintptr_t EVP_CIPHER_CTX_new()'),
    cipherContextFree: lib.func('void EVP_CIPHER_CTX_free(uintptr_t)'),
    cipherInit: lib.func('int EVP_CipherInit_ex(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, int)'),
    cipherUpdate: lib.func('int EVP_CipherUpdate(uintptr_t, uintptr_t, uintptr_t, uintptr_t, int)'),
    cipherFinal: lib.func('int EVP_CipherFinal_ex(uintptr_t, uintptr_t, uintptr_t)'),
    cipherControl: lib.func('int EVP_CIPHER_CTX_ctrl(uintptr_t, int, int, uintptr_t)'),
    macFetch: lib.func('uintptr_t EVP_MAC_fetch(void *, const char *, const char *)'),
    macFree: lib.func('void EVP_MAC_free(uintptr_t)'),
    macContextNew: lib.func('uintptr_t EVP_MAC_CTX_new(uintptr_t)'),
    macContextFree: lib.func('void EVP_MAC_CTX_free(uintptr_t)'),
    macInit: lib.func('int EVP_MAC_init(uintptr_t, uintptr_t, size_t, uintptr_t)'),
    macUpdate: lib.func('int EVP_MAC_update(uintptr_t, uintptr_t, size_t)'),
    macFinal: lib.func('int EVP_MAC_final(uintptr_t, uintptr_t, uintptr_t, size_t)'),
    clearErrors: lib.func('void ERR_clear_error()'),
  };
}

/** Memory that both sides write to: V8 never moves what is behind an array of its own buffer. It lasts as long as this object. */
export class NativeBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: Address;

  constructor(byteCount: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(byteCount));
    this.address = Number(koffi.address(this.bytes));
  }
}
