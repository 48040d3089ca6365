import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { RigError } from '../core/values/errors.ts';
import { parseTargetUrl, type TargetUrl } from '../core/values/urls.ts';
import { isAt, whereAnybodyListens, whereItListens } from './preflight/listeners.ts';
import { chooseAddress, resolveHost } from './target-address.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
const TIMEOUT = { timeout: 60_000, skip: hasIpv6 ? false : 'needs IPv6 on loopback' };
const onLinux = { timeout: 60_000, skip: process.platform !== 'linux' ? 'needs /proc' : TIMEOUT.skip };

async function listening(t: TestContext, host: string, port = 0): Promise<number> {
  const server = createServer((socket) => socket.resume()).listen({ port, host, ipv6Only: host === '::1' });
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const urlAt = (port: number, host = 'localhost'): TargetUrl => parseTargetUrl(`tcp://${host}:${port}`) as TargetUrl;
const BOTH = ['::1', '127.0.0.1'];

test('all addresses of a name, none of them twice; an address is itself', async () => {
  const resolver = async () => ['::1', '127.0.0.1', '127.0.0.1'];
  assert.deepEqual(await resolveHost(urlAt(1), resolver), BOTH);
  assert.deepEqual(await resolveHost(urlAt(1, '[::1]'), resolver), ['::1']);
  const nowhere = resolveHost(urlAt(1, 'no-such-host.invalid'), () => Promise.reject(new Error('ENOTFOUND')));
  await assert.rejects(nowhere, (error) => error instanceof RigError && error.code === 'EHOST');
});

test('a link-local address needs an interface that is there', async () => {
  for (const [host, problem] of [
    ['[fe80::1]', /is a link-local address, which needs its interface$/],
    ['[fe80::1%25nowhere9]', /there is no interface nowhere9$/],
  ] as const) {
    await assert.rejects(resolveHost(urlAt(1, host)), (error) => {
      assert.ok(error instanceof RigError);
      assert.match(error.message, problem);
      return error.code === 'EUSAGE';
    });
  }
  assert.deepEqual(await resolveHost(urlAt(1, '[fe80::1%lo]')), ['fe80::1%lo']);
});

test('of several addresses the one that accepts, in their order', TIMEOUT, async (t) => {
  const v4 = await listening(t, '127.0.0.1');
  const { ip, why } = await chooseAddress(urlAt(v4), BOTH, undefined);
  assert.equal(ip, '127.0.0.1');
  assert.equal(why, `localhost is ::1 and 127.0.0.1 here; connections go to 127.0.0.1, which accepts at port ${v4}`);
  const v6 = await listening(t, '::1');
  assert.deepEqual(await chooseAddress(urlAt(v6), BOTH, undefined), { ip: '::1', why: undefined });
  assert.equal((await chooseAddress(urlAt(v6), ['127.0.0.1', '127.0.0.2', '::1'], undefined)).ip, '::1');
  await listening(t, '::1', v4);
  assert.deepEqual(await chooseAddress(urlAt(v4), BOTH, undefined), { ip: '::1', why: undefined });
});

test('where none accepts it is the first, and that is said', TIMEOUT, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  t.diagnostic(`port ${port}`);
  const { ip, why } = await chooseAddress(urlAt(port), BOTH, undefined);
  assert.equal(ip, '::1');
  assert.match(why ?? '', /none of them accepts connections at port/);
});

test('an address that swallows what it is sent keeps the next one waiting a moment, no more', TIMEOUT, async (t) => {
  const port = await listening(t, '127.0.0.1');
  // A listener whose queue is full answers nothing; TEST-NET-1 goes nowhere, where it isn't refused at once.
  const { ip } = await chooseAddress(urlAt(port), ['192.0.2.1', '127.0.0.1'], undefined);
  assert.equal(ip, '127.0.0.1');
});

test('the process that is measured decides, whoever accepts first', onLinux, async (t) => {
  const port = await listening(t, '127.0.0.1');
  await listening(t, '::1', port);
  const { ip, why } = await chooseAddress(urlAt(port), BOTH, [{ ip: '127.0.0.1', port }]);
  assert.equal(ip, '127.0.0.1');
  assert.match(why ?? '', /connections go to 127\.0\.0\.1, where the process listens$/);
  const own = (await whereItListens(process.pid))?.filter((at) => at.port === port).map((at) => at.ip);
  assert.deepEqual(own?.sort(), ['127.0.0.1', '::1']);
  assert.deepEqual((await whereAnybodyListens([port])).map((at) => at.ip).sort(), ['127.0.0.1', '::1']);
});

test('who listens at all addresses listens at each', () => {
  assert.ok(isAt({ ip: '0.0.0.0', port: 1 }, '127.0.0.1', 1));
  assert.ok(!isAt({ ip: '0.0.0.0', port: 1 }, '::1', 1));
  assert.ok(isAt({ ip: '::', port: 1 }, '127.0.0.1', 1));
  assert.ok(!isAt({ ip: '::', port: 1 }, '127.0.0.1', 2));
});
