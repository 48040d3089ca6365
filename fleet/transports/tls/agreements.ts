import { readCertificate } from './judge-certificate.ts';
import { nameKey } from './key-names.ts';
import { type Address, NULL } from './libcrypto.ts';
import { SSL_CTRL_GET_NEGOTIATED_GROUP, TLS1_3_VERSION } from './libssl.ts';
import { type OpenSsl, textAt } from './openssl.ts';
import type { Agreement } from './tls-options.ts';

/** By OpenSSL's own numbers (`obj_mac.h`), or where it has none by IANA's with this bit. */
const BY_IANA = 0x1000000;
const GROUPS: Readonly<Record<number, string>> = {
  1034: 'X25519',
  415: 'P-256',
  715: 'P-384',
  716: 'P-521',
  1035: 'X448',
  714: 'secp256k1',
  1126: 'ffdhe2048',
  1127: 'ffdhe3072',
  1128: 'ffdhe4096',
  1129: 'ffdhe6144',
  1130: 'ffdhe8192',
  [BY_IANA]: 'none',
  0: 'none',
  [BY_IANA + 0x200]: 'MLKEM512',
  [BY_IANA + 0x201]: 'MLKEM768',
  [BY_IANA + 0x202]: 'MLKEM1024',
  [BY_IANA + 0x11eb]: 'SecP256r1MLKEM768',
  [BY_IANA + 0x11ec]: 'X25519MLKEM768',
  [BY_IANA + 0x11ed]: 'SecP384r1MLKEM1024',
};

/** What is compared of a handshake, since it costs little to ask. */
interface Traits {
  readonly version: number;
  readonly cipher: Address;
  readonly group: number;
  readonly keyKind: number;
  readonly keyBits: number;
  readonly alpn: string | null;
}

/** Tells what ends agreed on, each different agreement once. */
export class Agreements {
  readonly #openssl: OpenSsl;
  readonly #offersAlpn: boolean;
  readonly #onAgreed: (agreement: Agreement) => void;
  readonly #known: Traits[] = [];
  readonly #alpnAt = new BigUint64Array(1);
  readonly #alpnLength = new Uint32Array(1);

  constructor(openssl: OpenSsl, offersAlpn: boolean, onAgreed: (agreement: Agreement) => void) {
    this.#openssl = openssl;
    this.#offersAlpn = offersAlpn;
    this.#onAgreed = onAgreed;
  }

  /** A handshake is over, and this is its object. */
  note(ssl: Address): void {
    const openssl = this.#openssl;
    const certificate = openssl.peerCertificate(ssl);
    const key = certificate === NULL ? NULL : openssl.publicKeyOf(certificate);
    const version = openssl.protocolOf(ssl);
    const cipher = openssl.cipherOf(ssl);
    const group = openssl.sslControl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, null);
    const keyKind = key === NULL ? 0 : openssl.keyKind(key);
    const keyBits = key === NULL ? 0 : openssl.keyBits(key);
    const alpn = this.#offersAlpn ? this.#alpnOf(ssl) : null;
    for (const known of this.#known) {
      const isSameKey = known.keyKind === keyKind && known.keyBits === keyBits;
      const isSameSuite = known.version === version && known.cipher === cipher && known.group === group;
      if (isSameKey && isSameSuite && known.alpn === alpn) return;
    }
    this.#known.push({ version, cipher, group, keyKind, keyBits, alpn });
    this.#onAgreed({
      version: version === TLS1_3_VERSION ? '1.3' : '1.2',
      suite: openssl.standardNameOf(cipher),
      group: GROUPS[group] ?? `group ${group % BY_IANA}`,
      serverKey: certificate === NULL ? 'none' : nameKey(readCertificate(openssl, certificate)),
      alpn,
    });
  }

  #alpnOf(ssl: Address): string | null {
    this.#openssl.alpnOf(ssl, this.#alpnAt, this.#alpnLength);
    const [at = 0n] = this.#alpnAt;
    const [length = 0] = this.#alpnLength;
    return at === 0n ? null : textAt(at, length);
  }
}
