import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { NEWER } from './versions.ts';

const OLDEST = '20.12';

test('package.json and README name the versions of Node.js that are tested', () => {
  const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
  const majors = NEWER.map((version) => version.split('.')[0]);
  assert.equal(
    JSON.parse(read('package.json')).engines.node,
    [OLDEST, ...majors].map((from) => `^${from}`).join(' || '),
  );
  assert.ok(read('README.md').includes(`Node.js 20 (${OLDEST} or later), ${majors.join(' or ')}`));
});
