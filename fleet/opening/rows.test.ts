import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rows, RowsWriter } from './rows.ts';

test('every value of every row is read back, whatever is in it and however long', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ minLength: 120, maxLength: 20_000 }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(value, { maxLength: 160 }),
      fc.nat(300),
      (columns, values, room) => {
        const names = Array.from({ length: columns }, (_, i) => `c${i}`);
        const writer = new RowsWriter(names, room);
        const table: string[][] = [];
        for (let at = 0; at + columns <= values.length; at += columns) table.push(values.slice(at, at + columns));
        for (const row of table) writer.add(row);
        const rows = new Rows(writer.finish());
        assert.equal(rows.count, table.length);
        const read = table.map((row, i) => row.map((_, column) => Buffer.from(rows.value(i, column)).toString()));
        // A lone surrogate has no UTF-8.
        assert.deepEqual(read, table);
      },
    ),
    { numRuns: 200 },
  );
});

test('rows take no more than the file that they came from, by far less than a fifth', () => {
  const writer = new RowsWriter(['id', 'user', 'token', 'region', 'plan'], 0);
  let fileBytes = 'id,user,token,region,plan\n'.length;
  for (let i = 0; i < 50_000; i++) {
    const row = [String(i), `user${i}@example.org`, `token-${i * 7919}-abcdef`, 'eu-west-1', 'free'];
    fileBytes += row.join(',').length + 1;
    writer.add(row);
  }
  const { bytes, starts, count } = writer.finish();
  const rows = new Rows({ columns: ['id', 'user', 'token', 'region', 'plan'], count, bytes, starts });
  assert.equal(Buffer.from(rows.value(49_999, 1)).toString(), 'user49999@example.org');
  // Where room grew there is some that was never written, and takes no memory.
  const last = rows.value(49_999, 4);
  const writtenBytes = last.byteOffset + last.length + starts.byteLength;
  assert.ok(writtenBytes < 1.1 * fileBytes, `${writtenBytes} of ${fileBytes}`);
});
