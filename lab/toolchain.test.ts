import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTool } from '../test/support/tools.ts';
import type { ToolNeed } from './manifest.ts';
import { compareVersions, openToolchains } from './toolchain.ts';

const need = (more: Partial<ToolNeed> = {}): ToolNeed => ({
  check: 'brew --version',
  also: [],
  install: 'get brew',
  ...more,
});

test('versions go by their numbers', () => {
  assert.ok(compareVersions('1.10', '1.9.7') > 0);
  assert.ok(compareVersions('1.9', '1.10') < 0);
  assert.ok(compareVersions('21', '21.0.1') < 0);
  assert.equal(compareVersions('21', '21.0'), 0);
});

test('the first in PATH counts, whatever else it says of itself', async (t) => {
  const PATH = [
    '/nowhere',
    makeTool(t, 'brew', 'openbrew version "1.26.8" 2025-04-15'),
    makeTool(t, 'brew', '2.0'),
  ].join(':');
  const { tool, lack } = await openToolchains({ PATH })(need({ atLeast: '1.26' }));
  assert.deepEqual(tool, {
    name: 'brew',
    version: '1.26.8',
    said: 'openbrew version "1.26.8" 2025-04-15',
    outsideFolder: null,
  });
  assert.equal(lack, '');
});

test('of that and what lies elsewhere the newest counts', async (t) => {
  const PATH = makeTool(t, 'brew', 'brew 17.0.15');
  const elsewhere = makeTool(t, 'brew', 'brew 25.0.3', 'brew-25/bin');
  const { tool } = await openToolchains({ PATH })(need({ also: [`${elsewhere}/*/bin`, '/nowhere/*/bin'] }));
  assert.deepEqual([tool?.version, tool?.outsideFolder], ['25.0.3', `${elsewhere}/brew-25/bin`]);
});

test('what is missing, too old, or broken is told', async (t) => {
  const lackOf = async (PATH: string, more: Partial<ToolNeed> = {}): Promise<string> =>
    (await openToolchains({ PATH })(need(more))).lack;
  assert.equal(await lackOf('/nowhere'), 'brew is not installed');
  const old = makeTool(t, 'brew', 'brew 17.0.15');
  assert.equal(await lackOf(old, { atLeast: '21' }), 'brew is 17.0.15; 21 is needed');
  assert.equal(await lackOf(makeTool(t, 'brew', '')), 'brew --version fails');
  assert.equal(await lackOf(old, { check: 'brew -m hops --version', atLeast: '18' }), 'hops is 17.0.15; 18 is needed');
});
