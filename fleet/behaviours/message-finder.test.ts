import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, constantFrom, assert as holds, nat, property } from 'fast-check';
import { findMarks, findNumbers } from './message-finder.ts';
import { PublishedMessage } from './published-message.ts';

const [RUN, NOW_MS] = [4711, 1000];

function messageOf(number: number, bytes: number, wrapped: boolean): Buffer {
  const template = { before: Buffer.from('{"data":"'), behind: Buffer.from('"}') };
  const message = new PublishedMessage(bytes, RUN, wrapped ? template : undefined);
  return Buffer.from(message.write(number, NOW_MS - 5, NOW_MS - 4));
}

/** Numbers that are found in a stream which comes in pieces as long as these are by turns. */
function found(stream: Buffer, bytes: number, cuts: readonly number[]): number[] {
  const numbers: number[] = [];
  const shape = { length: bytes, run: RUN, earliestMs: 0 };
  const finder = findMarks(
    shape,
    () => NOW_MS,
    (_, { opening }) => numbers.push(opening),
  );
  for (let at = 0, i = 0; at < stream.length; i++) {
    const end = at + cuts[i % cuts.length]! + 1;
    finder.read(3, stream.subarray(at, end), false);
    at = end;
  }
  return numbers;
}

test('property: messages are found once each, in whatever pieces and between whatever words they come', () => {
  const mark = messageOf(1, 16, false).toString();
  const noises = constantFrom('', ' ', 'Welcome!\n', mark[0]!, mark.slice(0, 2), mark.slice(0, 3), '{"type":"ping"}');
  holds(
    property(
      ...([array(nat(5000), { maxLength: 8 }), constantFrom(16, 17, 64, 300), constantFrom(false, true)] as const),
      ...([array(noises, { minLength: 1, maxLength: 9 }), array(nat(90), { minLength: 1, maxLength: 5 })] as const),
      (numbers, bytes, wrapped, words, cuts) => {
        const parts = numbers.flatMap((number, i) => [
          Buffer.from(words[i % words.length]!),
          messageOf(number, bytes, wrapped),
        ]);
        assert.deepEqual(found(Buffer.concat(parts), bytes, cuts), numbers);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a message whose line end a server left out is there with the end of its frame', () => {
  const numbers: number[] = [];
  const shape = { length: 64, run: RUN, earliestMs: 0 };
  const finder = findMarks(
    shape,
    () => NOW_MS,
    (_, { opening }) => numbers.push(opening),
  );
  finder.read(0, messageOf(8, 64, false).subarray(0, 63), true);
  finder.read(0, messageOf(9, 64, false).subarray(0, 63), true);
  assert.deepEqual(numbers, [8, 9]);
});

test('property: numbers of a server are found behind its characters, in whatever pieces', () => {
  holds(
    property(array(nat(1e8), { maxLength: 8 }), array(nat(20), { minLength: 1 }), (numbers, cuts) => {
      const seen: number[] = [];
      const finder = findNumbers(
        Buffer.from('"seq":'),
        () => 0,
        (_, number) => seen.push(number),
      );
      const stream = Buffer.from(numbers.map((number) => `{"a":1,"seq":${number},"b":"seq"}`).join('\n'));
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = at + cuts[i % cuts.length]! + 1;
        finder.read(1, stream.subarray(at, end), false);
        at = end;
      }
      assert.deepEqual(seen, numbers);
    }),
    { numRuns: 1000 },
  );
});
