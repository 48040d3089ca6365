/** The reference server's own page, in a browser. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { it, type TestContext } from 'node:test';
import { SCHEMES } from '../../core/protocols/schemes.ts';
import { ServerMemory, ServerReady, TopConnections } from '../../core/schemas/admin.ts';
import type { ServerView } from '../../live/view.ts';
import { assertAccessible, figureOf, openBrowser, openPage, rowsOf, textOf } from '../support/browser.ts';
import { type Started, startConnrig } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 240_000 };
const PORTS = ['--ws-port', 'auto', '--tcp-port', 'auto', '--wss-port', 'auto', '--admin-port', 'auto'];

async function readyOf(started: Started): Promise<{ admin: string; tcpPort: number }> {
  const line = await eventually(() => started.stdout().includes('\n') && started.stdout(), 'it is ready', 60_000);
  const { admin, urls } = ServerReady.parse(JSON.parse(line));
  return { admin, tcpPort: Number(/^tcp:.*?:(\d+)/.exec(urls.find((url) => url.startsWith('tcp:')) ?? '')?.[1]) };
}

async function dial(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** A peer that sends a lot and reads nothing, so that echoes queue up at the server. */
async function stall(t: TestContext, port: number): Promise<Socket> {
  const socket = await dial(t, port);
  socket.pause();
  const piece = Buffer.alloc(64 * 1024, 'x');
  const send = (): void => {
    while (socket.write(piece)) {}
  };
  socket.on('drain', send);
  send();
  return socket;
}

it('shows connections, memory, and who has the most queued', { ...TIMEOUT, skip: needs('chromium') }, async (t) => {
  const serve = startConnrig(t, ['serve', '--json', '--processes', '2', '--protocol', 'tcp,ws,wss', ...PORTS]);
  const { admin, tcpPort } = await readyOf(serve);
  const { page, troubles } = await openPage(await openBrowser(t), `${admin}/`);
  await eventually(async () => (await figureOf(page, 'open')) === '0', 'nobody is there');

  const idle = await Promise.all(Array.from({ length: 60 }, () => dial(t, tcpPort)));
  const stalled = await stall(t, tcpPort);
  await eventually(async () => (await figureOf(page, 'open')) === '61', 'all are there');
  const top = (): Promise<Map<string, string[]>> => rowsOf(page, 'Most queued bytes');
  const [peer] = await eventually(
    async () => [...(await top()).keys()].length === 1 && [...(await top()).keys()],
    'it',
  );
  assert.equal(peer, `127.0.0.1:${stalled.localPort}`);

  for (const socket of idle) socket.destroy();
  stalled.destroy();
  await eventually(async () => (await figureOf(page, 'open')) === '0', 'all are gone');
  const memory = ServerMemory.parse(await (await fetch(`${admin}/memory`)).json());
  assert.equal(await figureOf(page, 'closed'), '61');
  assert.equal(await figureOf(page, 'processes'), String(memory.processes.length));
  assert.deepEqual((await rowsOf(page, 'Connections by protocol')).get('accepted'), [
    '61',
    ...SCHEMES.slice(1).map(() => '0'),
  ]);
  const { fingerprint, notAfter } = memory.certificate!;
  const shown = await textOf(page.locator('main'));
  assert.match(shown, /Certificate for TLS: CN=connrig, which the server made when it was started, valid until /);
  assert.ok(shown.includes(`${notAfter.slice(0, 10)} `) && shown.includes(fingerprint));
  await eventually(async () => /None of 0 connections/.test(await textOf(page.locator('main'))), 'the list is empty');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await assertAccessible(page, colorScheme);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await eventually(
    async () => (await page.evaluate<number>('document.documentElement.scrollWidth')) <= 360,
    'nothing is wider than a phone',
  );
  assert.deepEqual(troubles, []);
});

it('nobody looks, so nothing is looked at', TIMEOUT, async (t) => {
  const serve = startConnrig(t, ['serve', '--json', ...PORTS]);
  const { admin, tcpPort } = await readyOf(serve);
  await dial(t, tcpPort);
  const state = async (): Promise<ServerView> => (await (await fetch(`${admin}/state.json`)).json()) as ServerView;
  assert.deepEqual(await state(), { kind: 'server', memory: null, time: [], top: null });
  const looking = new AbortController();
  const response = await fetch(`${admin}/events`, { signal: looking.signal });
  await eventually(async () => (await state()).time.length > 0 && (await state()).top !== null, 'somebody looks');
  const { top, memory } = await state();
  assert.equal(TopConnections.parse(top).open, 1);
  assert.equal(ServerMemory.parse(memory).census.tcp.open, 1);
  looking.abort();
  await response.text().catch(() => {});
  // One question may be under way.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const before = (await state()).time.length;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.equal((await state()).time.length, before);
});
