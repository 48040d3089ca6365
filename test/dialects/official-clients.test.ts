/**
 * Phoenix and ASP.NET Core can't be had from the registries that tests may use. The servers in their places are held against
 * the clients that Phoenix and ASP.NET Core come with.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { buildTarget } from '../../lab/build.ts';
import { findTarget } from '../../lab/catalogue.ts';
import { sourceOf } from '../support/compiled.ts';
import { needs } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';
import { startDialectServer } from './servers.ts';

const OPTIONS = { timeout: 180_000, skip: needs('npm', 'python3', 'pip3') };
/** Longer than either server bears with somebody silent. */
const HELD_MS = 11_000;

/** @returns what the client has said so far */
async function startClient(t: TestContext, kind: 'phoenix' | 'signalr', port: number): Promise<() => unknown[]> {
  const source = findTarget(sourceOf('dialects/clients/official-clients'));
  if (typeof source === 'string') throw new Error(source);
  const signal = new AbortController().signal;
  const { folder } = await buildTarget(source, { env: process.env, signal, onOutput: () => {} });
  const child = spawn(process.execPath, ['client.js', kind, String(port)], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return () =>
    said
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
}

const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, HELD_MS));

test('the client of Phoenix joins a channel, is refused another, and stays', OPTIONS, async (t) => {
  const server = await startDialectServer(t, 'node-phoenix');
  const said = await startClient(t, 'phoenix', server.port);
  await eventually(() => said().length === 2, 'both answers');
  await aWhile();
  assert.deepEqual(said(), ['room:lobby joined', 'nothing unmatched topic']);
  assert.deepEqual(await server.census(), { clients: 1, connections: 1, dropped: 0 });
});

test('the client of ASP.NET Core negotiates, calls a method, and stays', OPTIONS, async (t) => {
  const server = await startDialectServer(t, 'python-signalr');
  const said = await startClient(t, 'signalr', server.port);
  await eventually(() => said().length === 2, 'connection and answer');
  await aWhile();
  assert.deepEqual(said(), ['connected', 'hello']);
  assert.deepEqual(await server.census(), { clients: 1 });
});
