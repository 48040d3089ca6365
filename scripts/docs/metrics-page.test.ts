import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { METRICS } from '../../core/metrics/catalogue.ts';
import { generatedDocs } from './generated.ts';
import { metricsPage, unexposed } from './metrics-page.ts';

test('pages made from tables are what the tables say; else: npm run generate', () => {
  for (const [path, text] of generatedDocs()) {
    assert.equal(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'), text);
  }
});

test('every metric is on the page, and exposed by somebody', () => {
  const page = metricsPage();
  for (const { name, help } of Object.values(METRICS)) {
    assert.ok(page.includes(`**\`${name}\`**`), name);
    assert.ok(page.includes(help), name);
  }
  assert.deepEqual(unexposed(), []);
});
