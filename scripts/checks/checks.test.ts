import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChecks } from './checks.ts';
import { checkNames, readExceptions, withoutExceptions } from './exceptions.ts';
import { checkExportedNames } from './exported-names.ts';
import { checkFileLengths } from './file-lengths.ts';
import { formatProblem } from './problem.ts';
import { checkSentences, judgeSentence, splitSentences } from './sentences.ts';
import { checkSpreadLiterals } from './spread-literals.ts';

test('the house holds to its rules; else: npm run house', () => {
  const [found, exceptions] = [runChecks(), readExceptions()];
  const problems = checkNames().flatMap((check) => withoutExceptions(check, found[check], exceptions));
  assert.deepEqual(problems.map(formatProblem), []);
});

test('a file of 300 lines is allowed, one of 301 is not', () => {
  const linesEach = (path: string, lines: number) => ({ path, text: 'const a = 1;\n'.repeat(lines) });
  assert.deepEqual(
    checkFileLengths([linesEach('short.ts', 300), linesEach('long.ts', 301)]).map(({ path }) => path),
    ['long.ts'],
  );
});

test('a name that two files export has two meanings; a type and a value in one file have one', () => {
  const problems = checkExportedNames([
    { path: 'a.ts', text: 'export type Unit = string;\nexport const Unit = 1;\nexport const one = 1;' },
    { path: 'b.ts', text: "export { one } from './a.ts';\n\nexport function Unit() {}\nconst two = 2;" },
  ]);
  assert.deepEqual(
    problems.map(({ path, line }) => [path, line]),
    [['b.ts', 3]],
  );
});

test('an object literal that is spread is found, an array and a condition are not', () => {
  const text = 'const a = { ...{ b: 1 } };\nconst c = [...[1]];\nconst d = { ...(a ? { b: 1 } : {}) };';
  assert.deepEqual(
    checkSpreadLiterals([{ path: 'a.ts', text }]).map(({ line }) => line),
    [1],
  );
});

const beginWith = (word: string): string => `${word} two servers closes it.`;

test('sentences are judged by how they begin and how long they are', () => {
  assert.equal(judgeSentence('The server closes it.'), undefined);
  assert.equal(judgeSentence('Who may read it?'), undefined);
  assert.match(judgeSentence(beginWith('Whoever'))!, /begins with “Whoever”/);
  assert.match(judgeSentence(beginWith('Of'))!, /begins with “Of”/);
  assert.equal(judgeSentence(`${'word '.repeat(31)}end.`), undefined);
  assert.match(judgeSentence(`${'word '.repeat(32)}end.`)!, /has 33 words/);
});

test('a text is split at its full stops, and each sentence knows its line', () => {
  assert.deepEqual(
    splitSentences('One (e.g. `a.b`) stays. Two\ngoes on.\nThree').map(({ sentence, lineBreaks }) => [
      sentence,
      lineBreaks,
    ]),
    [
      ['One (e.g. `a.b`) stays.', 0],
      ['Two goes on.', 0],
      ['Three', 2],
    ],
  );
});

test('pages are read without their code, cell by cell; of code its comments and messages are read', () => {
  const page = [
    '# Nor is it',
    '',
    '```',
    'Of code',
    '```',
    '',
    '    Of code',
    '',
    '| Who has it | Of [b](Of) |',
    '',
    'A.',
    'Else b.',
  ];
  assert.deepEqual(
    checkSentences([{ path: 'a.md', text: page.join('\n') }]).map(({ line }) => line),
    [1, 9, 9, 12],
  );
  const code = [
    "const a = 'Of';",
    "throw new Error(a + ': it ended. ' + 'Who knows why.');",
    '/** Fine.',
    ' * Nor this. */',
    'b(a);',
  ];
  assert.deepEqual(
    checkSentences([{ path: 'a.ts', text: code.join('\n') }]).map(({ line }) => line),
    [2, 4],
  );
});
