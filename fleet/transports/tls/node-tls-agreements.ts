import type { X509Certificate } from 'node:crypto';
import type { EphemeralKeyInfo, TLSSocket } from 'node:tls';
import { CURVES, nameKey } from './key-names.ts';
import type { Agreement } from './tls-options.ts';

/** Tells what ends agreed on, each different agreement once, of sockets of `node:tls`. */
export class NodeTlsAgreements {
  readonly #onAgreed: (agreement: Agreement) => void;
  readonly #known = new Set<string>();
  /** Of the certificate that was seen last, since most servers have but one. */
  #fingerprint = '';
  #serverKey = '';

  constructor(onAgreed: (agreement: Agreement) => void) {
    this.#onAgreed = onAgreed;
  }

  /** A handshake is over, and this is its socket. */
  note(socket: TLSSocket, certificate: X509Certificate | undefined): void {
    const agreement: Agreement = {
      version: socket.getProtocol() === 'TLSv1.3' ? '1.3' : '1.2',
      suite: socket.getCipher().standardName,
      group: groupOf(socket),
      serverKey: this.#serverKeyOf(certificate),
      alpn: socket.alpnProtocol || null,
    };
    const key = Object.values(agreement).join(' ');
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#onAgreed(agreement);
  }

  #serverKeyOf(certificate: X509Certificate | undefined): string {
    if (certificate === undefined) return 'none';
    const { fingerprint } = certificate;
    if (fingerprint !== this.#fingerprint) {
      this.#fingerprint = fingerprint;
      this.#serverKey = nameKey(certificate);
    }
    return this.#serverKey;
  }
}

/** node:tls doesn't tell which one it was of those that are new, or hybrid. */
function groupOf(socket: TLSSocket): string {
  const { type, name, size } = (socket.getEphemeralKeyInfo() ?? {}) as Partial<EphemeralKeyInfo>;
  if (type === 'DH') return `ffdhe${size}`;
  if (name !== undefined) return CURVES[name] ?? name;
  return socket.getProtocol() === 'TLSv1.3' ? 'unknown' : 'none';
}
