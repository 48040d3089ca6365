import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dialectNames, loadDialect } from '../../config/dialects.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/dialects.md', import.meta.url)), 'utf8');

for (const name of dialectNames()) {
  test(`${name}: the page has its protocols and each of its settings, by default and in words`, () => {
    const { name: written, protocols, params } = loadDialect(name);
    assert.equal(written, name);
    const rows = PAGE.split('\n')
      .filter((line) => line.startsWith(`| \`${name}\``))
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
    assert.ok(
      rows.some(([, , over]) => over === protocols.map((protocol) => `\`${protocol}\``).join(' ')),
      `the row of ${name}`,
    );
    for (const [setting, { default: byDefault, what }] of Object.entries(params)) {
      const shown = typeof byDefault === 'string' ? byDefault : JSON.stringify(byDefault);
      const row = [setting, shown].map((text) => (text === '' ? '' : `\`${text}\``));
      const found = rows.find(([, , cell]) => cell === row[0]);
      assert.deepEqual(found?.slice(2, 5), [...row, what]);
    }
  });
}
