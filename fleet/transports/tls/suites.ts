import type { HashName } from './key-schedule.ts';
import type { AeadName } from './traffic-keys.ts';

/** What goes on by itself when the handshake is over. */
interface RecordSuite {
  readonly cipher: AeadName;
  /** What the key schedule hashes by, and the PRF with TLS 1.2. */
  readonly hash: HashName;
}

const CIPHERS: Readonly<Record<string, AeadName>> = {
  AES_128_GCM: 'aes-128-gcm',
  AES_256_GCM: 'aes-256-gcm',
  CHACHA20_POLY1305: 'chacha20-poly1305',
};

/**
 * @param standardName as IANA has it: `TLS_AES_128_GCM_SHA256`, `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`
 * @returns undefined: connections of this suite keep an object of the library for as long as they are
 */
export function recordSuiteOf(standardName: string): RecordSuite | undefined {
  const [, cipher = '', hash = ''] =
    /_(AES_128_GCM|AES_256_GCM|CHACHA20_POLY1305)_(SHA256|SHA384)$/.exec(standardName) ?? [];
  const name = CIPHERS[cipher];
  return name && { cipher: name, hash: hash === 'SHA384' ? 'sha384' : 'sha256' };
}
