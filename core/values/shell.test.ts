import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { hintFor, quoted, word } from './shell.ts';

const WORDS = [
  'plain',
  'runs/a-1',
  "it's",
  'a b',
  '$HOME',
  '`id`',
  '*',
  '',
  '~',
  '-x',
  'a;b',
  'ws://h:1/?a=b&c=d',
  'ü',
  '\\',
];

test('a shell reads what was meant', { skip: process.platform === 'win32' }, () => {
  for (const text of WORDS) {
    for (const written of [quoted(text), word(text)]) {
      const { stdout } = spawnSync('/bin/sh', ['-c', `printf '<%s>' ${written}`], { encoding: 'utf8' });
      assert.equal(stdout, `<${text}>`, written);
    }
  }
});

test('quotes only where they are needed', () => {
  assert.equal(word('runs/20261123T140102003Z-ws'), 'runs/20261123T140102003Z-ws');
  assert.equal(hintFor('connrig report <run folder>', 'my $& runs'), "connrig report 'my $& runs'");
});
