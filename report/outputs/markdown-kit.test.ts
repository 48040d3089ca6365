import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, say } from '../words/phrase.ts';
import { code, codeBlock, markdown, markdownTable } from './markdown-kit.ts';

const WORDS: ReadonlyArray<[string, string]> = [
  ['<script>alert(1)</script>', '\\<script\\>alert(1)\\</script\\>'],
  ['a *b* _c_ [d](e) ![f](g) | `h`', 'a \\*b\\* \\_c\\_ \\[d\\](e) !\\[f\\](g) \\| \\`h\\`'],
  ['see https://example.test/?a=1 and @team', 'see `https://example.test/?a=1` and `@team`'],
  ['closes #12, owner/repo#3', 'closes `#12,` `owner/repo#3`'],
  ['1. one\n# two', '1\\. one # two'],
  ['- a --b', '\\- a --b'],
  ['### 6.8', '\\### 6.8'],
  ['&lt;b&gt; \u001b[31m', '\\&lt;b\\&gt;  \\[31m'],
];
for (const [text, wanted] of WORDS) {
  test(`words as Markdown that shows just them: ${JSON.stringify(text)}`, () => assert.equal(markdown(text), wanted));
}

test('numbers of a phrase are read as they are', () => {
  assert.equal(markdown(say`*${bytes(2048)}*`), '\\*2.0 KiB\\*');
});

test('code has a fence longer than any within, on one line', () => {
  assert.equal(code('a `b` ``c``\nd'), '``` a `b` ``c`` d ```'.replace(' a', 'a').replace('d ```', 'd```'));
  assert.equal(code('`x'), '`` `x ``');
  assert.equal(codeBlock('yaml', 'a: ```b'), '````yaml\na: ```b\n````');
});

test('a bar in a cell does not end it', () => {
  assert.equal(
    markdownTable(['', 'b', 'c'], [['a', '1', 'd']], [false, false, true]).split('\n')[1],
    '| --- | ---: | --- |',
  );
  assert.equal(markdownTable(['', 'b'], [['`a|b`', 'c\\|d']]), '|  | b |\n| --- | ---: |\n| `a\\|b` | c\\|d |');
});
