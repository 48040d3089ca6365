import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createSecured } from 'node:tls';
import { makeCertificate } from '../../certificates/make-certificate.ts';
import { RigError } from '../../core/values/errors.ts';
import { parseTargetUrl, type TargetUrl } from '../../core/values/urls.ts';
import { unusedPath } from '../../test/support/peers.ts';
import { byCircumstances, type ErrorHintContext } from './error-hints.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 30_000 };

const at = (url: string, more: Partial<ErrorHintContext> = {}): ErrorHintContext => ({
  url: parseTargetUrl(url) as TargetUrl,
  ip: '127.0.0.1',
  local: true,
  pid: null,
  connections: 500,
  isLogged: false,
  ...more,
});
const refused = new RigError('EREFUSED', 'refused', { hint: 'ss -ltn' });

async function hintOf(error: unknown, where: ErrorHintContext): Promise<string> {
  const told = await byCircumstances(error, where);
  assert.ok(told instanceof RigError);
  return told.hint;
}

async function listening(t: TestContext, host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('addresses, numbers and a URL that curl takes are filled in', async () => {
  const error = new RigError('EREJECTED', 'no', { hint: 'curl <url>; ip route get <ip>; --connections <count>' });
  const where = at('ws://localhost:3000-3004/a?b=c', { ip: '::1' });
  assert.equal(await hintOf(error, where), "curl 'http://localhost:3000/a?b=***'; ip route get ::1; --connections 500");
  const log = new RigError('EHANDSHAKE', 'no', { hint: 'curl -v <url>, or read the log of the target' });
  assert.equal(await hintOf(log, at('http://h:1/')), 'curl -v http://h:1/, or read the log of the target');
  assert.equal(
    await hintOf(log, at('http://h:1/', { isLogged: true })),
    'curl -v http://h:1/, or read <run folder>/target.log',
  );
  assert.equal(await hintOf(log, at('wss://h:1/')), 'curl -k --http1.1 -v https://h:1/, or read the log of the target');
  assert.equal(
    await hintOf(log, at('ws+unix:///run/my%20app.sock:/a?b=c', { ip: '' })),
    "curl -v --unix-socket '/run/my app.sock' 'http://localhost/a?b=***', or read the log of the target",
  );
  const plain = new Error('not ours');
  assert.equal(await byCircumstances(plain, where), plain);
});

test('a server at another address of this machine is named, with the URL to take', onLinux, async (t) => {
  const port = await listening(t, '127.0.0.2');
  const hint = await hintOf(refused, at(`ws://127.0.0.1:${port}/chat`));
  assert.equal(hint, `what listens at port ${port} does so at another address: ws://127.0.0.2:${port}/chat`);
});

test('its URL is of the same scheme', onLinux, async (t) => {
  const port = await listening(t, '127.0.0.2');
  const hint = await hintOf(refused, at(`wss://127.0.0.1:${port}/chat`));
  assert.equal(hint, `what listens at port ${port} does so at another address: wss://127.0.0.2:${port}/chat`);
});

test('a server that says nothing to plain words is asked whether it speaks TLS', async (t) => {
  const { cert, key } = makeCertificate({ names: ['localhost'], now: new Date(), days: 1 });
  const [secured, plain] = [createSecured({ cert, key }), createServer((socket) => socket.end())];
  for (const server of [secured, plain]) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
  }
  const mute = new RigError('EHANDSHAKE', 'closed', { hint: 'read the log of the target' });
  const urlOf = (server: Server, scheme: string) =>
    `${scheme}://localhost:${(server.address() as AddressInfo).port}/chat`;
  assert.equal(await hintOf(mute, at(urlOf(secured, 'ws'))), `it speaks TLS: connrig run ${urlOf(secured, 'wss')}`);
  assert.equal(await hintOf(mute, at(urlOf(secured, 'wss'))), mute.hint);
  assert.equal(await hintOf(mute, at(urlOf(plain, 'ws'))), mute.hint);
});

test('a process that listens at another port is named', onLinux, async (t) => {
  const port = await listening(t, '127.0.0.2');
  const hint = await hintOf(refused, at('tcp://127.0.0.1:1', { pid: process.pid }));
  assert.ok(
    hint.startsWith(`process ${process.pid} listens elsewhere: tcp://`) && hint.includes(`127.0.0.2:${port}`),
    hint,
  );
});

test('nobody at all, and another machine', onLinux, async () => {
  assert.equal(await hintOf(refused, at('tcp://127.0.0.1:1')), 'ss -ltnp, to see what listens there');
  const far = at('tcp://10.0.0.7:3000', { ip: '10.0.0.7', local: false });
  assert.equal(
    await hintOf(refused, far),
    "at 10.0.0.7: ss -ltn 'sport = :3000', to see whether anything listens there",
  );
});

test('what is wrong with a Unix socket by then is told, and else who listens there', onLinux, async (t) => {
  const path = unusedPath();
  assert.match(await hintOf(refused, at(`tcp+unix://${path}`, { ip: '' })), /^start the server.*; ls \/tmp\//);
  const server = createServer().listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  assert.equal(
    await hintOf(refused, at(`tcp+unix://${path}`, { ip: '' })),
    `ss -xlp src ${path}, to see who listens there`,
  );
});
