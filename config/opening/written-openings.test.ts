import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { OpeningFormat } from '../../core/opening/format.ts';
import { planOpening } from './steps.ts';

const DOCS = new URL('../../../docs/own-openings.md', import.meta.url);

test('openings of the docs can be carried out', () => {
  const blocks = [...readFileSync(DOCS, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)];
  assert.equal(blocks.length, 3);
  for (const [, text = ''] of blocks) {
    const { opening } = parse(text) as { opening: unknown };
    const problems: string[] = [];
    const around = { from: undefined, columns: ['token'], env: {}, onSecret: () => {} };
    const { steps, rules, before } = planOpening(OpeningFormat.parse(opening), around, problems);
    assert.deepEqual(problems, []);
    assert.ok(steps.length + rules.length + before.length > 0);
  }
});
