import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { expandLabelHere } from '../../../test/support/record-peer.ts';
import { TRACES } from '../../../test/support/rfc8448.ts';
import {
  expandLabel,
  HASH_BYTES,
  type HashName,
  KeySchedule,
  keyBlock12,
  MOST_HASH_BYTES,
  prf12,
} from './key-schedule.ts';
import { loadLibCrypto, NativeBytes, NULL } from './libcrypto.ts';

const crypto = loadLibCrypto();
const HASHES: readonly HashName[] = ['sha256', 'sha384'];

/** A secret where the library can read it. */
function secretOf(bytes: Uint8Array): NativeBytes {
  const memory = new NativeBytes(bytes.length);
  memory.bytes.set(bytes);
  return memory;
}

/** What was derived: the key, and the iv behind it. */
function derived(schedule: KeySchedule, hash: HashName, secret: Uint8Array, keyBytes: 16 | 32): string[] {
  schedule.derive(hash, secretOf(secret).address, keyBytes);
  const bytes = Array.from({ length: keyBytes }, (_, i) => schedule.keyByte(i));
  const iv = Array.from({ length: 12 }, (_, i) => schedule.ivByte(i));
  return [Buffer.from(bytes).toString('hex'), Buffer.from(iv).toString('hex')];
}

test('labels are those of RFC 8446, each with the number of its block', () => {
  const hex = (label: string, length: number) => Buffer.from(expandLabel(label, length)).toString('hex');
  assert.equal(hex('key', 16), '001009746c733133206b65790001');
  assert.equal(hex('iv', 12), '000c08746c7331332069760001');
  assert.equal(hex('traffic upd', 48), '003011746c7331332074726166666963207570640001');
});

test('keys and ivs are those of the traces of RFC 8448', () => {
  const schedule = new KeySchedule(crypto);
  for (const { client, server } of TRACES) {
    for (const { secret, key, iv } of [client, server])
      assert.deepEqual(derived(schedule, 'sha256', secret, 16), [key, iv]);
  }
  schedule.dispose();
});

test('keys, ivs and next secrets are those of node:crypto, for both hashes', () => {
  const schedule = new KeySchedule(crypto);
  for (const hash of HASHES) {
    const length = HASH_BYTES[hash];
    for (const keyBytes of [16, 32] as const) {
      const secret = randomBytes(length);
      const wanted = [expandLabelHere(hash, secret, 'key', keyBytes), expandLabelHere(hash, secret, 'iv', 12)];
      assert.deepEqual(
        derived(schedule, hash, secret, keyBytes),
        wanted.map((bytes) => bytes.toString('hex')),
      );
    }
    const secrets = secretOf(Buffer.concat([randomBytes(length), Buffer.alloc(16, 0xa5)]));
    const wanted = expandLabelHere(hash, secrets.bytes.subarray(0, length), 'traffic upd', length);
    schedule.update(hash, secrets.address, secrets.bytes, 0);
    assert.deepEqual(Buffer.from(secrets.bytes), Buffer.concat([wanted, Buffer.alloc(16, 0xa5)]));
  }
  schedule.dispose();
});

test('nothing of a key stays where keys are derived', () => {
  const schedule = new KeySchedule(crypto);
  schedule.derive('sha384', secretOf(randomBytes(48)).address, 32);
  schedule.forget();
  for (let i = 0; i < 12; i++) assert.deepEqual([schedule.keyByte(i), schedule.ivByte(i)], [0, 0]);
  schedule.dispose();
});

test('HMAC writes a whole hash and no more, and nothing into what is too small', () => {
  for (const hash of HASHES) {
    const schedule = new KeySchedule(crypto);
    const context = schedule.contextOf(hash);
    const length = HASH_BYTES[hash];
    assert.ok(length <= MOST_HASH_BYTES);
    const out = new NativeBytes(MOST_HASH_BYTES + 16);
    for (const [size, written] of [
      [MOST_HASH_BYTES, length],
      [length, length],
      [length - 1, 0],
    ] as const) {
      out.bytes.fill(0xa5);
      crypto.macInit(context, secretOf(randomBytes(length)).address, length, NULL);
      assert.equal(crypto.macFinal(context, out.address, NULL, size), written > 0 ? 1 : 0);
      assert.ok(out.bytes.subarray(written).every((byte) => byte === 0xa5));
      assert.ok(written === 0 || out.bytes.subarray(0, written).some((byte) => byte !== 0xa5));
    }
    schedule.dispose();
  }
  crypto.clearErrors();
});

test('the PRF of TLS 1.2 gives the value that is known of it', () => {
  const secret = Buffer.from('9bbe436ba940f017b17652849a71db35', 'hex');
  const seed = Buffer.from('a0ba9f936cda311827a6f796ffd5198c', 'hex');
  assert.equal(
    Buffer.from(prf12('sha256', secret, 'test label', seed, 100)).toString('hex'),
    'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17' +
      'abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
  );
});

test('a key block is cut by what each cipher takes', () => {
  const handshake = {
    masterSecret: randomBytes(48),
    clientRandom: randomBytes(32),
    serverRandom: randomBytes(32),
  };
  for (const [cipher, hash, key, iv] of [
    ['aes-128-gcm', 'sha256', 16, 4],
    ['aes-256-gcm', 'sha384', 32, 4],
    ['chacha20-poly1305', 'sha256', 32, 12],
  ] as const) {
    const { clientKey, serverKey, clientIv, serverIv } = keyBlock12({ ...handshake, cipher, hash });
    assert.deepEqual(
      [clientKey, serverKey, clientIv, serverIv].map(({ length }) => length),
      [key, key, iv, iv],
    );
    const seed = Buffer.concat([handshake.serverRandom, handshake.clientRandom]);
    const block = prf12(hash, handshake.masterSecret, 'key expansion', seed, 2 * (key + iv));
    assert.deepEqual(Buffer.concat([clientKey, serverKey, clientIv, serverIv]), Buffer.from(block));
  }
});
