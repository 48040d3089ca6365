import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCertificate } from '../../../certificates/make-certificate.ts';
import { FIRST_VISIT } from '../../../test/support/tls-clients.ts';
import { whyNoOpenSsl, whyNotTls } from './abilities.ts';
import { dotted } from './openssl.ts';
import type { TlsOptions } from './tls-options.ts';

const own = makeCertificate({ names: ['localhost'], now: new Date(), days: 1 });
const another = makeCertificate({ names: ['localhost'], now: new Date(), days: 1 });

test('the OpenSSL of this process holds a connection with itself, as often as it is asked to', async () => {
  for (let i = 0; i < 3; i++) assert.equal(await whyNoOpenSsl(), undefined);
});

test('versions are written as people do', () => {
  assert.deepEqual([0x30000130, 0x30500080].map(dotted), ['3.0.19', '3.5.8']);
});

const TAKEN: readonly Partial<TlsOptions>[] = [
  {},
  { ca: own.cert + another.cert, own, alpn: ['h2', 'http/1.1'] },
  { servername: '127.0.0.1' },
  { servername: '::1', versions: ['1.2'] },
  { ciphers: 'TLS_AES_128_GCM_SHA256' },
  { ciphers: 'ECDHE-ECDSA-AES128-SHA:TLS_CHACHA20_POLY1305_SHA256' },
  { ciphers: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' },
  { ciphers: 'DEFAULT@SECLEVEL=0' },
  { ciphers: 'HIGH:!aNULL:!RC4:@STRENGTH' },
  { groups: 'X25519' },
  { groups: 'P-521:X448', versions: ['1.3'] },
];
test('options that OpenSSL takes', async () => {
  for (const options of TAKEN) assert.equal(await whyNotTls({ ...FIRST_VISIT, ...options }), undefined);
});

const REFUSED: readonly (readonly [Partial<TlsOptions>, RegExp])[] = [
  [{ ciphers: 'TLS_NOTHING' }, /^OpenSSL knows no cipher suite of TLS 1\.3 "TLS_NOTHING"$/],
  [{ ciphers: 'TLS_AES_128_GCM_SHA256:TLS_NOTHING' }, /"TLS_NOTHING"$/],
  [{ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:NOTHING' }, /^OpenSSL knows no cipher "NOTHING"$/],
  [{ ciphers: 'TLS_RSA_WITH_NOTHING' }, /^OpenSSL knows no cipher "TLS_RSA_WITH_NOTHING"$/],
  [{ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:!ALL' }, /leaves no cipher$/],
  [{ ciphers: 'TLS_AES_128_GCM_SHA256', versions: ['1.2'] }, /^none of the ciphers is of TLS 1\.2$/],
  [{ ciphers: '' }, /^none of the ciphers is of TLS 1\.2 or 1\.3$/],
  [{ groups: 'X25519:nothing' }, /^OpenSSL knows no group "nothing"$/],
  [{ groups: '' }, /^OpenSSL knows no group ""$/],
  [{ alpn: ['x'.repeat(256)] }, /^a name of ALPN has 1 to 255 bytes, not 256$/],
  [
    { own: { cert: own.cert, key: another.key } },
    /^the key isn't the one of the own certificate: key values mismatch$/,
  ],
  [{ own: { cert: '', key: own.key } }, /^there is no certificate in what is to be the own one$/],
  [{ own: { cert: own.cert, key: 'nothing' } }, /^the key can't be read: /],
  [{ ca: own.cert.replace(/[A-Za-z0-9+/]{8}\n/, '!!!!\n') }, /^certificate 1 can't be read: /],
];
test('options that OpenSSL does not take are told in a sentence', async () => {
  for (const [options, expected] of REFUSED) {
    assert.match((await whyNotTls({ ...FIRST_VISIT, ...options })) ?? 'taken', expected);
  }
  assert.equal(await whyNotTls(FIRST_VISIT), undefined, 'nothing of it stays in the queue of errors');
});
