import assert from 'node:assert/strict';
import { test } from 'node:test';
import { double, assert as holds, nat, property } from 'fast-check';
import {
  beginningOf,
  MARK_BYTES,
  OPENING_NUMBERS,
  RUN_NUMBERS,
  readMark,
  type TimeMark,
  writeMark,
} from './time-mark.ts';

const START_MS = 86_400_000.123;
const NOW_MS = START_MS + 60_000;
const RUN = 123_456;
const HOUR_MS = 3_600_000;

function markOf(mark: TimeMark, run = RUN): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES);
  writeMark(bytes, run, mark);
  return bytes;
}
const at = (ms: number, delayMs = 0.25): TimeMark => ({
  opening: 77,
  plannedAtMs: START_MS + ms,
  sentAtMs: START_MS + ms + delayMs,
});

test('property: a mark is printable, and says whose it is and its times, also after years of uptime', () => {
  const times = { noNaN: true, min: 0 };
  holds(
    property(
      ...([nat(RUN_NUMBERS - 1), nat(OPENING_NUMBERS - 1), double({ ...times, max: 2.8e11 })] as const),
      ...([double({ ...times, max: 536_000 }), double({ ...times, max: 18 * HOUR_MS })] as const),
      (run, opening, plannedAtMs, delayMs, laterMs) => {
        const mark = { opening, plannedAtMs, sentAtMs: plannedAtMs + delayMs };
        const bytes = markOf(mark, run);
        assert.match(bytes.toString('latin1'), /^[\w-]{16}$/);
        assert.deepEqual(Buffer.from(beginningOf(run)), bytes.subarray(0, 3));
        const read = readMark(bytes, 0, run, plannedAtMs - 1, mark.sentAtMs + laterMs)!;
        assert.equal(read.opening, opening);
        // Rounded down to µs; at these sizes a double knows no more than a few hundredths of that.
        assert.ok(plannedAtMs - read.plannedAtMs >= -0.0005 && plannedAtMs - read.plannedAtMs < 0.0015);
        const shortMs = mark.sentAtMs - read.sentAtMs;
        assert.ok(shortMs >= -0.0005 && shortMs < 0.0035 + delayMs * 0.0002, `${shortMs} of ${delayMs}`);
      },
    ),
    { numRuns: 2000 },
  );
});

test('up to 16 ms a delay is told to the microsecond, and beyond 9 minutes as that', () => {
  const delayOf = (delayMs: number): number => {
    const mark = { opening: 0, plannedAtMs: 1000, sentAtMs: 1000 + delayMs };
    const read = readMark(markOf(mark), 0, RUN, 0, 1000 + delayMs)!;
    return read.sentAtMs - read.plannedAtMs;
  };
  for (const [delayMs, wantedMs] of [
    ...[0, 0.001, 1, 16.383].map((ms) => [ms, ms] as const),
    [16.385, 16.384],
    [HOUR_MS, 536_838.144],
  ] as const) {
    assert.ok(Math.abs(delayOf(delayMs) - wantedMs) < 1e-6, `${delayOf(delayMs)} for ${delayMs}`);
  }
});

test('what lies outside of the times there can be, is of another run, or is written otherwise, is no mark', () => {
  const bytes = markOf(at(10_000));
  const read = (from: Uint8Array, earliestMs = START_MS, nowMs = NOW_MS): TimeMark | undefined =>
    readMark(from, 0, RUN, earliestMs, nowMs);
  assert.equal(read(bytes)?.opening, 77);
  // Clocks of two threads may be up to a second apart.
  assert.equal(read(bytes, START_MS + 10_900)?.opening, 77);
  assert.equal(read(bytes, START_MS + 11_100), undefined);
  assert.equal(read(bytes, START_MS, START_MS + 9100)?.plannedAtMs, read(bytes)?.plannedAtMs);
  assert.equal(read(bytes, START_MS, START_MS + 8900), undefined);
  assert.equal(read(markOf(at(10_000, 3000)), START_MS, START_MS + 11_900), undefined);
  assert.equal(readMark(bytes, 0, RUN + 1, START_MS, NOW_MS), undefined);
  for (const other of [new Uint8Array(MARK_BYTES), Buffer.from('Hello, I am x1. '), Buffer.alloc(MARK_BYTES, '0')]) {
    assert.equal(read(other), undefined);
  }
  for (let i = 0; i < MARK_BYTES; i++) {
    for (const wrong of ['/', '+', '.', '\n']) {
      const changed = Buffer.from(bytes);
      changed.write(wrong, i);
      assert.equal(read(changed), undefined, `${wrong} at ${i}`);
    }
  }
});
