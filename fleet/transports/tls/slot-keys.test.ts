import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { LAST_NUMBER, receivingLane, SlotKeys, sendingLane } from './slot-keys.ts';
import type { TrafficKeys } from './traffic-keys.ts';

const keys13 = (): TrafficKeys => ({
  version: '1.3',
  cipher: 'aes-256-gcm',
  hash: 'sha384',
  clientSecret: randomBytes(48),
  serverSecret: randomBytes(48),
});

/** What lies in a slot's part of the secrets. */
const secretsOf = (keys: SlotKeys, slot: number): Buffer =>
  Buffer.from(keys.secrets.subarray(keys.secretAt(sendingLane(slot)), keys.secretAt(sendingLane(slot + 1))));

test('a slot takes 110 bytes, whatever its cipher', () => {
  assert.equal(new SlotKeys(1000).bytesPerSlot, 110);
});

test('a slot begins and ends without a trace in its neighbours', () => {
  const keys = new SlotKeys(3);
  const all = [keys13(), keys13(), keys13()];
  for (const [slot, own] of all.entries()) keys.begin(slot, own, 0, 0);
  keys.release(1);
  for (const slot of [0, 2]) {
    const { clientSecret, serverSecret } = all[slot] as TrafficKeys & { version: '1.3' };
    assert.deepEqual(secretsOf(keys, slot), Buffer.concat([clientSecret, serverSecret]));
    assert.ok(keys.sends(slot) && keys.receives(slot));
  }
  assert.ok(secretsOf(keys, 1).every((byte) => byte === 0));
  assert.ok(!keys.sends(1) && !keys.receives(1));
});

test('keys of TLS 1.2 leave nothing of those before them', () => {
  const keys = new SlotKeys(1);
  keys.begin(0, keys13(), 5, 6);
  const own = {
    version: '1.2',
    cipher: 'aes-128-gcm',
    clientKey: Buffer.alloc(16, 1),
    serverKey: Buffer.alloc(16, 2),
    clientIv: Buffer.alloc(4, 3),
    serverIv: Buffer.alloc(4, 4),
  } as const;
  keys.begin(0, own, 1, 1);
  const gap = Buffer.alloc(16);
  const wanted = [
    own.clientKey,
    gap,
    own.clientIv,
    Buffer.alloc(12),
    own.serverKey,
    gap,
    own.serverIv,
    Buffer.alloc(12),
  ];
  assert.deepEqual(secretsOf(keys, 0), Buffer.concat(wanted));
  assert.deepEqual([keys.is12(0), keys.cipherOf(0), keys.numberOf(0), keys.numberOf(1)], [true, 'aes-128-gcm', 1, 1]);
  assert.deepEqual(
    Array.from({ length: 12 }, (_, i) => keys.ivByte(receivingLane(0), i)),
    [4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0],
  );
});

test('numbers go on beyond 32 bits, up to the last one', () => {
  const keys = new SlotKeys(2);
  const lane = receivingLane(1);
  keys.setNumber(lane, 2 ** 32 - 1);
  keys.advance(lane);
  assert.deepEqual([keys.numberHigh(lane), keys.numberLow(lane), keys.numberOf(lane)], [1, 0, 2 ** 32]);
  keys.setNumber(lane, LAST_NUMBER);
  assert.equal(keys.numberOf(lane), LAST_NUMBER);
  assert.deepEqual(
    [0, 1, 2].map((other) => keys.numberOf(other)),
    [0, 0, 0],
  );
});
