import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connectInspector } from '../../memory/inspector.ts';
import { whereItListens } from '../preflight/listeners.ts';
import { wakeInspectors } from './wake-inspectors.ts';

const LINUX = { timeout: 60_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const WAITS = "console.log('up'); setInterval(() => {}, 1e6);";

/** A program that says something once it runs; it goes with the test. */
async function started(t: TestContext, command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid!;
}

/** The port is the system's choice, so that tests at once don't meet. */
const startedNode = (t: TestContext, code: string): Promise<number> =>
  started(t, process.execPath, ['--inspect-port=127.0.0.1:0', '-e', code]);

const isAlive = (pid: number): boolean => process.kill(pid, 0);

test('a Node.js process is inspected, collected, and left as it was', LINUX, async (t) => {
  // What nobody refers to any more, and a young collection doesn't reach.
  const garbage =
    'let a = Array.from({ length: 2e6 }, (_, i) => ({ i })); setTimeout(() => { a = undefined; console.log("let go"); }, 1);';
  const pid = await startedNode(t, `${garbage} setInterval(() => {}, 1e6);`);
  const woken = await wakeInspectors([pid]);
  assert.deepEqual([woken.addresses.length, woken.refused], [1, []]);
  const inspector = await connectInspector(woken.addresses[0]!, 5000);
  assert.equal(inspector.pid, pid);
  const { heapUsedBytes: before } = await inspector.read(false, 20_000);
  const { heapUsedBytes: after } = await inspector.read(true, 20_000);
  assert.ok(before - after > 10e6, `${before} to ${after}`);
  await inspector.close();
  await woken.close();
  for (const deadline = performance.now() + 20_000; (await whereItListens(pid))!.length > 0; await delay(20)) {
    assert.ok(performance.now() < deadline, 'it still listens');
  }
  assert.ok(isAlive(pid));
});

test('one that has thousands of connections is inspected as well', LINUX, async (t) => {
  const pid = await startedNode(
    t,
    `const { createServer, connect } = require('net');
     const server = createServer((one) => one.resume()).listen(0, '127.0.0.1', () => {
       for (let i = 0; i < 700; i++) connect(server.address().port, '127.0.0.1', () => ++open === 700 && console.log('up'));
     });
     let open = 0;`,
  );
  const { addresses, refused } = await wakeInspectors([pid]);
  assert.deepEqual([addresses.length, refused], [1, []]);
});

test('a process that uses the signal itself is told of, and others are left alone', LINUX, async (t) => {
  const own = await startedNode(t, `process.on('SIGUSR1', () => {}); ${WAITS}`);
  const { addresses, refused } = await wakeInspectors([own]);
  assert.deepEqual(addresses, []);
  assert.equal(refused[0]?.pid, own);
  assert.match(refused[0].why, /uses SIGUSR1 itself/);
  // It ends at that signal.
  const python = await started(t, 'python3', ['-c', 'print("up", flush=True); import time; time.sleep(1000)']);
  assert.deepEqual((await wakeInspectors([python])).refused, []);
  assert.ok(isAlive(own) && isAlive(python));
});

test('one that had an inspector already keeps it', LINUX, async (t) => {
  const pid = await started(t, process.execPath, ['--inspect=127.0.0.1:0', '-e', WAITS]);
  const listened = await whereItListens(pid);
  const { addresses, refused } = await wakeInspectors([pid]);
  assert.deepEqual(addresses, []);
  assert.match(refused[0]!.why, /--inspect host:port/);
  assert.deepEqual(await whereItListens(pid), listened);
});
