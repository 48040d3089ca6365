import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPreamble } from './preamble.ts';

for (const [given, hex] of [
  ['PING\\r\\n', '50494e470d0a'],
  ['\\x10\\x0c\\0\\t\\\\x', '100c00095c78'],
  ['né', '6ec3a9'],
] as const) {
  test(`what is sent first: ${given}`, () => {
    assert.deepEqual(readPreamble(given), { value: { from: given, hex } });
  });
}

for (const [given, problem] of [
  ['', /^it is empty$/],
  ['a\\q', /^"\\q" is not one of the escapes/],
  ['a\\x1', /^"\\x" is not one of the escapes/],
  ['a\\', /^"\\" is not one of the escapes/],
  ['@/nowhere/at/all', /^\/nowhere\/at\/all can't be read: ENOENT/],
  ['x'.repeat(16_385), /^16385 bytes are too many: at most 16384$/],
] as const) {
  test(`what can't be sent first: ${given.slice(0, 20)}`, () => {
    const read = readPreamble(given);
    assert.ok('problem' in read);
    assert.match(read.problem, problem);
  });
}

test('the bytes of a file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-preamble-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'connect.bin'), Buffer.from([0x10, 0xff]));
  const from = `@${join(folder, 'connect.bin')}`;
  assert.deepEqual(readPreamble(from), { value: { from, hex: '10ff' } });
});
