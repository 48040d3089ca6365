import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

interface Written {
  readonly name: string;
  readonly protocols: readonly string[];
  readonly params?: Readonly<Record<string, { readonly default: unknown; readonly what: string }>>;
}

const files = readdirSync(fromRoot('dialects')).sort();

for (const file of files) {
  test(`${file}: its page has its protocols and each of its settings, by default and in words`, () => {
    const { name, protocols, params = {} } = parse(readFileSync(fromRoot(`dialects/${file}`), 'utf8')) as Written;
    assert.equal(name, basename(file, '.yaml'));
    const rows = readFileSync(fromRoot('docs/dialects.md'), 'utf8')
      .split('\n')
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
