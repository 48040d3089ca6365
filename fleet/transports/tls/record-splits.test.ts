import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, constantFrom, assert as holds, nat, property, record, uint8Array } from 'fast-check';
import { RecordRig, type RecordSuite, SUITES } from '../../../test/support/record-rig.ts';

/** What a server may send: data, tickets and key updates, in records of any size. */
const SAID = record({
  kind: constantFrom('data', 'data', 'data', 'message', 'warning', 'update'),
  bytes: uint8Array({ maxLength: 300 }),
  padding: nat(20),
  cut: nat(300),
});
const LARGE = Buffer.alloc(16_384, 0x5a);

type Said = { kind: string; bytes: Uint8Array; padding: number; cut: number };

/** All of it as it goes on the wire. */
function wireOf(rig: RecordRig, said: readonly Said[]): Buffer {
  const is13 = rig.keys.version === '1.3';
  const records = said.flatMap(({ kind, bytes, padding, cut }) => {
    if (kind === 'data') return [rig.peerOut.seal(23, cut === 0 ? LARGE : bytes, cut === 0 ? 0 : padding)];
    if (kind === 'warning') return [rig.peerOut.seal(21, Buffer.of(1, 90), padding)];
    if (!is13) return [rig.peerOut.seal(22, Buffer.alloc(4))];
    if (kind === 'update') {
      const updated = rig.peerOut.seal(22, Buffer.of(24, 0, 0, 1, padding & 1));
      rig.peerOut.update();
      return [updated];
    }
    const ticket = Buffer.concat([Buffer.of(4, 0, bytes.length >> 8, bytes.length & 255), bytes]);
    const at = 1 + (cut % (ticket.length - 1));
    return [ticket.subarray(0, at), ticket.subarray(at)].map((part) => rig.peerOut.seal(22, part, padding));
  });
  return Buffer.concat([...records, rig.peerOut.seal(21, Buffer.of(1, 0))]);
}

/** What is read of it when it comes in these pieces; data that comes on end is one. */
function readIn(suite: RecordSuite, keys: RecordRig['keys'], pieces: readonly Uint8Array[]): unknown {
  const rig = new RecordRig({ ...suite, keys: () => keys });
  for (const piece of pieces) rig.feed(piece);
  rig.layer.dispose();
  return { plain: rig.takePlain(), seen: rig.seen };
}

function cutBy(wire: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < wire.length; i++) {
    const length = lengths[i % lengths.length]! + 1;
    pieces.push(wire.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

for (const suite of SUITES) {
  test(`${suite.name}, property: any split of what comes gives the same data and the same events`, () => {
    const lengths = array(constantFrom(0, 1, 3, 4, 5, 20, 100, 16_383, 16_388, 40_000), { minLength: 1, maxLength: 8 });
    holds(
      property(array(SAID, { maxLength: 12 }), lengths, (said, cuts) => {
        const rig = new RecordRig(suite);
        const wire = wireOf(rig, said);
        rig.layer.dispose();
        const whole = readIn(suite, rig.keys, [wire]);
        const data = said.flatMap(({ kind, bytes, cut }) => (kind === 'data' ? [cut === 0 ? LARGE : bytes] : []));
        assert.deepEqual((whole as { plain: Buffer }).plain, Buffer.concat(data));
        assert.equal((whole as { seen: string[] }).seen.at(-1), 'end');
        assert.deepEqual(readIn(suite, rig.keys, cutBy(wire, cuts)), whole);
      }),
      { numRuns: 60 },
    );
  });

  test(`${suite.name}: byte by byte, and cut once at every place`, () => {
    const rig = new RecordRig(suite);
    const said = ['data', 'message', 'update', 'data'].map((kind, i) => ({
      kind,
      bytes: Buffer.from('abc'),
      padding: i,
      cut: 2,
    }));
    const wire = wireOf(rig, said);
    const whole = readIn(suite, rig.keys, [wire]);
    assert.deepEqual(readIn(suite, rig.keys, cutBy(wire, [0])), whole);
    for (let at = 1; at < wire.length; at++) {
      assert.deepEqual(readIn(suite, rig.keys, [wire.subarray(0, at), wire.subarray(at)]), whole);
    }
  });
}

test('what is kept of many half records is bounded, and none of the others suffers', () => {
  const [suite] = SUITES;
  const rig = new RecordRig(suite!, { slots: 3, mostHeldBytes: 32_000 });
  const half = Buffer.concat([Buffer.of(23, 3, 3, 0x40, 0x11), Buffer.alloc(9000)]);
  const whole = rig.peerOut.seal(23, Buffer.alloc(500, 1));
  rig.feed(whole.subarray(0, 300));
  rig.layer.begin(1, suite!.keys());
  rig.layer.begin(2, suite!.keys());
  rig.layer.onBytes(1, half);
  assert.deepEqual(rig.seen, []);
  rig.layer.onBytes(2, half);
  assert.deepEqual(rig.seen, [
    'slot 2 sent',
    'broken: records that have come in part take more than 32000 bytes together',
  ]);
  rig.feed(whole.subarray(300));
  assert.deepEqual(rig.takePlain(), Buffer.alloc(500, 1));
});
