/** Our readers against those of `ws` and Node.js, and records against what was sealed, by lots that are drawn the same way each time; `npm run bench -- fuzz` draws others. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ANSWER_CLASSES, fuzzAnswers } from './answers.ts';
import type { FuzzResult } from './classes.ts';
import { endsWithBlock, readMessages } from './frame-facts.ts';
import { frameStream } from './frame-streams.ts';
import { FRAME_CLASSES, fuzzFrames } from './frames.ts';
import { answer } from './heads.ts';
import { fuzzRecords } from './records.ts';
import { Dice } from './seeded-choice.ts';

const SEED = 17;
const MUTATED = 20_000;
const MUTATED_RECORDS = 10_000;
const TIMEOUT = { timeout: 600_000 };

function assertKnown(result: FuzzResult): void {
  const { seed, mutated, inputs, agreed, classes, outside } = result;
  assert.deepEqual(outside, [], `seed ${seed}`);
  assert.equal(mutated, MUTATED);
  const disagreed = Object.values(classes).reduce((sum, count) => sum + count, 0);
  assert.equal(agreed + disagreed, inputs);
  // It would prove nothing if lots never led to a fault, or always.
  assert.ok(agreed > inputs / 2 && disagreed > 0);
}

test(`frames: ${MUTATED} mutated streams, seed ${SEED}`, TIMEOUT, async (t) => {
  const result = await fuzzFrames(SEED, MUTATED);
  t.diagnostic(JSON.stringify(result));
  assertKnown(result);
});

test(`answers: ${MUTATED} mutated, seed ${SEED}`, TIMEOUT, async (t) => {
  const result = await fuzzAnswers(SEED, MUTATED);
  t.diagnostic(JSON.stringify(result));
  assertKnown(result);
});

test(`records: ${MUTATED_RECORDS} mutated streams, seed ${SEED}`, TIMEOUT, (t) => {
  const result = fuzzRecords(SEED, MUTATED_RECORDS);
  t.diagnostic(JSON.stringify(result));
  assert.deepEqual(result.outside, [], `seed ${SEED}`);
  assert.equal(result.mutated, MUTATED_RECORDS);
  // Each mutated stream came to an outcome, and all the others were read whole.
  assert.equal(
    Object.values(result.classes).reduce((sum, count) => sum + count, 0),
    MUTATED_RECORDS,
  );
  assert.equal(result.agreed, result.inputs - result.mutated);
  assert.ok(Object.values(result.classes).every((count) => count > 0));
});

test('the same seed draws the same inputs, another one others', () => {
  const drawn = (seed: number): string[] => {
    const dice = new Dice(seed);
    return Array.from({ length: 50 }, () => JSON.stringify([frameStream(dice), answer(dice).bytes.toString('latin1')]));
  };
  assert.deepEqual(drawn(3), drawn(3));
  assert.notDeepEqual(drawn(3), drawn(4));
});

test('pieces are the whole, cut', () => {
  const dice = new Dice(1);
  for (let i = 0; i < 200; i++) {
    const bytes = dice.bytes(dice.under(500));
    assert.ok(Buffer.concat(dice.cut(bytes)).equals(bytes));
  }
});

test('messages in a stream, and whether a compressed one ends with a block', () => {
  const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
  const messages = readMessages(hex('89 00 41 02 0102 8a 01 ff 80 01 03 82 7e 0003 aabbcc 81 05 61'));
  assert.deepEqual(
    messages.map(({ isCompressed, payload, fragments, isWhole }) => [
      isCompressed,
      payload.toString('hex'),
      fragments,
      isWhole,
    ]),
    [
      [true, '010203', 2, true],
      [false, 'aabbcc', 1, true],
      [false, '61', 1, false],
    ],
  );
  const nothing = Buffer.alloc(0);
  // RFC 7692, section 7.2.3: "Hello" as it should be, cut off, and in a final block.
  assert.ok(endsWithBlock(hex('f248cdc9c90700'), nothing));
  assert.ok(endsWithBlock(hex('f200110000'), Buffer.from('Hello')));
  assert.ok(!endsWithBlock(hex('f248cdc9c9'), nothing));
  assert.ok(!endsWithBlock(hex('f348cdc9c90700'), nothing));
});

test('each class of disagreement is explained', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/protocols.md', import.meta.url)), 'utf8');
  const explained = [...page.matchAll(/^\| `([a-z0-9.-]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(
    explained,
    [...FRAME_CLASSES, ...ANSWER_CLASSES].map(({ name }) => name),
  );
});
