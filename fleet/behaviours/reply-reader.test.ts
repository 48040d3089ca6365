import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, constantFrom, assert as holds, integer, nat, property, record } from 'fast-check';
import { ReplyReader } from './reply-reader.ts';
import { MARK_BYTES, writeMark } from './time-mark.ts';

const START_MS = 86_400_000.123;
const NOW_MS = START_MS + 60_000;
const RUN = 98_765;

/** As a connection sends it: filled up, and one line where it has room. */
function message(length: number, opening: number, run = RUN): Buffer {
  const bytes = Buffer.alloc(length, '.');
  if (length > MARK_BYTES) bytes[length - 1] = 10;
  writeMark(bytes, run, { opening, plannedAtMs: START_MS + opening, sentAtMs: START_MS + opening + 0.25 });
  return bytes;
}

/** Openings of what is found in a stream, in pieces as long as these are by turns. */
function foundIn(stream: Buffer, length: number, cuts: readonly number[]): number[] {
  const found: number[] = [];
  const shape = { length, run: RUN, earliestMs: START_MS };
  const reader = new ReplyReader(3, shape, (_, { opening }) => found.push(opening));
  for (let at = 0, i = 0; at < stream.length; i++) {
    const end = at + cuts[i % cuts.length]! + 1;
    reader.read(1, stream.subarray(at, end), NOW_MS);
    at = end;
  }
  return found;
}

const BEGINNING = message(MARK_BYTES, 0).toString('latin1', 0, 3);
const noises = constantFrom(
  ...['', '', 'Welcome!\r\n', 'x', '220 mail.example ESMTP ready, 0000000000000000 ooooo\r\n', '\0\0'],
  // What looks like the beginning of a mark, or is one of another run.
  ...[BEGINNING[0]!, BEGINNING.slice(0, 2), `${BEGINNING}${BEGINNING}`, `${BEGINNING}0123456789abc`],
  message(MARK_BYTES, 7, RUN + 1).toString('latin1'),
);
const lengths = constantFrom(16, 17, 64, 300);
const pieces = array(nat(70), { minLength: 1 });

test('property: messages of any length are found in any pieces, with whatever noise between them', () => {
  holds(
    property(lengths, array(noises, { maxLength: 8 }), pieces, (length, between, cuts) => {
      const stream = Buffer.concat(
        between.flatMap((noise, i) => [Buffer.from(noise, 'latin1'), message(length, i + 1)]),
      );
      assert.deepEqual(
        foundIn(stream, length, cuts),
        between.map((_, i) => i + 1),
      );
    }),
    { numRuns: 1000 },
  );
});

test('property: messages that a server cut anywhere behind their heads and put into each other are found, each once', () => {
  const parts = array(record({ sender: nat(2), bytes: integer({ min: 1, max: 400 }) }), {
    minLength: 1,
    maxLength: 60,
  });
  holds(
    property(constantFrom(17, 64, 300), parts, pieces, (length, turns, cuts) => {
      // Three senders with five messages each; a turn hands on some of one sender's bytes.
      const streams = [0, 1, 2].map((sender) =>
        Buffer.concat([1, 2, 3, 4, 5].map((i) => message(length, 10 * sender + i))),
      );
      const passed = [0, 0, 0];
      const out: Buffer[] = [];
      const pass = (sender: number, bytes: number): void => {
        const from = passed[sender]!;
        let to = Math.min(streams[sender]!.length, from + bytes);
        const inMessage = to % length;
        if (inMessage > 0 && inMessage < MARK_BYTES) to += MARK_BYTES - inMessage;
        out.push(streams[sender]!.subarray(from, to));
        passed[sender] = to;
      };
      for (const { sender, bytes } of turns) pass(sender, bytes);
      for (const sender of [0, 1, 2]) pass(sender, Number.POSITIVE_INFINITY);
      const found = foundIn(Buffer.concat(out), length, cuts).sort((a, b) => a - b);
      assert.deepEqual(
        found,
        [0, 1, 2].flatMap((sender) => [1, 2, 3, 4, 5].map((i) => 10 * sender + i)),
      );
    }),
    { numRuns: 1000 },
  );
});

test('slots keep apart, and a slot that is forgotten begins anew', () => {
  const found: number[] = [];
  const reader = new ReplyReader(2, { length: 64, run: RUN, earliestMs: START_MS }, (slot) => found.push(slot));
  const bytes = message(64, 1);
  reader.read(0, bytes.subarray(0, 10), NOW_MS);
  reader.read(1, bytes.subarray(0, 40), NOW_MS);
  reader.read(0, bytes.subarray(10), NOW_MS);
  reader.forget(1);
  reader.read(1, bytes.subarray(40), NOW_MS);
  reader.read(1, bytes, NOW_MS);
  assert.deepEqual(found, [0, 1]);
});
