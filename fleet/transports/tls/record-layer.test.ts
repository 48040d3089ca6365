import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordRig, SUITES } from '../../../test/support/record-rig.ts';

for (const suite of SUITES) {
  test(`${suite.name}: what is sealed is opened by node:crypto, and the other way round`, () => {
    const rig = new RecordRig(suite);
    for (const size of [1, 64, 16_383, 16_384, 16_385, 100_000]) {
      const sent = Buffer.alloc(size, size);
      const records = rig.peerIn.open(rig.layer.seal(0, sent));
      assert.equal(records.length, Math.ceil(size / 16_384));
      assert.ok(records.every(({ type }) => type === 23));
      assert.deepEqual(Buffer.concat(records.map(({ content }) => content)), sent);
      for (let at = 0; at < size; at += 16_384) rig.feed(rig.peerOut.seal(23, sent.subarray(at, at + 16_384)));
      assert.deepEqual(rig.takePlain(), sent);
    }
    assert.deepEqual(rig.seen, []);
  });
}
