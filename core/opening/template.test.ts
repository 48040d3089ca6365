import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesOfLiteral,
  formsOf,
  type Inside,
  latin1Bytes,
  madeFit,
  parseTemplate,
  type Template,
} from './template.ts';

const NAMES = { columns: ['token', 'user'], taken: ['sid'], env: { KEY: 'hunter2"' }, onSecret: () => undefined };
const parse = (text: string, inside: Inside = 'text'): Template => {
  const problems: string[] = [];
  const template = parseTemplate(text, NAMES, problems, inside);
  assert.deepEqual(problems, []);
  return template;
};
/** Literals as text, holes in angle brackets. */
const shown = ({ parts }: Template): string =>
  parts
    .map((part) => (part instanceof Uint8Array ? Buffer.from(part).toString() : `<${part.kind} ${part.inside}>`))
    .join('');

test('holes are what stands alone in braces and has a name; other braces are text', () => {
  const texts: Readonly<Record<string, string>> = {
    'Bearer {token}': 'Bearer <column text>',
    '{"a":{"b":"{user}"}}': '{"a":{"b":"<column text>"}}',
    '{n}{uuid}{random:8}{sid}': '<number text><uuid text><random text><taken text>',
    'query { tick }': 'query { tick }',
    'subscription{{tick}}': 'subscription{tick}',
    '{me{{name}}}': '{me{name}}',
    '{}{ n}{1}{': '{}{ n}{1}{',
    'é{n}': 'é<number text>',
  };
  for (const [text, expected] of Object.entries(texts)) assert.equal(shown(parse(text)), expected);
});

test('a value of the environment is put in at once, fit for where it stands, and told as a secret', () => {
  const secrets: string[] = [];
  const template = parseTemplate(
    '{"k":"{env:KEY}"}',
    { ...NAMES, onSecret: (value) => secrets.push(value) },
    [],
    'json',
  );
  assert.equal(Buffer.from(bytesOfLiteral(template)!).toString(), '{"k":"hunter2\\""}');
  assert.deepEqual(secrets, ['hunter2"']);
});

test('a value of the environment that would break a header is refused there, without its value', () => {
  const names = { ...NAMES, env: { PIECES: 'a\r\nB: c', TABBED: 'a\tb' } };
  const problemsOf = (text: string, inside: Inside): string[] => {
    const problems: string[] = [];
    parseTemplate(text, names, problems, inside);
    return problems;
  };
  assert.deepEqual(problemsOf('A: {env:PIECES}\r\n', 'header'), [
    "{env:PIECES}: its value has a line break or another control character in it, and a header can't have one",
  ]);
  assert.deepEqual(problemsOf('A: {env:TABBED}\r\n', 'header'), []);
  for (const inside of ['text', 'json', 'url'] as const) assert.deepEqual(problemsOf('{env:PIECES}', inside), []);
});

test('a hole that nothing can fill is told, with what there is', () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    '{tick}':
      /^\{tick\} has no value: there is \{n\}.*\{token\}, \{user\}, \{sid\}; .*\{\{tick\}\} is the text \{tick\}$/,
    '{env:NONE}': /^\{env:NONE\}: the environment has no NONE/,
    '{random:0}': /1 to 1024/,
    '{random}': /1 to 1024/,
  };
  for (const [text, expected] of Object.entries(wrong)) {
    const problems: string[] = [];
    parseTemplate(text, NAMES, problems);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, expected);
  }
});

test('bytes that are no UTF-8 stay as they are beside holes', () => {
  const { parts } = parseTemplate('\xff\0{n}', NAMES, [], 'text', latin1Bytes);
  assert.deepEqual(parts[0], Uint8Array.of(255, 0));
  assert.equal(bytesOfLiteral({ parts }), undefined);
});

test('half a character, which JSON may have, is made fit for a URL', () => {
  assert.equal(madeFit('a\ud800b😀', 'url'), 'a%EF%BF%BDb%F0%9F%98%80');
});

test('the forms of a value are those in which servers and sentences repeat it', () => {
  assert.deepEqual(formsOf('plain'), ['plain']);
  assert.deepEqual(formsOf('é"'), ['é"', 'é\\"', '%C3%A9%22', 'Ã©"', 'Ã©\\"']);
});
