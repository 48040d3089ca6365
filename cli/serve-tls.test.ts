import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeAuthority, openssl } from '../test/support/certificates.ts';
import { needs } from '../test/support/needs.ts';
import { outcomeOf, spawnServe, startServe } from '../test/support/serve-process.ts';
import { connectTls } from '../test/support/tls-peers.ts';
import { eventually } from '../test/support/wait.ts';

const OPTIONS = { timeout: 120_000, skip: needs('openssl') };
const DAY_MS = 86_400_000;

describe('the certificate of connrig serve', OPTIONS, () => {
  it('is made at start, for all names of this machine, and told to those who have to trust it', async () => {
    const server = await startServe(['--protocol', 'ws,wss', '--host', '0.0.0.0']);
    const { caCert = '', admin, urls } = server.ready;
    assert.deepEqual(
      urls.map((url) => url.split(':')[0]),
      ['ws', 'wss'],
    );
    const read = new X509Certificate(caCert);
    for (const name of ['localhost', hostname()]) assert.ok(read.checkHost(name), name);
    for (const address of ['127.0.0.1', '::1']) assert.ok(read.checkIP(address), address);
    const days = (Date.parse(read.validTo) - Date.now()) / DAY_MS;
    assert.ok(days > 29 && days < 31 && Date.parse(read.validFrom) < Date.now(), `${days} days`);
    assert.equal(await (await fetch(`${admin}/certificate`)).text(), caCert);
    const { certificate } = await server.memory();
    assert.deepEqual(certificate, {
      subject: 'CN=connrig',
      notAfter: new Date(read.validTo).toISOString(),
      fingerprint: fingerprintOf(caCert),
      isMadeHere: true,
    });
    (await connectTls(server.ports.wss, caCert)).destroy();
    assert.equal(await server.stop(), 0);
    const other = await startServe(['--protocol', 'tls']);
    assert.notEqual(other.ready.caCert, caCert, 'each start has its own');
    await other.stop();
  });

  it('is found by people as well', async () => {
    const child = spawnServe([...AUTO, '--protocol', 'tls']);
    const outcome = outcomeOf(child);
    let said = '';
    child.stderr?.on('data', (piece: Buffer) => {
      said += String(piece);
    });
    await eventually(() => said.includes('ctrl-c'), 'it is ready');
    const [, page = ''] = /clients trust it with (http:\S+\/certificate);/.exec(said) ?? [];
    assert.match(await (await fetch(page)).text(), /^-----BEGIN CERTIFICATE-----\n/);
    child.kill('SIGTERM');
    assert.equal((await outcome).code, 0);
  });

  it('is neither made nor shown where nothing is served over TLS', async () => {
    const server = await startServe();
    assert.ok(!('caCert' in server.ready));
    assert.equal((await server.memory()).certificate, null);
    assert.equal((await fetch(`${server.ready.admin}/certificate`)).status, 404);
    await server.stop();
  });

  it('is the one that is given, with those that vouch for it', async (t) => {
    const { folder, caPath, issue } = makeAuthority(t);
    const { certPath, keyPath } = issue();
    const chain = join(folder, 'chain.pem');
    writeFileSync(chain, readFileSync(certPath, 'utf8') + readFileSync(caPath, 'utf8'));
    const server = await startServe(['--protocol', 'tls', '--tls-cert', chain, '--tls-key', keyPath]);
    assert.ok(!('caCert' in server.ready), 'who trusts it is nothing that the server knows');
    const socket = await connectTls(server.ports.tls, readFileSync(caPath, 'utf8'));
    assert.equal(socket.getPeerCertificate(true).issuerCertificate.subject.CN, 'test authority');
    socket.destroy();
    const { certificate } = await server.memory();
    const { subject, fingerprint, isMadeHere } = certificate!;
    assert.deepEqual(
      [subject, fingerprint, isMadeHere],
      ['CN=test server', fingerprintOf(readFileSync(certPath, 'utf8')), false],
    );
    const pages = await Promise.all(
      ['certificate', 'memory', 'metrics'].map((page) => fetch(`${server.ready.admin}/${page}`)),
    );
    for (const page of pages) assert.doesNotMatch(await page.text(), /PRIVATE/);
    await server.stop();
  });

  it('may have a key with a passphrase, which no list of processes shows', async (t) => {
    const { folder, caPath, issue } = makeAuthority(t);
    const { certPath, keyPath } = issue();
    const encrypted = join(folder, 'encrypted.key');
    openssl('pkey', '-in', keyPath, '-out', encrypted, '-aes256', '-passout', 'pass:sesame');
    const args = ['--protocol', 'tls', '--tls-cert', certPath, '--tls-key', encrypted];
    const server = await startServe(args, ['env', 'CONNRIG_TLS_PASSPHRASE=sesame']);
    (await connectTls(server.ports.tls, readFileSync(caPath, 'utf8'))).destroy();
    await server.stop();
    const { code, stderr } = await outcomeOf(spawnServe([...AUTO, ...args], ['env', 'CONNRIG_TLS_PASSPHRASE=open']));
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^EUSAGE: --tls-cert and --tls-key: \S+encrypted\.key can't be decrypted: CONNRIG_TLS_PASSPHRASE is/,
    );
    assert.ok(!stderr.includes('open\n') && !stderr.includes('sesame'));
  });

  it('is refused before anything listens, with a sentence that says why', async (t) => {
    const { issue } = makeAuthority(t);
    const [one, other] = [issue(), issue()];
    const tls = ['--protocol', 'tls'];
    const bad: ReadonlyArray<[args: string[], why: RegExp]> = [
      [[...tls, '--tls-cert', one.certPath], /--tls-cert: its private key is missing; --tls-key with the file of it/],
      [
        [...tls, '--tls-key', one.keyPath],
        /--tls-key: the certificate that it belongs to is missing; --tls-cert with its file/,
      ],
      [[...tls, '--tls-cert', one.certPath, '--tls-key', other.keyPath], /\.key is not the key of \S+\.pem: each has/],
      [[...tls, '--tls-cert', one.keyPath, '--tls-key', one.keyPath], /has no certificate in it: it is a private key/],
      [[...tls, '--tls-cert', '/nowhere/x.pem', '--tls-key', one.keyPath], /\/nowhere\/x\.pem is missing \(ENOENT\)/],
      [
        ['--tls-cert', one.certPath, '--tls-key', one.keyPath],
        /--tls-cert: nothing is served over TLS; name one of tls, wss, https, sses in --protocol/,
      ],
    ];
    const outcomes = await Promise.all(bad.map(([args]) => outcomeOf(spawnServe([...AUTO, ...args]))));
    for (const [index, { code, stdout, stderr }] of outcomes.entries()) {
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, bad[index]![1]);
      assert.match(stderr, /^EUSAGE: .* — connrig serve --help\n$/);
    }
  });
});

const AUTO = ['--tls-port', 'auto', '--tcp-port', 'auto', '--ws-port', 'auto', '--admin-port', 'auto'];

const fingerprintOf = (pem: string): string =>
  createHash('sha256')
    .update(new X509Certificate(pem).raw)
    .digest('hex')
    .toUpperCase()
    .replace(/..(?=.)/g, '$&:');
