import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClose } from './ws-close.ts';

const payload = (code: number, reason = ''): Uint8Array =>
  Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), Buffer.from(reason)]);

test('a close frame says a code and a reason, or nothing', () => {
  assert.deepEqual(readClose(new Uint8Array(0)), { code: undefined, text: 'close frame without a code' });
  assert.deepEqual(readClose(payload(1000)), { code: 1000, text: 'close 1000' });
  assert.deepEqual(readClose(payload(1001, 'gone für heute')), { code: 1001, text: 'close 1001 gone für heute' });
});

test('codes that may not be sent are violations', () => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 3999, 4000, 4999]) {
    assert.ok(!('violation' in readClose(payload(code))), `${code} is allowed`);
  }
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535]) {
    assert.deepEqual(readClose(payload(code)), { violation: 1002, detail: `close frame with invalid code ${code}` });
  }
});

test('half a code and a reason that is not UTF-8 are violations', () => {
  assert.deepEqual(readClose(Uint8Array.of(3)), { violation: 1002, detail: 'close frame with half a status code' });
  const broken = readClose(Uint8Array.of(3, 232, 0xc3, 0x28));
  assert.ok('violation' in broken && broken.violation === 1007);
});
