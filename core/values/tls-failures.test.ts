import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_OF } from './errors.ts';
import { hintOfTls, TLS_FAILURES } from './tls-failures.ts';

test('each failure of TLS has a code that ends with the exit code of targets, and words that fit behind a colon', () => {
  for (const { code, sentence, hint } of Object.values(TLS_FAILURES)) {
    assert.equal(EXIT_OF[code], 4);
    assert.match(sentence, /^it.*[^.]$/);
    assert.match(hint, /--[a-z]/);
  }
});

test('an alert has a hint of its own, and a certificate for other names the first of them', () => {
  const alert = (name: string): string => `the peer ended it by the TLS alert ${name} (1): why`;
  assert.match(hintOfTls('tls-alert', alert('certificate_required'))!, /^--cert and --key/);
  assert.match(hintOfTls('tls-alert', alert('unrecognized_name'))!, /^--servername/);
  assert.equal(hintOfTls('tls-alert', alert('internal_error')), undefined);
  assert.equal(hintOfTls('tls-alert', ''), undefined);
  assert.match(
    hintOfTls('cert-name', 'is for other names: DNS:*.a.example, DNS:b.example')!,
    /^--servername b\.example,/,
  );
  assert.equal(hintOfTls('cert-name', 'is for other names: IP Address:10.0.0.1'), undefined);
  assert.equal(hintOfTls('cert-untrusted', 'DNS:b.example'), undefined);
});
