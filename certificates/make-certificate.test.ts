import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConnectionOptions, checkServerIdentity, connect, createServer, type TLSSocket } from 'node:tls';
import { openssl } from '../test/support/certificates.ts';
import { needs } from '../test/support/needs.ts';
import { makeCertificate } from './make-certificate.ts';

const NAMES = ['localhost', 'a-host.example', '127.0.0.1', '::1', '2001:db8::10'];
const NOW = new Date();

test('it is what it says, for as long as it says', () => {
  const { cert, key } = makeCertificate({ names: NAMES, now: new Date('2031-02-03T04:05:06.789Z'), days: 30 });
  const read = new X509Certificate(cert);
  assert.equal(String(read), cert, 'the same bytes, written as node writes them');
  assert.deepEqual(
    [read.subject, read.issuer, read.ca, read.keyUsage],
    ['CN=connrig', 'CN=connrig', false, ['1.3.6.1.5.5.7.3.1']],
  );
  assert.deepEqual([read.validFrom, read.validTo], ['Feb  3 03:05:06 2031 GMT', 'Mar  5 04:05:06 2031 GMT']);
  assert.deepEqual(read.subjectAltName?.split(', '), [
    'DNS:localhost',
    'DNS:a-host.example',
    'IP Address:127.0.0.1',
    'IP Address:0:0:0:0:0:0:0:1',
    'IP Address:2001:DB8:0:0:0:0:0:10',
  ]);
  for (const name of NAMES) assert.ok(isIP(name) ? read.checkIP(name) : read.checkHost(name), name);
  assert.deepEqual([read.checkHost('example'), read.checkIP('127.0.0.2')], [undefined, undefined]);
  assert.ok(read.checkPrivateKey(createPrivateKey(key)) && read.verify(read.publicKey));
  const { asymmetricKeyType, asymmetricKeyDetails } = read.publicKey;
  assert.deepEqual([asymmetricKeyType, asymmetricKeyDetails?.namedCurve], ['ec', 'prime256v1']);
});

test('each has a key and a number of its own, which is positive', () => {
  const made = Array.from({ length: 50 }, () => makeCertificate({ names: ['a'], now: NOW, days: 1 }));
  const numbers = made.map(({ cert }) => new X509Certificate(cert).serialNumber);
  assert.equal(new Set(numbers).size, 50);
  assert.equal(new Set(made.map(({ key }) => key)).size, 50);
  // A sign shows as a minus.
  for (const number of numbers) assert.match(number, /^[0-9A-F]{20,32}$/);
});

test('dates from 2050 on, and more names than one byte can count', () => {
  const names = Array.from({ length: 3000 }, (_, i) => `host-${i}.example`);
  const { cert } = makeCertificate({ names, now: new Date('2049-12-31T12:00:00Z'), days: 1 });
  const read = new X509Certificate(cert);
  assert.deepEqual([read.validFrom, read.validTo], ['Dec 31 11:00:00 2049 GMT', 'Jan  1 12:00:00 2050 GMT']);
  assert.equal(read.subjectAltName?.split(', ').length, 3000);
});

test('a client that trusts it is content with each of its names, and with no other', { timeout: 60_000 }, async (t) => {
  const made = makeCertificate({ names: NAMES, now: NOW, days: 1 });
  const server = createServer(made, (socket) => socket.end('x'));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const open = async (options: ConnectionOptions): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ...options });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  };
  for (const name of NAMES) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await open({ ca: made.cert, minVersion: version, maxVersion: version, ...naming(name) });
      assert.ok(socket.authorized, name);
    }
  }
  const misnamed = open({ ca: made.cert, ...naming('other.example') });
  await assert.rejects(misnamed, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  const { cert: ofAnother } = makeCertificate({ names: NAMES, now: NOW, days: 1 });
  await assert.rejects(open({ ca: ofAnother, ...naming('localhost') }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});

test('OpenSSL finds nothing wrong with it, strict as it can be', { skip: needs('openssl') }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-made-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'cert.pem');
  writeFileSync(path, makeCertificate({ names: NAMES, now: NOW, days: 1 }).cert);
  const trusting = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', path];
  for (const name of NAMES) {
    const asked = isIP(name) ? '-verify_ip' : '-verify_hostname';
    assert.equal(openssl(...trusting, asked, name, path), `${path}: OK\n`);
  }
  assert.throws(() => openssl(...trusting, '-verify_hostname', 'other.example', path), /hostname mismatch/);
});

/** A client that wants to find this name in the certificate. */
const naming = (name: string): ConnectionOptions =>
  isIP(name) ? { checkServerIdentity: (_, cert) => checkServerIdentity(name, cert) } : { servername: name };
