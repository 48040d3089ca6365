/** Rules and scrape config, as Prometheus's own tool sees them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandOf, needs } from '../../test/support/needs.ts';

const HERE = fileURLToPath(new URL('../../../dashboards/prometheus', import.meta.url));
const RULES = join(HERE, '../generated/prometheus');
const skip = needs('promtool');

function promtool(...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(commandOf('promtool'), args, { encoding: 'utf8', timeout: 120_000 });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.doesNotMatch(`${stdout}${stderr}`, /FAILED|error|warning/i);
}

test('the scrape config names rules that are there and right', { skip }, () => {
  promtool('check', 'config', join(HERE, 'prometheus.yml'));
  promtool('check', 'rules', ...readdirSync(RULES).map((file) => join(RULES, file)));
});

for (const file of readdirSync(HERE).filter((name) => name.endsWith('.test.yml'))) {
  test(`rules: ${file}`, { skip }, () => promtool('test', 'rules', join(HERE, file)));
}
