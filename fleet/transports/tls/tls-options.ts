import type { TlsVersion } from '../../../core/schemas/tls.ts';

export type { Agreement } from '../../../core/schemas/tls.ts';

/** How the connections of a leg are secured; plain data, since it goes to worker threads. Keys are in it: it is recorded nowhere. */
export interface TlsOptions {
  /** Sent as SNI, and what the certificate has to be for: a name, or an IP address, which is no SNI. */
  readonly servername: string;
  /** Whether the server's certificate has to be trusted, in time and for {@link servername}. */
  readonly verify: boolean;
  /** Certificates that are trusted, PEM: all of them, none comes from elsewhere. */
  readonly ca: string;
  /** The client's own certificate with its chain, and its key, unencrypted; both PEM. */
  readonly own: { readonly cert: string; readonly key: string } | undefined;
  /** What is offered by ALPN, in order of preference; empty: the extension isn't sent. */
  readonly alpn: readonly string[];
  readonly versions: readonly TlsVersion[];
  /** As OpenSSL writes them: names of TLS 1.3 suites and of those before, with colons between; undefined: OpenSSL's own. */
  readonly ciphers: string | undefined;
  /**
   * Key exchange groups with colons between, with a share of the first; undefined: X25519, P-256 and P-384, without those of 1 KB. With
   * TLS 1.2 P-256 is always there, since most certificates need it.
   */
  readonly groups: string | undefined;
  /** Whether a session of this worker is offered to the server; else each open is a first visit. */
  readonly resume: boolean;
}
