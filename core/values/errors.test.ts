import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, EXIT, EXIT_OF, exitCodeOf, formatError, RigError, usageError } from './errors.ts';

const codes = Object.keys(EXIT_OF) as ErrorCode[];

test('exit codes are as documented', () => {
  assert.deepEqual(EXIT, {
    done: 0,
    defect: 1,
    usage: 2,
    limits: 3,
    target: 4,
    threshold: 5,
    invalid: 6,
    inconclusive: 7,
    interrupted: 130,
  });
});

for (const code of codes) {
  test(`${code} ends in a documented exit code that is not success, and is told in one line`, () => {
    const error = new RigError(code, 'something is wrong', { hint: 'do this', cause: new Error('below') });
    assert.match(code, /^E[A-Z]+$/);
    assert.ok(Object.values(EXIT).includes(error.exitCode) && error.exitCode !== EXIT.done);
    assert.equal(exitCodeOf(error), EXIT_OF[code]);
    assert.equal(formatError(error), `${code}: something is wrong — do this`);
    assert.equal((error.cause as Error).message, 'below');
  });
}

const STRANGE: ReadonlyArray<[string, unknown, RegExp]> = [
  ['an error', new TypeError('x is undefined'), /^EDEFECT: x is undefined — /],
  ['a text', 'gone wrong', /^EDEFECT: gone wrong — /],
  ['nothing', undefined, /^EDEFECT: undefined — /],
  ['an error without words', new AggregateError([new Error('one')]), /^EDEFECT: AggregateError — /],
];
for (const [name, thrown, wanted] of STRANGE) {
  test(`${name} that is thrown is a defect of ours, and shows no stack`, () => {
    const told = formatError(thrown);
    assert.match(told, wanted);
    assert.doesNotMatch(told, /\n|\bat .*:\d+|errors\.test/);
    assert.match(told, /CONNRIG_DEBUG=1/);
    assert.equal(exitCodeOf(thrown), EXIT.defect);
  });
}

test('a usage error names every problem', () => {
  const error = usageError(['one is wrong', 'two is wrong'], 'connrig run --help');
  assert.equal(formatError(error), 'EUSAGE: one is wrong; two is wrong — connrig run --help');
  assert.equal(error.exitCode, EXIT.usage);
  assert.equal(error.cause, undefined);
});
