/** Runs over TLS as a user makes them: against the built-in server, and against one with a certificate of its own. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createServer } from 'node:tls';
import { RunEvent } from '../../core/schemas/record.ts';
import { listen } from '../../telemetry/listen.ts';
import { makeAuthority } from '../support/certificates.ts';
import { assertFailed, assertWentThrough, connrig, newFolder, ONE_LEVEL, readRunJson } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { HOST } from '../support/peers.ts';

const TIMEOUT = { timeout: 240_000, skip: needs('openssl') };

const eventsOf = (folder: string): RunEvent[] =>
  readFileSync(join(folder, 'events.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => RunEvent.parse(JSON.parse(line)));

describe('a run over TLS', () => {
  it('has a leg for each scheme of the built-in server, whose certificate it trusts', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const ended = await connrig(t, ['run', '--protocol', 'tls,wss,https', ...ONE_LEVEL, '--quiet', '--out', folder]);
    assertWentThrough(ended);
    assert.deepEqual(
      readRunJson(folder).plan.legs.map(({ name, protocol, transport, tls }) => [
        name,
        protocol,
        transport,
        tls?.verify,
      ]),
      [
        ['tls', 'tcp', 'tls', true],
        ['wss', 'ws', 'tls', true],
        ['https', 'http', 'tls', true],
      ],
    );
    const agreed = eventsOf(folder).filter((event) => event.type === 'agreed');
    assert.deepEqual(
      agreed.map(({ leg, agreement: { version, serverKey } }) => [leg, version, serverKey]),
      [0, 1, 2].map((leg) => [leg, '1.3', 'EC P-256']),
    );
  });

  it(
    'is refused before anything starts, with a line to paste, when the certificate is not trusted',
    TIMEOUT,
    async (t) => {
      const authority = makeAuthority(t);
      const { certPath, keyPath } = authority.issue({ names: ['DNS:a.example'] });
      const server = createServer({ cert: readFileSync(certPath), key: readFileSync(keyPath) }, (socket) => {
        socket.on('error', () => {}).resume();
      });
      const port = await listen(server, HOST, 0, 511);
      t.after(() => server.close());
      const url = `tls://${HOST}:${port}`;
      const run = (...args: string[]) =>
        connrig(t, ['run', url, ...ONE_LEVEL, '--quiet', '--out', newFolder(t), ...args]);
      const untrusted = await run();
      assertFailed(
        untrusted,
        4,
        'ETLSCERT',
        new RegExp(`openssl s_client -connect ${HOST}:${port} -showcerts </dev/null >`),
      );
      const misnamed = await run('--ca', authority.caPath);
      assertFailed(misnamed, 4, 'ETLSCERT', /DNS:a\.example\) — --servername a\.example,/);
      assertWentThrough(await run('--ca', authority.caPath, '--servername', 'a.example'));
      assertWentThrough(await run('--insecure'));
    },
  );

  it('shows a certificate whose key and passphrase stand nowhere', TIMEOUT, async (t) => {
    const authority = makeAuthority(t);
    const { certPath, keyPath } = authority.issue();
    const own = authority.issue({ names: ['DNS:client'] });
    const passphrase = 'correct horse battery';
    const plainKey = createPrivateKey(readFileSync(own.keyPath));
    const sealedPath = join(authority.folder, 'sealed.key');
    const sealed = plainKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    writeFileSync(sealedPath, sealed, { mode: 0o600 });
    const options = { cert: readFileSync(certPath), key: readFileSync(keyPath), ca: readFileSync(authority.caPath) };
    const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on('error', () => {}).resume();
    });
    server.on('tlsClientError', () => {});
    const port = await listen(server, HOST, 0, 511);
    t.after(() => server.close());
    const url = `tls://localhost:${port}`;
    const folder = newFolder(t);
    const args = ['run', url, '--ca', authority.caPath, ...ONE_LEVEL, '--out', folder];
    const env = { CONNRIG_TLS_PASSPHRASE: passphrase };
    const refused = await connrig(t, [...args, '--out', newFolder(t)]);
    assertFailed(refused, 4, 'ETLS', /certificate_required.* — --cert and --key/);
    const ended = await connrig(t, [...args, '--cert', own.certPath, '--key', sealedPath], { env });
    assertWentThrough(ended);
    const written = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'latin1'));
    const secret = String(plainKey.export({ type: 'pkcs8', format: 'pem' })).split('\n')[1]!;
    for (const text of [...written, ended.stdout, ended.stderr]) {
      assert.ok(!text.includes(passphrase) && !text.includes(secret) && !text.includes('PRIVATE KEY'));
    }
    assert.equal(readRunJson(folder).plan.legs[0]!.tls?.hasOwnCertificate, true);
  });

  it('refuses ciphers that OpenSSL does not know, before anything starts', TIMEOUT, async (t) => {
    const args = ['run', '--protocol', 'wss', ...ONE_LEVEL, '--tls-ciphers', 'NONSENSE', '--out', newFolder(t)];
    assertFailed(await connrig(t, args), 2, 'EUSAGE', /OpenSSL knows no cipher "NONSENSE"/);
  });
});
