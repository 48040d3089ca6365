import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RigError } from '../../core/values/errors.ts';
import { fleetWord, openSealed, type SealPlace, sealBytes, sign, verified } from './seal.ts';

const TOKEN = 'of-the-fleet';
const PLACE: SealPlace = { what: 'plan', run: 'run-1', epoch: 3, share: 2 };
const ELSEWHERE: readonly SealPlace[] = [
  { ...PLACE, what: 'rows' },
  { ...PLACE, run: 'run-2' },
  { ...PLACE, epoch: 4 },
  { ...PLACE, share: 1 },
  { what: 'plan', run: 'run-1' },
];
const SECRET = Buffer.from('Authorization: Bearer of-a-user');

const isRefused = (act: () => unknown): void =>
  assert.throws(act, (error) => error instanceof RigError && error.code === 'EFLEETTOKEN');

test('what is sealed is opened with the token, at its place, and tells nothing', () => {
  const sealed = sealBytes(SECRET, TOKEN, PLACE);
  assert.deepEqual(openSealed(sealed, TOKEN, PLACE), SECRET);
  assert.equal(sealed.includes('of-a-user'), false);
  assert.equal(sealed.length, SECRET.length + 29);
  assert.notDeepEqual(sealBytes(SECRET, TOKEN, PLACE), sealed, 'a nonce of its own each time');
  assert.deepEqual(openSealed(sealBytes(new Uint8Array(0), TOKEN, PLACE), TOKEN, PLACE), Buffer.alloc(0));
});

test('what is sealed is opened nowhere else, with no other token, and not when a bit of it was changed', () => {
  const sealed = sealBytes(SECRET, TOKEN, PLACE);
  for (const place of ELSEWHERE) isRefused(() => openSealed(sealed, TOKEN, place));
  isRefused(() => openSealed(sealed, 'another', PLACE));
  isRefused(() => openSealed(sealed, undefined, PLACE));
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at]! ^= 1;
    isRefused(() => openSealed(changed, TOKEN, PLACE));
  }
  for (let length = 0; length < sealed.length; length++)
    isRefused(() => openSealed(sealed.subarray(0, length), TOKEN, PLACE));
});

test('without a token bytes stay as they are, and one with a token does not take them', () => {
  const clear = sealBytes(SECRET, undefined, PLACE);
  assert.deepEqual(openSealed(clear, undefined, PLACE), SECRET);
  isRefused(() => openSealed(clear, TOKEN, PLACE));
  isRefused(() => openSealed(new Uint8Array(0), undefined, PLACE));
});

test('a text counts that one with the token signed, at its place', () => {
  const signed = sign('{"a":"ä"}', TOKEN, PLACE);
  assert.equal(verified(signed, TOKEN, PLACE), '{"a":"ä"}');
  for (const place of ELSEWHERE) assert.equal(verified(signed, TOKEN, place), undefined);
  const forged = [signed.replace('ä', 'b'), signed.slice(0, -1), `${signed} `, '{"a":"ä"}', '', 'ä', signed.slice(1)];
  for (const text of forged) assert.equal(verified(text, TOKEN, PLACE), undefined);
  assert.equal(verified(signed, 'another', PLACE), undefined);
  assert.equal(verified(sign('{}', undefined, PLACE), undefined, PLACE), '{}');
});

test('a token has one word, which is no other one’s', () => {
  assert.match(fleetWord(TOKEN), /^[0-9a-f]{16}$/);
  assert.equal(fleetWord(TOKEN), fleetWord(TOKEN));
  assert.notEqual(fleetWord(TOKEN), fleetWord('another'));
});
