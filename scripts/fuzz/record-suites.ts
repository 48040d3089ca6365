import type { AeadName, TrafficKeys } from '../../fleet/transports/tls/traffic-keys.ts';
import type { Dice } from './seeded-choice.ts';

export type RecordSuiteName = `${TrafficKeys['version']} ${AeadName}`;

export interface DrawnSuite {
  readonly name: RecordSuiteName;
  /** The number of the first record behind the handshake. */
  readonly first: 0 | 1;
  keysOf(dice: Dice): TrafficKeys;
  /** The same keys as the other end has them. */
  serversOf(keys: TrafficKeys): TrafficKeys;
}

const suite13 = (cipher: AeadName, hash: 'sha256' | 'sha384', secretBytes: number): DrawnSuite => ({
  name: `1.3 ${cipher}`,
  first: 0,
  keysOf: (dice) => ({
    version: '1.3',
    cipher,
    hash,
    clientSecret: dice.bytes(secretBytes),
    serverSecret: dice.bytes(secretBytes),
  }),
  serversOf,
});

const suite12 = (cipher: AeadName, keyBytes: number, ivBytes: number): DrawnSuite => ({
  name: `1.2 ${cipher}`,
  first: 1,
  keysOf: (dice) => ({
    version: '1.2',
    cipher,
    clientKey: dice.bytes(keyBytes),
    serverKey: dice.bytes(keyBytes),
    clientIv: dice.bytes(ivBytes),
    serverIv: dice.bytes(ivBytes),
  }),
  serversOf,
});

function serversOf(keys: TrafficKeys): TrafficKeys {
  if (keys.version === '1.3') return { ...keys, clientSecret: keys.serverSecret, serverSecret: keys.clientSecret };
  const { clientKey, serverKey, clientIv, serverIv } = keys;
  return { ...keys, clientKey: serverKey, serverKey: clientKey, clientIv: serverIv, serverIv: clientIv };
}

/** All that go on without an object of the library. */
export const RECORD_SUITES: readonly DrawnSuite[] = [
  suite13('aes-128-gcm', 'sha256', 32),
  suite13('aes-256-gcm', 'sha384', 48),
  suite13('chacha20-poly1305', 'sha256', 32),
  suite12('aes-128-gcm', 16, 4),
  suite12('aes-256-gcm', 32, 4),
  suite12('chacha20-poly1305', 32, 12),
];
