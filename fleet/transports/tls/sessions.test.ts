import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { constants, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createServer, type TlsOptions as NodeTlsOptions, type Server } from 'node:tls';
import { makeCertificate } from '../../../certificates/make-certificate.ts';
import { commandOf, needs } from '../../../test/support/needs.ts';
import { portOf, type TlsClient, type TlsClients, tlsClients } from '../../../test/support/tls-clients.ts';
import { eventually } from '../../../test/support/wait.ts';

const LIMIT = { timeout: 60_000 };
const own = makeCertificate({ names: ['localhost'], now: new Date(), days: 1 });

function echoServer(options: NodeTlsOptions): Server {
  const server = createServer({ ...own, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(bytes));
    socket.on('end', () => socket.end());
  });
  server.on('tlsClientError', () => {});
  return server;
}

/** Says something on each, and waits for the answer: what came with the handshake's end has come by then. */
async function talk(clients: TlsClients, ...open: readonly TlsClient[]): Promise<void> {
  for (const client of open) {
    const before = client.plain.length;
    clients.send(client, 'hello');
    await eventually(() => client.plain.length === before + 5, 'it is said back');
  }
}

async function openMany(clients: TlsClients, port: number, count: number): Promise<readonly TlsClient[]> {
  const open: TlsClient[] = [];
  for (let i = 0; i < count; i++) open.push(await clients.secure(port));
  await talk(clients, ...open);
  return open;
}

const FLAVOURS: readonly (readonly [string, NodeTlsOptions, number])[] = [
  ['TLS 1.3', { maxVersion: 'TLSv1.3' }, 0],
  ['TLS 1.3 with a suite that keeps its object', { ciphers: 'TLS_AES_128_CCM_SHA256' }, 1],
  ['TLS 1.2 with tickets', { maxVersion: 'TLSv1.2' }, 0],
  ['TLS 1.2 with CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }, 1],
];
for (const [name, options, kept] of FLAVOURS) {
  test(`${name}: all but the first take its session up, and go on like others`, LIMIT, async (t) => {
    const port = await portOf(t, echoServer(options));
    const clients = tlsClients(t, { ca: own.cert, resume: true, ciphers: options.ciphers });
    const { counts } = clients.transport;
    const first = await clients.secure(port);
    await talk(clients, first);
    const others = await openMany(clients, port, 5);
    assert.deepEqual([counts.secured, counts.resumed], [6, 5]);
    assert.deepEqual([counts.objects, counts.keptObjects], [6 * kept, 6 * kept], 'the donor has let go of its own');
    await talk(clients, first, ...others);
    for (const client of [first, ...others]) await clients.close(client);
    assert.ok([first, ...others].every(({ failure, hasPeerEnded }) => failure === undefined && hasPeerEnded));
    assert.deepEqual(new Set(clients.agreements.map(({ suite }) => suite)).size, 1);
    assert.equal(counts.objects, 0);
  });
}

test('without it each open is a first visit', LIMIT, async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const clients = tlsClients(t, { ca: own.cert });
    await openMany(clients, await portOf(t, echoServer({ maxVersion })), 3);
    assert.deepEqual([clients.transport.counts.resumed, clients.transport.counts.objects], [0, 0]);
  }
});

test('a server that has forgotten gets another session', LIMIT, async (t) => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const server = echoServer({ maxVersion });
    const port = await portOf(t, server);
    const clients = tlsClients(t, { ca: own.cert, resume: true });
    const { counts } = clients.transport;
    await openMany(clients, port, 1);
    await openMany(clients, port, 2);
    assert.equal(counts.resumed, 2);
    server.setTicketKeys(randomBytes(48));
    await openMany(clients, port, 1);
    assert.equal(counts.resumed, 2, 'it is not taken up');
    await openMany(clients, port, 3);
    assert.deepEqual([counts.secured, counts.resumed, counts.objects], [7, 5, 0]);
  }
});

test('opens that fail or are given up leave the session as it is', LIMIT, async (t) => {
  const server = echoServer({});
  const port = await portOf(t, server);
  const silent = await portOf(t, createPlainServer());
  const stranger = await portOf(
    t,
    createPlainServer((socket) => socket.once('data', () => socket.write('+OK\r\n'))),
  );
  const untrusted = await portOf(t, createServer(makeCertificate({ names: ['localhost'], now: new Date(), days: 1 })));
  const clients = tlsClients(t, { ca: own.cert, resume: true });
  const { counts } = clients.transport;
  await openMany(clients, port, 1);
  await clients.fail(stranger);
  assert.equal((await clients.fail(untrusted)).outcome, 'cert-untrusted');
  for (let i = 0; i < 3; i++) {
    const given = clients.open(silent);
    await eventually(() => given.sent.length > 0, 'its hello is sent');
    given.socket.destroy();
    await eventually(() => given.isGone, 'it is gone');
  }
  // One that goes without a goodbye is no reason either.
  const [rude] = await openMany(clients, port, 1);
  rude!.socket.destroy();
  await eventually(() => rude!.isGone, 'it is gone');
  await openMany(clients, port, 2);
  assert.deepEqual([counts.secured, counts.resumed], [4, 3]);
});

test('a donor that goes before its ticket comes is replaced; there is one at a time', LIMIT, async (t) => {
  const mute = echoServer({ secureOptions: constants.SSL_OP_NO_TICKET, maxVersion: 'TLSv1.3' });
  const port = await portOf(t, mute);
  const clients = tlsClients(t, { ca: own.cert, resume: true });
  const { counts } = clients.transport;
  const open = await openMany(clients, port, 3);
  assert.ok(counts.objects <= 1, `${counts.objects} objects`);
  for (const client of open) await clients.close(client);
  assert.equal(counts.objects, 0);
});

test('sessions that the server itself keeps are taken up by their number', {
  ...LIMIT,
  skip: needs('openssl'),
}, async (t) => {
  const { certPath, keyPath } = writeOwn(t);
  for (const [resumedLeast, ...flavour] of KEPT_BY_SERVER) {
    const files = ['-cert', certPath, '-key', keyPath];
    const args = ['s_server', '-accept', '127.0.0.1:0', ...files, ...flavour];
    const child = spawn(commandOf('openssl'), args, { stdio: ['pipe', 'pipe', 'ignore'] });
    t.after(() => child.kill());
    let said = '';
    child.stdout.on('data', (bytes) => {
      said += String(bytes);
    });
    const port = Number(await eventually(() => /ACCEPT .*:(\d+)/.exec(said)?.[1], 'it listens'));
    const clients = tlsClients(t, { ca: own.cert, resume: true });
    for (let i = 0; i < 10; i++) {
      const { tickets } = clients.transport.counts;
      const client = await clients.secure(port);
      const isTold = () => flavour.includes('-tls1_2') || clients.transport.counts.tickets > tickets;
      await eventually(isTold, 'its next session has come');
      await clients.close(client);
    }
    const { secured, resumed, objects } = clients.transport.counts;
    assert.deepEqual([secured, objects], [10, 0]);
    assert.ok(resumed >= resumedLeast, `${resumed} of 10 with ${flavour.join(' ')}`);
  }
});

/** The least that is resumed. The last removes each session when it is taken up, so that the third open is refused. */
const KEPT_BY_SERVER: readonly (readonly [resumedLeast: number, ...flavour: string[]])[] = [
  [9, '-tls1_2', '-no_ticket'],
  [9, '-tls1_3', '-no_ticket'],
  [8, '-tls1_3', '-early_data'],
];

function writeOwn(t: TestContext): { readonly certPath: string; readonly keyPath: string } {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-sessions-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certPath, own.cert);
  writeFileSync(keyPath, own.key, { mode: 0o600 });
  return { certPath, keyPath };
}
