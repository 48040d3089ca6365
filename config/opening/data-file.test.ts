import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Rows } from '../../fleet/opening/rows.ts';
import { type DataFile, readDataFile } from './data-file.ts';

function fileOf(t: TestContext, name: string, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-data-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const read = (t: TestContext, name: string, content: string | Buffer): Promise<DataFile | string> =>
  readDataFile(fileOf(t, name, content));

function tableOf(file: DataFile | string): unknown {
  if (typeof file === 'string') return file;
  const rows = new Rows(file.rows);
  const values = Array.from({ length: rows.count }, (_, row) =>
    file.rows.columns.map((_, column) => Buffer.from(rows.value(row, column)).toString()),
  );
  return [file.rows.columns, ...values];
}

test('CSV as programs write it: quotes, commas, line breaks, CR LF, a mark of byte order, no newline at the end', async (t) => {
  const csv = '\ufeffuser, token\r\n"a ""b"", c",x\r\n\r\n"two\nlines",ü\r\n,';
  assert.deepEqual(tableOf(await read(t, 'users.csv', csv)), [
    ['user', 'token'],
    ['a "b", c', 'x'],
    ['two\nlines', 'ü'],
    ['', ''],
  ]);
});

test('JSON, an object a line: texts as they are, other values as JSON has them', async (t) => {
  const lines = '{"user":"a\\n","n":1,"o":{"x":[1]}}\r\n\n{"o":null,"n":true,"user":"b","more":2}';
  assert.deepEqual(tableOf(await read(t, 'users.jsonl', lines)), [
    ['user', 'n', 'o'],
    ['a\n', '1', '{"x":[1]}'],
    ['b', 'true', ''],
  ]);
});

test('columns with control characters are known, since no header may have them', async (t) => {
  const file = await read(t, 'users.csv', 'a,b,c\n1,2,3\n1,"2\n",\t3\n1,"2\r",3\n');
  assert.deepEqual((file as DataFile).controlAt, [0, 2, 0]);
});

test('a file that is none is told in one sentence, and nothing of what it has in it', async (t) => {
  const wrong: ReadonlyArray<[name: string, content: string, sentence: RegExp]> = [
    ['a.csv', '', /is empty; its first line names the columns$/],
    ['a.csv', 'a,b\n', /has columns and no rows$/],
    ['a.csv', 'a,a\n1,2\n', /two columns are called "a"$/],
    ['a.csv', 'a,\n1,2\n', /column 2 has no name$/],
    ['a.csv', 'a,b\nhunter2\n', /, line 2 is no CSV: the row has another number of values than there are columns$/],
    ['a.csv', 'a,b\n"hunter2,1\n', /is no CSV: a quote is opened and never closed$/],
    ['a.csv', 'a,b\n"hunter2"x,1\n', /is no CSV: something stands between a closing quote and the next comma$/],
    ['a.csv', 'a,b\nx"hunter2",1\n', /is no CSV: a quote begins in the middle of a value/],
    ['a.csv', `a\n"${'x'.repeat(1_100_000)}`, /longer than 1 MiB|never closed/],
    ['a.jsonl', '{"a":1}\nhunter2\n', /, line 2 is not an object in JSON$/],
    ['a.jsonl', '{"a":1}\n["hunter2"]\n', /, line 2 is not an object in JSON$/],
    ['a.jsonl', '{"a":1,"b":2}\n{"a":"hunter2"}\n', /, line 2 has no "b", which the first row has$/],
  ];
  for (const [name, content, sentence] of wrong) {
    const said = await read(t, name, content);
    assert.equal(typeof said, 'string', content);
    assert.match(said as string, sentence);
    assert.doesNotMatch(said as string, /hunter2/);
  }
  assert.match((await readDataFile('/nowhere/users.csv')) as string, /^\/nowhere\/users\.csv can't be read: ENOENT$/);
  assert.match((await readDataFile(tmpdir())) as string, /is not a file$/);
});
