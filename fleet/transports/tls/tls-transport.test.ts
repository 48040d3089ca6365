import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer, type TlsOptions as NodeTlsOptions, type TLSSocket } from 'node:tls';
import { makeCertificate } from '../../../certificates/make-certificate.ts';
import { makeAuthority, openssl } from '../../../test/support/certificates.ts';
import { needs } from '../../../test/support/needs.ts';
import { portOf, tlsClients } from '../../../test/support/tls-clients.ts';
import { eventually } from '../../../test/support/wait.ts';

const own = makeCertificate({ names: ['localhost'], now: new Date(), days: 1 });
const LONG = 'x'.repeat(100_000);

/** A server that says back what it hears. */
function echoPort(t: TestContext, options: NodeTlsOptions, seen: TLSSocket[] = []): Promise<number> {
  const server = createServer({ ...own, ...options }, (socket) => {
    seen.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(bytes));
    socket.on('end', () => socket.end());
  });
  server.on('tlsClientError', () => {});
  return portOf(t, server);
}

const SUITES = [
  ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256', 0],
  ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384', 0],
  ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 0],
  ['TLSv1.3', 'TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_SHA256', 1],
  ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 0],
  ['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 0],
  ['TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 0],
  ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA', 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 1],
  ['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', 1],
] as const;

for (const [maxVersion, ciphers, suite, kept] of SUITES) {
  test(`${suite}: both ways, and goodbye; ${kept} objects are kept`, { timeout: 60_000 }, async (t) => {
    const port = await echoPort(t, { maxVersion, ciphers });
    const clients = tlsClients(t, { ca: own.cert, ciphers });
    const open = await Promise.all([clients.secure(port), clients.secure(port), clients.secure(port)]);
    const { counts } = clients.transport;
    assert.deepEqual([counts.secured, counts.objects, counts.keptObjects], [3, 3 * kept, 3 * kept]);
    for (const [index, client] of open.entries()) {
      for (const text of ['a', `${index}`, LONG]) clients.send(client, text);
      await eventually(() => client.plain.length === LONG.length + 2, 'all is said back');
      assert.equal(client.plain.toString(), `a${index}${LONG}`);
      await clients.close(client);
      assert.deepEqual([client.hasPeerEnded, client.failure], [true, undefined]);
    }
    assert.deepEqual([counts.objects, counts.keptObjects], [0, 0]);
    const version = maxVersion === 'TLSv1.3' ? '1.3' : '1.2';
    assert.deepEqual(clients.agreements, [{ version, suite, group: 'X25519', serverKey: 'EC P-256', alpn: null }]);
  });
}

test('a handshake under way has an object, and what has come of it is told', { timeout: 60_000 }, async (t) => {
  const silent = await portOf(t, createPlainServer());
  const clients = tlsClients(t, {});
  const { counts } = clients.transport;
  const [first, second] = [clients.open(silent), clients.open(silent)];
  await eventually(() => counts.objects === 2, 'both have begun');
  assert.equal(clients.transport.cameSoFar(first.slot), 'no answer');
  first.socket.destroy();
  await eventually(() => first.isGone, 'the first is gone');
  assert.deepEqual([counts.objects, counts.keptObjects, counts.secured], [1, 0, 0]);

  const half = await portOf(
    t,
    createPlainServer((socket) => socket.once('data', () => socket.write(HALF_A_RECORD))),
  );
  const third = clients.open(half);
  const told = () => clients.transport.cameSoFar(third.slot);
  await eventually(() => told() === `${HALF_A_RECORD.length} bytes of the TLS handshake`, 'what came is told');
  assert.equal(counts.objects, 2);
  for (const client of [second, third]) client.socket.destroy();
  await eventually(() => counts.objects === 0, 'nothing is left');
});

/** A handshake record of which 4 bytes are missing. */
const HALF_A_RECORD = Uint8Array.of(22, 3, 3, 0, 10, 2, 0, 0, 6, 3, 3);

test('what is asked for reaches the server, and what it chose is told', { timeout: 60_000 }, async (t) => {
  const seen: TLSSocket[] = [];
  const port = await echoPort(t, { ALPNProtocols: ['http/1.1'], ecdhCurve: 'P-384' }, seen);
  const clients = tlsClients(t, { ca: own.cert, alpn: ['h2', 'http/1.1'] });
  for (let i = 0; i < 3; i++) await clients.close(await clients.secure(port));
  assert.deepEqual([seen[0]?.servername, seen[0]?.alpnProtocol], ['localhost', 'http/1.1']);
  const agreed = { version: '1.3', group: 'P-384', serverKey: 'EC P-256', alpn: 'http/1.1' } as const;
  assert.deepEqual(clients.agreements, [{ ...agreed, suite: 'TLS_AES_256_GCM_SHA384' }], 'told once');

  const old = tlsClients(t, { ca: own.cert, versions: ['1.2'] });
  const byAddress = tlsClients(t, {
    verify: false,
    servername: '127.0.0.1',
    ciphers: 'TLS_AES_128_GCM_SHA256',
    groups: 'P-384',
  });
  await old.secure(port);
  await byAddress.secure(port);
  await eventually(() => seen.length === 5, 'the server is done with all of them');
  assert.deepEqual([seen[3]?.getProtocol(), seen[4]?.servername], ['TLSv1.2', false], 'an address is no SNI');
  assert.deepEqual([old.agreements[0]?.version, byAddress.agreements[0]?.suite], ['1.2', 'TLS_AES_128_GCM_SHA256']);
});

test('a server that insists on another handshake is told by what it did', { timeout: 60_000 }, async (t) => {
  for (const ciphers of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA']) {
    const seen: TLSSocket[] = [];
    const port = await echoPort(t, { maxVersion: 'TLSv1.2', ciphers }, seen);
    const clients = tlsClients(t, { ca: own.cert, ciphers });
    const client = await clients.secure(port);
    await eventually(() => seen.length === 1, 'the server is done too');
    seen[0]!.renegotiate({}, () => {});
    const { outcome, detail } = await eventually(() => client.failure, 'it fails');
    assert.equal(outcome, 'tls-alert');
    assert.match(detail, /handshake_failure \(40\): it wanted to shake hands once more/);
    assert.deepEqual([clients.transport.counts.objects, clients.transport.counts.keptObjects], [0, 0]);
  }
});

test('keys of every kind are named', { timeout: 60_000, skip: needs('openssl') }, async (t) => {
  const { folder } = makeAuthority(t);
  for (const [index, [algorithm, name]] of KEYS.entries()) {
    const [key, cert] = [`${folder}/${index}.key`, `${folder}/${index}.pem`];
    openssl('req', '-x509', '-newkey', ...algorithm, '-nodes', '-subj', '/CN=localhost', '-keyout', key, '-out', cert);
    const files = { key: readFileSync(key), cert: readFileSync(cert) };
    for (const versions of [['1.2'], ['1.3']] as const) {
      const clients = tlsClients(t, { ca: String(files.cert), versions });
      await clients.close(await clients.secure(await echoPort(t, files)));
      assert.equal(clients.agreements[0]?.serverKey, name);
    }
  }
});
const KEYS = [
  [['rsa:2048'], 'RSA 2048'],
  [['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'EC P-384'],
  [['ed25519'], 'Ed25519'],
] as const;

test('a certificate of ours is shown, with its chain', { timeout: 60_000, skip: needs('openssl') }, async (t) => {
  const authority = makeAuthority(t);
  const { certPath, keyPath } = authority.issue({ names: ['DNS:client'] });
  const trusted = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(authority.caPath) };
  const mine = { cert: readFileSync(certPath, 'utf8'), key: readFileSync(keyPath, 'utf8') };
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const seen: TLSSocket[] = [];
    const port = await echoPort(t, { ...trusted, maxVersion }, seen);
    const clients = tlsClients(t, { ca: own.cert, own: mine });
    const client = await clients.secure(port);
    clients.send(client, 'hello');
    await eventually(() => client.plain.length === 5, 'it is answered');
    assert.equal(seen[0]?.getPeerCertificate().subject.CN, 'test server');
  }
});

test('Finished is told to be sent before it is secured, and all of a message in one piece', {
  timeout: 60_000,
}, async (t) => {
  const clients = tlsClients(t, { ca: own.cert });
  const client = await clients.secure(await echoPort(t, {}));
  // ClientHello; a change of cipher for what lies between, and Finished.
  assert.equal(client.sent.length, 2);
  clients.send(client, 'x');
  assert.deepEqual(client.sent.slice(2), [1 + 1 + 16 + 5]);
});
