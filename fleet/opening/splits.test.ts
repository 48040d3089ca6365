/** In which pieces a server's words come makes no difference to what is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, constantFrom, assert as holds, integer, property } from 'fast-check';
import {
  type OpeningFinding,
  type OpeningWords,
  openingSubject,
  planOf,
  serverFrame,
} from '../../test/support/opening-subject.ts';

const pieces = array(integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });
const RULES: OpeningWords['rules'] = [
  { on: 'ping', send: 'pong' },
  { on: { prefix: 'pi' }, send: 'pi?' },
];
const STEPS: OpeningWords['steps'] = [
  { expect: 'hello', skip: true },
  { send: 'a' },
  { expect: { json: { t: 1, in: ['x'] } } },
  { expect: { contains: 'ready' } },
];

/** All of it at once against in pieces; payload of a stream has no pieces of its own. */
function same(name: 'tcp' | 'ws', words: OpeningWords, bytes: Uint8Array, sizes: readonly number[]): void {
  const foundIn = (by: readonly number[]): OpeningFinding[] => {
    const subject = openingSubject(name, planOf(words));
    if (name === 'ws') subject.upgrade();
    subject.feed(bytes, by);
    return settled(subject.take(), name === 'tcp');
  };
  assert.deepEqual(foundIn(sizes), foundIn([]));
}

/**
 * What rules answered stands apart from payload of a stream, since a read is handed on before it is looked at. What
 * refuses a step is told as far as it had come by then.
 */
function settled(found: readonly OpeningFinding[], isStream: boolean): OpeningFinding[] {
  if (!isStream) return [...found];
  const isPayload = ([what]: OpeningFinding): boolean => String(what).startsWith('payload');
  const text = found.filter(isPayload).map(([, said]) => said);
  const others = found
    .filter((one) => !isPayload(one))
    .map((one) => one.map((said) => String(said).split(' said "')[0]));
  return [...(others as unknown as OpeningFinding[]), ['payload', text.join('')]];
}

const WORDS = [
  'hello',
  'ping',
  'pin',
  'pi',
  '{"t":1,"in":["x","y"]}',
  '{"t":2}',
  'is ready now',
  'reado',
  'h',
  '',
  '\r',
];

test('ws', () => {
  holds(
    property(array(constantFrom(...WORDS), { maxLength: 12 }), pieces, integer({ min: 1, max: 5 }), (said, by, cut) => {
      const frames = said.map((text) => {
        const bytes = Buffer.from(text);
        const [one, two] = [bytes.subarray(0, cut), bytes.subarray(cut)];
        return text.length % 2 === 0
          ? serverFrame(bytes)
          : Buffer.concat([serverFrame(one, false), serverFrame(two, true, 0)]);
      });
      same('ws', { steps: STEPS, rules: RULES }, Buffer.concat(frames), by);
    }),
  );
});

for (const end of ['\n', '\r\n.\r\n']) {
  test(`tcp, cut by ${JSON.stringify(end)}`, () => {
    holds(
      property(array(constantFrom(...WORDS), { maxLength: 12 }), pieces, (said, by) => {
        const text = said.map((word) => word + end).join('');
        same('tcp', { end, steps: STEPS, rules: RULES }, Buffer.from(text), by);
      }),
    );
  });
}

test('tcp, a stream that nothing cuts', () => {
  const steps: OpeningWords['steps'] = [
    { expect: 'hello' },
    { expect: { json: { t: 1 } } },
    { expect: 'h', skip: true },
  ];
  for (const one of [STEPS, steps]) {
    holds(
      property(array(constantFrom(...WORDS, 'p', 'ing'), { maxLength: 14 }), pieces, (said, by) => {
        same('tcp', { steps: one, rules: [RULES[0]!] }, Buffer.from(`hello${said.join('')}`), by);
      }),
      { numRuns: 300 },
    );
  }
});
