import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as holds, property, uint8Array } from 'fast-check';
import { encodeClose, encodeFrame, OPCODE } from './ws-frame-writer.ts';

/** Undoes what a client does to a payload, by the letter of RFC 6455, section 5.3. */
function decode(frame: Uint8Array): { first: number; masked: boolean; mask: number; payload: Uint8Array } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const short = view.getUint8(1) & 0x7f;
  const length = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
  const maskAt = short < 126 ? 2 : short === 126 ? 4 : 10;
  const payload = new Uint8Array(frame.subarray(maskAt + 4));
  assert.equal(payload.length, length);
  for (let i = 0; i < length; i++) payload[i] = payload[i]! ^ frame[maskAt + (i % 4)]!;
  return { first: frame[0]!, masked: (frame[1]! & 0x80) !== 0, mask: view.getUint32(maskAt), payload };
}

test('a frame decodes to its payload', () => {
  holds(
    property(uint8Array({ maxLength: 1000 }), (payload) => {
      const before = payload.slice();
      const { first, masked, payload: decoded } = decode(encodeFrame(OPCODE.binary, payload));
      assert.deepEqual({ first, masked, decoded }, { first: 0x82, masked: true, decoded: before });
      assert.deepEqual(payload, before, 'the payload given is left as it was');
    }),
  );
});

test('lengths at the edges are written in their shortest form', () => {
  const headerBytes = { 0: 6, 125: 6, 126: 8, 65535: 8, 65536: 14, 1000000: 14 };
  for (const [length, header] of Object.entries(headerBytes)) {
    const payload = new Uint8Array(Number(length)).fill(0xa5);
    const frame = encodeFrame(OPCODE.text, payload);
    assert.equal(frame.length, header + payload.length);
    assert.deepEqual(decode(frame).payload, payload);
  }
});

test('masks differ from frame to frame', () => {
  const masks = new Set(Array.from({ length: 5000 }, () => decode(encodeFrame(OPCODE.ping, new Uint8Array(0))).mask));
  assert.ok(masks.size > 4990, `${masks.size} different masks in 5,000`);
});

test('a close frame carries its code, or nothing', () => {
  assert.deepEqual([...decode(encodeClose(1009)).payload], [3, 241]);
  assert.equal(decode(encodeClose(undefined)).payload.length, 0);
});
