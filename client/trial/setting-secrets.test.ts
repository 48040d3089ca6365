import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingSecrets } from './setting-secrets.ts';

test('settings of dialects that say who somebody is are secrets; of JSON each text in it', () => {
  const dialectSettings = [
    ['topic', 'news/1'],
    ['password', 'p4ssw0rd'],
    ['username', '{user}'],
    ['auth', '{"token":"t0k3n","more":[{"pin":1234}]}'],
    ['keepAliveSeconds', '60'],
  ] as const;
  assert.deepEqual(settingSecrets({ dialectSettings }), ['p4ssw0rd', 't0k3n', '1234']);
  assert.deepEqual(settingSecrets({ dialectSettings: undefined }), []);
});
