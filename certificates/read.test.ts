import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeAuthority, openssl } from '../test/support/certificates.ts';
import { needs } from '../test/support/needs.ts';
import { readCertificateAndKey } from './read-certificate-and-key.ts';
import { readCertificates } from './read-certificates.ts';

const OPTIONS = { timeout: 60_000, skip: needs('openssl') };

test('certificates of a file are read, each of them, and nothing beside them', OPTIONS, (t) => {
  const { folder, caPath, issue } = makeAuthority(t);
  const { certPath, keyPath } = issue();
  const path = join(folder, 'bundle.pem');
  const [own, authority, key] = [certPath, caPath, keyPath].map((file) => readFileSync(file, 'utf8'));
  writeFileSync(path, `# a comment\r\n${key}${own?.replaceAll('\n', '\r\n')}\nanother\n${authority}`);
  const read = readCertificates(path);
  assert.ok(typeof read !== 'string', String(read));
  assert.deepEqual(read, { path, pem: `${new X509Certificate(own!)}${new X509Certificate(authority!)}` });
  const link = join(folder, 'link.pem');
  symlinkSync(caPath, link);
  assert.deepEqual(readCertificates(link), { path: link, pem: authority }, 'as programs lay them that renew them');
});

test('a file without proper certificates is told by what it is', OPTIONS, (t) => {
  const { folder, caPath, issue } = makeAuthority(t);
  const { certPath, keyPath } = issue();
  const authority = readFileSync(caPath, 'utf8');
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  openssl('x509', '-in', certPath, '-outform', 'der', '-out', join(folder, 'cert.der'));
  openssl('x509', '-in', certPath, '-trustout', '-out', join(folder, 'trusted.pem'));
  openssl('crl2pkcs7', '-nocrl', '-certfile', certPath, '-out', join(folder, 'chain.p7b'));
  const damaged = authority.replace(/^(.{40})....../m, '$1').replace(/\n(.{20})..../, '\n$1AAAA');
  const bad: ReadonlyArray<[path: string, why: RegExp]> = [
    [join(folder, 'nowhere.pem'), /^\S+nowhere\.pem is missing \(ENOENT\)$/],
    [folder, /^\S+ is a folder, not a file$/],
    [file('empty.pem', '\n'), /^\S+empty\.pem is empty$/],
    [keyPath, /has no certificate in it: it is a private key; name the file with the certificate/],
    [
      join(folder, 'cert.der'),
      /is not in PEM format, .*; openssl x509 -inform der -in \S+cert\.der -out cert\.pem makes/,
    ],
    [join(folder, 'trusted.pem'), /it is a TRUSTED CERTIFICATE; openssl x509 -in \S+trusted\.pem -out cert\.pem makes/],
    [join(folder, 'chain.p7b'), /openssl pkcs7 -print_certs -in \S+chain\.p7b/],
    [join(folder, 'server-1.csr'), /it is a request for one, which an authority has yet to sign$/],
    [file('cut.pem', authority.slice(0, -40)), /cut\.pem is cut short: it has 1 BEGIN lines, and fewer END lines$/],
    [file('second.pem', `${authority}${damaged}`), /second\.pem: certificate 2 of 2 \(line \d+\) can't be read; copy/],
    [file('large.pem', 'x'.repeat(2 ** 22 + 1)), /large\.pem is larger than 4 MiB$/],
  ];
  for (const [path, why] of bad) assert.match(String(readCertificates(path)), why);
});

test('a certificate and its key, whatever format the key has', OPTIONS, (t) => {
  const { folder, caPath, issue } = makeAuthority(t);
  const { certPath, keyPath } = issue();
  const own = readFileSync(certPath, 'utf8');
  const pkcs8 = createPrivateKey(readFileSync(keyPath, 'utf8')).export({ type: 'pkcs8', format: 'pem' });
  const as = (name: string, ...args: string[]): string => {
    openssl('pkey', '-in', keyPath, '-out', join(folder, name), ...args);
    return join(folder, name);
  };
  const encrypted = as('encrypted.key', '-aes256', '-passout', 'pass:sesame');
  const traditional = as('traditional.key', '-traditional', '-aes128', '-passout', 'pass:sesame');
  const withParameters = join(folder, 'parameters.key');
  writeFileSync(
    withParameters,
    `${openssl('ecparam', '-name', 'prime256v1')}${readFileSync(as('ec.key', '-traditional'), 'utf8')}`,
  );
  for (const [path, passphrase] of [
    [keyPath, undefined],
    [keyPath, 'of another one'],
    [encrypted, 'sesame'],
    [traditional, 'sesame'],
    [withParameters, ''],
  ] as const) {
    assert.deepEqual(readCertificateAndKey(certPath, path, passphrase), { cert: own, key: pkcs8 }, path);
  }
  const both = join(folder, 'both.pem');
  writeFileSync(both, `${readFileSync(keyPath, 'utf8')}${own}${readFileSync(caPath, 'utf8')}`);
  const read = readCertificateAndKey(both, both, undefined);
  assert.ok(typeof read !== 'string', String(read));
  assert.equal(read.cert, `${own}${readFileSync(caPath, 'utf8')}`, 'with those that vouch for it');

  const refused = (why: RegExp, cert: string, key: string, passphrase?: string): void => {
    const told = readCertificateAndKey(cert, key, passphrase);
    assert.match(String(told), why);
    assert.doesNotMatch(String(told), /sesame|open-it/, 'no passphrase in what is told');
  };
  for (const path of [encrypted, traditional]) {
    refused(
      /\.key is encrypted; say its passphrase in the environment variable CONNRIG_TLS_PASSPHRASE$/,
      certPath,
      path,
    );
    refused(/can't be decrypted: CONNRIG_TLS_PASSPHRASE is not its passphrase/, certPath, path, 'open-it');
  }
  refused(/ is not the key of \S+server-1\.pem: each has another public key; openssl x509/, certPath, issue().keyPath);
  refused(/has no private key in it: it is a certificate; name the file with the key/, certPath, certPath);
  refused(/has no certificate in it: it is a private key/, keyPath, keyPath);
  const upsideDown = join(folder, 'upside-down.pem');
  writeFileSync(upsideDown, `${readFileSync(caPath, 'utf8')}${own}`);
  refused(/upside-down\.pem: certificate 2 is that of \S+; it has to come first/, upsideDown, keyPath);
  writeFileSync(join(folder, 'damaged.key'), readFileSync(keyPath, 'utf8').replace(/\n\w{10}/, '\nAAAAAAAAAA'));
  refused(
    /damaged\.key: the key \(line 1\) can't be read; openssl pkey -in \S+ -noout says why/,
    certPath,
    join(folder, 'damaged.key'),
  );
});

test('a pair that OpenSSL would not serve with is refused before anything starts', OPTIONS, (t) => {
  const { folder } = makeAuthority(t);
  const [cert, key] = [join(folder, 'short.pem'), join(folder, 'short.key')];
  openssl('req', '-x509', '-newkey', 'rsa:512', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=short');
  assert.match(
    String(readCertificateAndKey(cert, key, undefined)),
    /short\.pem and \S+short\.key can't serve TLS: ee key too small; make others with openssl req -x509/,
  );
});
