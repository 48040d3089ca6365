import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactText } from './secrets.ts';
import { withoutSecret } from './without-secret.ts';

const CASES: ReadonlyArray<[text: string, secret: string, shown: string]> = [
  ['who is row-secret-1, row-secret-1?', 'row-secret-1', 'who is ***, ***?'],
  ['Content-Type "topsecret-1"', 'TopSecret-1', 'Content-Type "***"'],
  ['it begins with "zzzrow-secr")', 'row-secret-1', 'it begins with "zzz***")'],
  ['it said "zzzrow-secret-…"', 'row-secret-1', 'it said "zzz***…"'],
  ['close 4403 expired row-sec', 'row-secret-1', 'close 4403 expired ***'],
  ['ecret-1 is bad', 'row-secret-1', '*** is bad'],
  ['row-secret is a word', 'row-secret-1', 'row-secret is a word'],
  ['aaaaaaaab', 'aaaaaaab', 'a***'],
  ['İ row-secret-1', 'row-secret-1', 'İ ***'],
  ['dollars $& and $1', '$& and', 'dollars *** $1'],
  // Too short to be told from other words.
  ['HTTP 401', '', 'HTTP 401'],
  ['a bad word', 'a', 'a bad word'],
  ['ro', 'row', 'ro'],
];

for (const [text, secret, shown] of CASES) {
  test(`${JSON.stringify(text)} without ${JSON.stringify(secret)} is ${JSON.stringify(shown)}`, () => {
    assert.equal(withoutSecret(text, secret), shown);
    assert.equal(redactText(text, [secret]), shown);
  });
}
