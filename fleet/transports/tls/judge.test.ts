import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer, type TlsOptions as NodeTlsOptions } from 'node:tls';
import { makeCertificate } from '../../../certificates/make-certificate.ts';
import { makeAuthority } from '../../../test/support/certificates.ts';
import { needs } from '../../../test/support/needs.ts';
import { portOf, tlsClients } from '../../../test/support/tls-clients.ts';
import { eventually } from '../../../test/support/wait.ts';

const LIMIT = { timeout: 60_000 };
const DAY_MS = 86_400_000;
const NOW = new Date();
const own = makeCertificate({ names: ['localhost'], now: NOW, days: 1 });
const past = makeCertificate({ names: ['localhost'], now: new Date('2001-02-03T04:05:06Z'), days: 1 });
const future = makeCertificate({ names: ['localhost'], now: new Date(NOW.getTime() + 10 * DAY_MS), days: 1 });
const other = makeCertificate({ names: ['other.example', '127.0.0.9'], now: NOW, days: 1 });

function portWith(t: TestContext, options: NodeTlsOptions): Promise<number> {
  const server = createServer({ ...own, ...options }, (socket) => socket.on('error', () => {}).resume());
  server.on('tlsClientError', () => {});
  return portOf(t, server);
}

test('a certificate that has expired, or is not valid yet', LIMIT, async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { outcome, detail } = await tlsClients(t, { ca: past.cert }).fail(await portWith(t, { ...past, maxVersion }));
    const shown = "the server's certificate CN=connrig (which vouches for itself)";
    assert.deepEqual([outcome, detail], ['cert-expired', `${shown} was valid until 2001-02-04T04:05:06Z`]);
    const early = await tlsClients(t, { ca: future.cert }).fail(await portWith(t, { ...future, maxVersion }));
    assert.equal(early.outcome, 'cert-expired');
    assert.match(early.detail, /^the server's certificate CN=connrig .* isn't valid before \d{4}-\d\d-\d\dT[\d:]{8}Z$/);
  }
});

test('a certificate for other names', LIMIT, async (t) => {
  const port = await portWith(t, other);
  const names = 'is for other names: DNS:other.example, IP Address:127.0.0.9';
  const sentence = `the server's certificate CN=connrig (which vouches for itself) ${names}`;
  for (const servername of ['localhost', '127.0.0.1', '::1']) {
    const { outcome, detail, isStranger } = await tlsClients(t, { ca: other.cert, servername }).fail(port);
    assert.deepEqual([outcome, detail, isStranger], ['cert-name', sentence, false], servername);
  }
  for (const servername of ['other.example', '127.0.0.9'])
    await tlsClients(t, { ca: other.cert, servername }).secure(port);
});

test('a certificate that nobody who is trusted vouches for', { ...LIMIT, skip: needs('openssl') }, async (t) => {
  const alone = await tlsClients(t, { ca: other.cert }).fail(await portWith(t, {}));
  const itself = "the server's certificate CN=connrig (which vouches for itself)";
  assert.deepEqual([alone.outcome, alone.detail.slice(0, itself.length)], ['cert-untrusted', itself]);
  assert.match(alone.detail, / isn't trusted: self[- ]signed certificate$/);

  const authority = makeAuthority(t);
  const { certPath, keyPath } = authority.issue();
  const issued = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
  const port = await portWith(t, issued);
  const { outcome, detail } = await tlsClients(t, { ca: own.cert }).fail(port);
  const why = "isn't trusted: unable to get local issuer certificate";
  const sentence = `the server's certificate CN=test server (issuer CN=test authority) ${why}`;
  assert.deepEqual([outcome, detail], ['cert-untrusted', sentence]);
  const withRoot = Buffer.concat([issued.cert, readFileSync(authority.caPath)]);
  const chained = await tlsClients(t, { ca: own.cert }).fail(await portWith(t, { ...issued, cert: withRoot }));
  assert.match(chained.detail, /the chain ends with the certificate CN=test authority \(which vouches for itself\)$/);

  for (const ca of [authority.caPath, certPath]) await tlsClients(t, { ca: readFileSync(ca, 'utf8') }).secure(port);
  const many = [own.cert, other.cert, readFileSync(authority.caPath, 'utf8')].join('# a remark\n');
  await tlsClients(t, { ca: many }).secure(port);
});

test('nothing is wrong with any of them for a client that asks for nothing', LIMIT, async (t) => {
  for (const made of [past, future, other, own]) {
    await tlsClients(t, { verify: false }).secure(await portWith(t, made));
  }
});

test('an alert of the server is told by its name', LIMIT, async (t) => {
  const failed = async (theirs: NodeTlsOptions, ours: Parameters<typeof tlsClients>[1]) =>
    tlsClients(t, { ca: own.cert, ...ours }).fail(await portWith(t, theirs));
  const told = 'the peer ended it by the TLS alert';
  assert.deepEqual(await failed({ minVersion: 'TLSv1.3' }, { versions: ['1.2'] }), {
    outcome: 'tls-alert',
    detail: `${told} protocol_version (70): it doesn't speak the versions that we do`,
    isStranger: false,
  });
  const noSuite = await failed({ ciphers: 'TLS_AES_128_GCM_SHA256' }, { ciphers: 'TLS_AES_256_GCM_SHA384' });
  assert.equal(noSuite.detail, `${told} handshake_failure (40): nothing that both ends can, or it wants a certificate`);
  const noAlpn = await failed({ ALPNCallback: () => undefined }, { alpn: ['h2'] });
  assert.equal(noAlpn.detail, `${told} no_application_protocol (120): it speaks nothing of what we offer by ALPN`);
  assert.deepEqual([noSuite.outcome, noAlpn.outcome], ['tls-alert', 'tls-alert']);
});

test(
  'a server that wants a certificate says so within the handshake of TLS 1.2, and behind that of TLS 1.3',
  LIMIT,
  async (t) => {
    const wanting = { requestCert: true, rejectUnauthorized: true };
    const within = await tlsClients(t, { ca: own.cert }).fail(await portWith(t, { ...wanting, maxVersion: 'TLSv1.2' }));
    assert.equal(within.outcome, 'tls-alert');
    const behind = tlsClients(t, { ca: own.cert });
    const client = behind.open(await portWith(t, wanting));
    const { outcome, detail } = await eventually(() => client.failure, 'the alert comes');
    const sentence = 'the peer ended it by the TLS alert certificate_required (116): it wants a certificate of ours';
    assert.deepEqual([outcome, detail], ['tls-alert', sentence]);
    await eventually(() => client.isGone, 'it is over');
    assert.equal(behind.transport.counts.objects, 0);
  },
);

test('a peer that speaks no TLS is named for what it speaks', LIMIT, async (t) => {
  const answers: readonly (readonly [string | Uint8Array, RegExp])[] = [
    [
      'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
      /^it speaks no TLS: it answered in plain HTTP: HTTP\/1\.1 400 Bad Request$/,
    ],
    ['SSH-2.0-OpenSSH_9.6\r\n', /plain text: SSH-2\.0-OpenSSH_9\.6$/],
    ["-ERR unknown command 'x'\r\n", /plain text: -ERR unknown command 'x'$/],
    [Uint8Array.of(0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100), /HTTP\/2 only: its answer is a SETTINGS frame$/],
    [Uint8Array.of(1, 2, 0xff), /^it speaks no TLS: it answered 3 bytes that begin with 01 02 ff$/],
    ['é\r\n', /it answered 4 bytes that begin with c3 a9 0d 0a$/],
  ];
  for (const [answer, expected] of answers) {
    const port = await portOf(
      t,
      createPlainServer((socket) => socket.once('data', () => socket.write(answer))),
    );
    const { outcome, detail, isStranger } = await tlsClients(t, {}).fail(port);
    assert.deepEqual([outcome, isStranger], ['bad-handshake', true]);
    assert.match(detail, expected);
  }
  const echo = await portOf(
    t,
    createPlainServer((socket) => socket.pipe(socket)),
  );
  const { outcome, detail, isStranger } = await tlsClients(t, {}).fail(echo);
  const sentence = 'it speaks no TLS: it sent our own hello back, as an echo does';
  assert.deepEqual([outcome, detail, isStranger], ['bad-handshake', sentence, true]);
});

test('what is wrong with an answer in TLS is said', LIMIT, async (t) => {
  const hello = Buffer.from(`160301002a020000260301${'07'.repeat(32)}00002f00`, 'hex');
  const port = await portOf(
    t,
    createPlainServer((socket) => socket.once('data', () => socket.write(hello))),
  );
  const { outcome, detail, isStranger } = await tlsClients(t, {}).fail(port);
  assert.deepEqual([outcome, isStranger], ['bad-handshake', false]);
  assert.match(detail, /^the TLS handshake failed at this end: unsupported protocol/);
  const broken = await portOf(
    t,
    createPlainServer((socket) => socket.once('data', () => socket.write(Buffer.alloc(40, 22)))),
  );
  assert.equal((await tlsClients(t, {}).fail(broken)).outcome, 'bad-handshake');
  const leaving = Uint8Array.of(21, 3, 3, 0, 2, 1, 0);
  const early = await portOf(
    t,
    createPlainServer((socket) => socket.once('data', () => socket.write(leaving))),
  );
  const ended = await tlsClients(t, {}).fail(early);
  assert.deepEqual([ended.outcome, ended.detail], ['closed-early', 'the peer ended its TLS handshake by close_notify']);
});

test('a failure of one leaves the others as they are', LIMIT, async (t) => {
  const clients = tlsClients(t, { ca: own.cert });
  const good = await portWith(t, {});
  const bad = await portWith(t, other);
  const before = await clients.secure(good);
  for (let i = 0; i < 5; i++) {
    assert.equal((await clients.fail(bad)).outcome, 'cert-untrusted');
    await clients.secure(good);
  }
  clients.send(before, 'still here');
  await clients.close(before);
  assert.equal(before.failure, undefined);
  await eventually(() => clients.transport.counts.objects === 0, 'none is under way');
});
