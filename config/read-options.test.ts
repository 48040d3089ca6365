import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RigError } from '../core/values/errors.ts';
import { list, type OptionTable, onOff, quantity, text } from './option.ts';
import { readCommandLine, readOptions, strangerProblems } from './read-options.ts';

const TABLE = {
  levels: {
    name: 'levels',
    group: 'plan',
    argument: '<count>',
    help: 'levels',
    default: '10',
    read: quantity('count', 1),
  },
  token: { name: 'a-token', group: 'access', argument: '<token>', help: 'a token', env: 'A_TOKEN', read: text },
  names: { name: 'names', group: 'access', argument: '<list>', help: 'names', repeats: true, read: list(text) },
  force: { name: 'force', group: 'output', help: 'by force', default: 'false', read: onOff },
} as const satisfies OptionTable;

const line = (given: Record<string, unknown>, strangers: readonly string[] = [], env = {}) => ({
  given,
  strangers,
  env,
  words: [],
});

test('the command line wins over the environment, that over a file, that over the default', () => {
  const problems: string[] = [];
  const read = (commandLine: object, env: Record<string, string>, file: object) =>
    readOptions(TABLE, { commandLine: { ...commandLine }, env, file: { ...file } }, problems);
  const env = { A_TOKEN: 'of-env' };
  const file = { 'a-token': 'of-file', levels: 5 };
  assert.deepEqual(read({ 'a-token': 'of-line', levels: 7 }, env, file), { levels: 7, token: 'of-line', force: false });
  assert.deepEqual(read({}, env, file), { levels: 5, token: 'of-env', force: false });
  assert.deepEqual(read({}, { A_TOKEN: '' }, file), { levels: 5, token: 'of-file', force: false });
  assert.deepEqual(read({}, {}, {}), { levels: 10, force: false });
  assert.deepEqual(read({ names: 'a,b', force: true }, {}, {}), { levels: 10, names: ['a', 'b'], force: true });
  assert.deepEqual(read({}, {}, { names: ['a', 'b'] }), { levels: 10, names: ['a', 'b'], force: false });
  assert.deepEqual(problems, []);
});

test('all that is wrong is told at once, by where it was written, with how to get help', () => {
  const wrong = line({ levels: '0', force: 'yes' }, ['--levls=3', '--quite-else', 'word'], { A_TOKEN: ' ' });
  assert.throws(
    () => readCommandLine('a command', TABLE, wrong, () => assert.fail('nothing to hold against each other')),
    (error: unknown) => {
      assert.ok(error instanceof RigError);
      assert.deepEqual([error.code, error.hint], ['EUSAGE', 'connrig a command --help']);
      assert.deepEqual(error.message.split('; '), [
        '--levls=3 is not an option (did you mean --levels?)',
        '--quite-else is not an option',
        '"word" is one word too many',
        '--levels: 0 is too small: at least 1',
        'A_TOKEN: it is empty',
        '--force: "yes" is neither true nor false',
      ]);
      return true;
    },
  );
});

test('values that are right each by itself are held against each other', () => {
  const rule = ({ levels, force }: { levels: number; force: boolean }): string[] =>
    force && levels > 1 ? ['--force: one level alone'] : [];
  assert.equal(readCommandLine('run', TABLE, line({ levels: '1', force: true }), rule).levels, 1);
  assert.throws(
    () => readCommandLine('run', TABLE, line({ force: true }), rule),
    /^RigError: --force: one level alone$/,
  );
});

test('an option that is spelt nearly right is named', () => {
  const tell = (flag: string): string => strangerProblems([flag], TABLE)[0]!;
  assert.equal(tell('--level'), '--level is not an option (did you mean --levels?)');
  assert.equal(tell('--forec'), '--forec is not an option (did you mean --force?)');
  assert.equal(tell('--froce'), '--froce is not an option (did you mean --force?)');
  assert.equal(tell('--lev=3'), '--lev=3 is not an option (did you mean --levels?)');
  assert.equal(tell('--forced-to'), '--forced-to is not an option (did you mean --force?)');
  assert.equal(tell('--fe'), '--fe is not an option');
  assert.equal(tell('-f'), '-f is not an option');
});
