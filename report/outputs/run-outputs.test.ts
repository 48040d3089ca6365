import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { climb, writeRun } from '../../test/support/synthetic-run.ts';
import { RUN_OUTPUTS } from './run-outputs.ts';
import { writeReport } from './write-report.ts';

const FILES = RUN_OUTPUTS.map(({ file }) => file);

test('docs/reading-a-report.md lists each output of a run, and no other', () => {
  const page = readFileSync(new URL('../../../docs/reading-a-report.md', import.meta.url), 'utf8');
  const [table = ''] = /^\| file .*?\n\n/ms.exec(page) ?? [];
  const listed = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, file]) => file!);
  assert.deepEqual(listed.sort(), [...FILES].sort());
});

test('a report writes the files of its table, each once, and nothing else', (t) => {
  assert.equal(new Set(FILES).size, FILES.length);
  const base = mkdtempSync(join(tmpdir(), 'connrig-outputs-'));
  t.after(() => rmSync(base, { recursive: true }));
  const folder = writeRun(join(base, 'run'), { samples: climb(3000) });
  const before = new Set(filesIn(folder));
  writeReport(folder);
  const made = filesIn(folder).filter((file) => !before.has(file));
  const findRows = (file: string): string[] => FILES.filter((pattern) => isNamedBy(pattern, file));
  for (const file of made) assert.equal(findRows(file).length, 1, file);
  for (const pattern of FILES)
    assert.ok(
      made.some((file) => isNamedBy(pattern, file)),
      pattern,
    );
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

const isNamedBy = (pattern: string, file: string): boolean => {
  const [before = '', after] = pattern.split('*');
  return after === undefined ? file === pattern : file.startsWith(before) && file.endsWith(after);
};
