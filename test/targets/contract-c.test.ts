import assert from 'node:assert/strict';
import { it } from 'node:test';
import { needs } from '../support/needs.ts';
import { contractOfAll, languages } from './contract.ts';

await contractOfAll('C', needs('gcc'));

it('there is a file like this for each language that has targets', () => {
  assert.deepEqual(languages().sort(), ['C', 'Go', 'Java', 'Node.js', 'Python', 'nginx']);
});
