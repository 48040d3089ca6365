/** What stands in a record about TLS. Keys and passphrases have no place in it. */
import { z } from 'zod';

/** The older one first. */
export const TLS_VERSIONS = ['1.2', '1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** How the connections of a leg are secured, as it was asked for. */
export const LegTls = z.object({
  /** Whether the target's certificate has to be trusted. */
  verify: z.boolean(),
  /** What it has to be for; null: the host of the URL. */
  servername: z.string().nullable(),
  versions: z.array(z.enum(TLS_VERSIONS)),
  ciphers: z.string().nullable(),
  groups: z.string().nullable(),
  alpn: z.array(z.string()),
  /** Whether opens take up an earlier session; else each is a first visit. */
  resume: z.boolean(),
  /** Whether the client shows a certificate of its own. */
  hasOwnCertificate: z.boolean(),
});
export type LegTls = z.infer<typeof LegTls>;

/** What both ends agreed on. */
export const Agreement = z.object({
  version: z.enum(TLS_VERSIONS),
  /** As IANA has it: `TLS_AES_128_GCM_SHA256`. */
  suite: z.string(),
  /** `X25519`, `P-256`, `X25519MLKEM768`; `none` where none was used. */
  group: z.string(),
  /** Type and size of the server's key: `EC P-256`, `RSA 2048`, `Ed25519`. */
  serverKey: z.string(),
  /** What ALPN came to; null: nothing. */
  alpn: z.string().nullable(),
});
export type Agreement = z.infer<typeof Agreement>;
