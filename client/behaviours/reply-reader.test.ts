import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, constantFrom, assert as holds, nat, property } from 'fast-check';
import { ReplyReader } from './reply-reader.ts';
import { MARK_BYTES, readMark, type TimeMark, writeMark } from './time-mark.ts';

const START_MS = 86_400_000.123;
const NOW_MS = START_MS + 60_000;

function message(length: number, mark: TimeMark): Buffer {
  const bytes = Buffer.alloc(length, '.');
  writeMark(bytes, mark);
  return bytes;
}
const markAt = (ms: number): TimeMark => ({ plannedAtMs: START_MS + ms, sentAtMs: START_MS + ms + 0.25 });

test('a mark is printable, and says its times to the microsecond, also after years of uptime', () => {
  for (const plannedAtMs of [START_MS, 0, 2.8e11]) {
    const mark = { plannedAtMs, sentAtMs: plannedAtMs + 1234.567 };
    const bytes = message(MARK_BYTES, mark);
    assert.match(bytes.toString('latin1'), /^[0-o]{16}$/);
    const read = readMark(bytes, 0, plannedAtMs, mark.sentAtMs)!;
    assert.ok(plannedAtMs - read.plannedAtMs >= 0 && plannedAtMs - read.plannedAtMs < 0.0011);
    assert.ok(mark.sentAtMs - read.sentAtMs >= 0 && mark.sentAtMs - read.sentAtMs < 0.0011);
  }
});

test('what lies outside of the times there can be, or is written otherwise, is no mark', () => {
  const bytes = message(MARK_BYTES, markAt(10));
  assert.equal(readMark(bytes, 0, START_MS + 20, NOW_MS), undefined);
  assert.equal(readMark(bytes, 0, START_MS, START_MS + 5), undefined);
  assert.equal(
    readMark(message(MARK_BYTES, { plannedAtMs: START_MS + 2, sentAtMs: START_MS + 1 }), 0, START_MS, NOW_MS),
    undefined,
  );
  assert.equal(readMark(new Uint8Array(MARK_BYTES), 0, START_MS, NOW_MS), undefined);
  assert.equal(readMark(Buffer.from('Hello, I am x1. '), 0, START_MS, NOW_MS), undefined);
});

const noises = constantFrom(
  '',
  '',
  'Welcome!\r\n',
  'x',
  '220 mail.example ESMTP ready, 0000000000000000 ooooo\r\n',
  '\0\0',
);

test('property: replies of any length are found in any pieces, with whatever noise between them', () => {
  const lengths = constantFrom(16, 17, 64, 300);
  holds(
    property(lengths, array(noises, { maxLength: 8 }), array(nat(70), { minLength: 1 }), (length, between, cuts) => {
      const sent = between.map((_, i) => markAt(i * 10));
      const stream = Buffer.concat(
        between.flatMap((noise, i) => [Buffer.from(noise, 'latin1'), message(length, sent[i]!)]),
      );
      const reader = new ReplyReader(3, length, START_MS);
      const found: number[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = at + cuts[i % cuts.length]! + 1;
        reader.read(1, stream.subarray(at, end), NOW_MS, ({ sentAtMs }) => found.push(Math.round(sentAtMs - START_MS)));
        at = end;
      }
      assert.deepEqual(
        found,
        sent.map(({ sentAtMs }) => Math.round(sentAtMs - START_MS)),
      );
    }),
    { numRuns: 500 },
  );
});

test('slots keep apart, and a slot that is forgotten begins anew', () => {
  const reader = new ReplyReader(2, 64, START_MS);
  const found: number[] = [];
  const read = (slot: number, bytes: Uint8Array): void => reader.read(slot, bytes, NOW_MS, () => found.push(slot));
  const bytes = message(64, markAt(1));
  read(0, bytes.subarray(0, 10));
  read(1, bytes.subarray(0, 40));
  read(0, bytes.subarray(10));
  reader.forget(1);
  read(1, bytes.subarray(40));
  read(1, bytes);
  assert.deepEqual(found, [0, 1]);
});
