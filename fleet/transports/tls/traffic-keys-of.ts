import { keyBlock12 } from './key-schedule.ts';
import type { Address } from './libcrypto.ts';
import { TLS1_3_VERSION } from './libssl.ts';
import type { OpenSsl } from './openssl.ts';
import { recordSuiteOf } from './suites.ts';
import type { TrafficKeys } from './traffic-keys.ts';

const RANDOM_BYTES = 32;
const MASTER_SECRET_BYTES = 48;
/** Ciphers of the library lie where they are for as long as it does, and a target chooses one or two. */
const suites = new Map<Address, ReturnType<typeof recordSuiteOf>>();
/** Reused: what they hold is copied or derived from at once. */
const clientRandom = new Uint8Array(RANDOM_BYTES);
const serverRandom = new Uint8Array(RANDOM_BYTES);
const masterSecret = new Uint8Array(MASTER_SECRET_BYTES);

/**
 * What goes on without the object of a handshake that is over.
 *
 * @param clientSecret @param serverSecret traffic secrets of TLS 1.3
 * @returns undefined when its suite can't
 */
export function trafficKeysOf(
  openssl: OpenSsl,
  ssl: Address,
  clientSecret: Uint8Array,
  serverSecret: Uint8Array,
): TrafficKeys | undefined {
  const suite = suiteOf(openssl, openssl.cipherOf(ssl));
  if (suite === undefined) return undefined;
  if (openssl.protocolOf(ssl) === TLS1_3_VERSION) return { version: '1.3', ...suite, clientSecret, serverSecret };
  openssl.clientRandomOf(ssl, clientRandom, RANDOM_BYTES);
  openssl.serverRandomOf(ssl, serverRandom, RANDOM_BYTES);
  // The extended master secret (RFC 7627) is what the session holds then.
  openssl.masterSecretOf(openssl.sessionOf(ssl), masterSecret, MASTER_SECRET_BYTES);
  const keys = keyBlock12({ ...suite, masterSecret, clientRandom, serverRandom });
  masterSecret.fill(0);
  return keys;
}

function suiteOf(openssl: OpenSsl, cipher: Address): ReturnType<typeof recordSuiteOf> {
  if (!suites.has(cipher)) suites.set(cipher, recordSuiteOf(openssl.standardNameOf(cipher)));
  return suites.get(cipher);
}
