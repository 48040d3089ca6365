import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { makeSecured, startPages } from '../test/support/endpoint.ts';
import { eventually } from '../test/support/wait.ts';

const TIMEOUT = { timeout: 60_000 };
/** The type of a record of TLS, its version, and a length that never comes. */
const BEGINNING = Buffer.from('160301020001', 'hex');

/** A connection to a port that has said so much of its handshake; and its end. */
async function dialInto(t: TestContext, port: number, said?: Uint8Array) {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {}).resume();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  if (said) socket.write(said);
  return { closed };
}

test('who does not finish its handshake is dropped in time', TIMEOUT, async (t) => {
  const { endpoint } = await startPages(t, { limits: { requestMs: 400 } }, makeSecured());
  const [silent, begun] = [await dialInto(t, endpoint.port), await dialInto(t, endpoint.port, BEGINNING)];
  await Promise.all([silent.closed, begun.closed]);
});

test('who does not finish its handshake takes a place as any other, and gives way', TIMEOUT, async (t) => {
  const limits = { connections: 4, requestMs: 30_000 };
  const { endpoint, ask, dialSlow, finishSlow } = await startPages(t, { limits }, makeSecured());
  const busy = await dialSlow();
  const crowd: Promise<void>[] = [];
  for (let i = 0; i < 12; i++) {
    crowd.push((await dialInto(t, endpoint.port, i % 2 ? BEGINNING : undefined)).closed);
    assert.equal((await ask('/page')).status, 200, 'a page is to be had at any time');
  }
  // Three places are left beside the one that is being answered.
  await Promise.all(crowd.slice(0, 9));
  finishSlow();
  assert.match(await busy.told, /^HTTP\/1\.1 200 [\s\S]*"done"\n$/, 'who is being answered keeps its place');
});

test('closing ends handshakes under way', TIMEOUT, async (t) => {
  const { endpoint, ask } = await startPages(t, { limits: { requestMs: 30_000 } }, makeSecured());
  const [silent, begun] = [await dialInto(t, endpoint.port), await dialInto(t, endpoint.port, BEGINNING)];
  assert.equal((await ask('/page')).status, 200, 'all of them have arrived');
  await Promise.all([endpoint.close(), silent.closed, begun.closed]);
});

test('who speaks plain HTTP is told to ask for https', TIMEOUT, async (t) => {
  const { endpoint } = await startPages(t, {}, makeSecured());
  const asking = request(endpoint.url.replace('https:', 'http:'), { agent: false }).end();
  const [response] = await once(asking, 'response');
  let text = '';
  for await (const piece of response) text += piece;
  assert.deepEqual([response.statusCode, text], [400, 'this endpoint speaks HTTPS alone: ask for https://\n']);
});

test('one handshake for each connection', TIMEOUT, async (t) => {
  const { endpoint, ask } = await startPages(t, {}, makeSecured());
  const socket = connectSecurely({ port: endpoint.port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  const [refused] = await new Promise<unknown[]>((resolve) => {
    socket.once('error', (error) => resolve([error]));
    socket.renegotiate({}, (error) => resolve([error]));
  });
  assert.match(String(refused), /no renegotiation|renegotiat/i);
  await eventually(async () => (await ask('/page')).status === 200, 'others are answered');
});

test('who reads a long page slowly is no one who does not read', TIMEOUT, async (t) => {
  const stalledMs = 1500;
  const { open, ask } = await startPages(t, { limits: { stalledMs, connections: 1 } }, makeSecured());
  const socket = await open();
  socket.write('GET /long HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await once(socket, 'readable');
  const beganMs = performance.now();
  // Node would see an answer of one write as not taken, and that after one or two of these times.
  while (performance.now() - beganMs < 2.5 * stalledMs) {
    socket.read(Math.min(socket.readableLength, 2 ** 16));
    await delay(20);
  }
  await assert.rejects(ask('/page'), 'it still has the only place');
});
