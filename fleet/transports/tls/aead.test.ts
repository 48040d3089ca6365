import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerLane } from '../../../test/support/record-peer.ts';
import { SUITES } from '../../../test/support/record-rig.ts';
import { Aead, TAG_BYTES } from './aead.ts';
import { loadLibCrypto, NativeBytes } from './libcrypto.ts';
import { RecordWriter } from './record-writer.ts';
import { receivingLane, SlotKeys, sendingLane } from './slot-keys.ts';
import type { TrafficKeys } from './traffic-keys.ts';

const crypto = loadLibCrypto();

/** Slots with keys of their own, and who opens what each seals. */
function withSlots(suite: (typeof SUITES)[number], slots: number) {
  const keys = new SlotKeys(slots);
  const aead = new Aead(crypto, keys);
  const writer = new RecordWriter(keys, aead);
  const peers = Array.from({ length: slots }, (_, slot) => {
    const own = suite.keys();
    keys.begin(slot, own, 0, 0);
    return new PeerLane(own, 'client');
  });
  const seal = (slot: number, text: string): Uint8Array => {
    writer.start(text.length, 1);
    writer.add(slot, 23, Buffer.from(text));
    return writer.written();
  };
  return { keys, aead, peers, seal };
}

for (const suite of SUITES) {
  test(`${suite.name}: any number of slots share the places of keys, which are derived only when they aren't at hand`, () => {
    const slots = 1000;
    const { aead, peers, seal } = withSlots(suite, slots);
    for (let round = 0; round < 2; round++) {
      for (let slot = 0; slot < slots; slot++) {
        const text = `${slot} in round ${round}`;
        assert.equal(peers[slot]!.open(seal(slot, text))[0]!.content.toString(), text);
      }
    }
    assert.equal(aead.loads, 2 * slots);
    for (let i = 0; i < 10; i++) peers[slots - 1]!.open(seal(slots - 1, 'again'));
    assert.equal(aead.loads, 2 * slots);
    aead.dispose();
  });
}

test('one place serves ciphers in turn, and both directions', () => {
  const keys = new SlotKeys(1);
  const aead = new Aead(crypto, keys);
  const text = new NativeBytes(64 + TAG_BYTES);
  for (let round = 0; round < 3; round++) {
    for (const suite of SUITES) {
      const own = suite.keys();
      keys.begin(0, own.version === '1.3' ? { ...own, serverSecret: own.clientSecret } : bothWays(own), 0, 0);
      aead.forget(0);
      text.bytes.fill(7);
      aead.seal(0, 0, round, text.address, 64, text.address, 0);
      assert.ok(text.bytes.subarray(0, 64).some((byte) => byte !== 7));
      assert.equal(aead.open(0, 0, round + 1, text.address, 64, text.address, 0), false);
      text.bytes.fill(7);
      aead.seal(0, 0, round, text.address, 64, text.address, 0);
      assert.equal(aead.open(0, 0, round, text.address, 64, text.address, 0), true);
      assert.ok(text.bytes.subarray(0, 64).every((byte) => byte === 7));
    }
  }
  aead.dispose();
});

const bothWays = (keys: TrafficKeys & { version: '1.2' }): TrafficKeys => ({
  ...keys,
  serverKey: keys.clientKey,
  serverIv: keys.clientIv,
});

for (const suite of SUITES) {
  test(`${suite.name}: sealing writes the text and a tag of 16 bytes, and nothing beyond`, () => {
    const keys = new SlotKeys(1);
    const aead = new Aead(crypto, keys);
    keys.begin(0, suite.keys(), 0, 0);
    for (const length of [0, 1, 15, 16, 17, 100]) {
      const memory = new NativeBytes(16 + length + TAG_BYTES + 16);
      memory.bytes.fill(0xa5);
      aead.seal(0, 0, length, memory.address + 16, length, memory.address, 13);
      const isOurs = (byte: number) => byte === 0xa5;
      assert.ok(memory.bytes.subarray(0, 16).every(isOurs) && memory.bytes.subarray(-16).every(isOurs));
      assert.ok(memory.bytes.subarray(16, -16).some((byte) => !isOurs(byte)));
    }
    aead.dispose();
  });
}

test('what a lane goes on to is its own: the other direction and other slots stay as they are', () => {
  const { keys, aead, peers, seal } = withSlots(SUITES[1]!, 2);
  const received = Buffer.from(
    keys.secrets.subarray(keys.secretAt(receivingLane(0)), keys.secretAt(receivingLane(0)) + 48),
  );
  peers[0]!.open(seal(0, 'before'));
  aead.update(0, sendingLane(0));
  peers[0]!.update();
  assert.equal(peers[0]!.open(seal(0, 'after'))[0]!.content.toString(), 'after');
  assert.equal(peers[1]!.open(seal(1, 'other'))[0]!.content.toString(), 'other');
  assert.deepEqual(
    Buffer.from(keys.secrets.subarray(keys.secretAt(receivingLane(0)), keys.secretAt(receivingLane(0)) + 48)),
    received,
  );
  aead.dispose();
});
