import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import { startInspectedNode } from '../../test/support/inspected-node.ts';
import { unusedPort } from '../../test/support/peers.ts';
import { inspectTarget } from './inspected.ts';

const TIMEOUT = { timeout: 60_000 };
const LINUX = { ...TIMEOUT, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const WAITS = 'setInterval(()=>{},1e6)';
const never = new AbortController().signal;
const alive = { death: () => undefined };

async function assertRefused(attempt: Promise<unknown>, code: ErrorCode, sentence: RegExp): Promise<void> {
  const error = await attempt.then(
    () => assert.fail('it was inspected'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RigError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, sentence);
}

test('no address, no inspector', async () => {
  const { all, close } = await inspectTarget([], { ...alive, kind: 'builtin', pid: 1 }, never);
  assert.deepEqual(all, []);
  await close();
});

test("a child of the target's is the target's", LINUX, async (t) => {
  const code = `const {spawn}=require('child_process');
    const c=spawn(process.execPath,['--inspect=127.0.0.1:0','-e',${JSON.stringify(WAITS)}],{stdio:['ignore','ignore','pipe']});
    process.on('exit',()=>c.kill('SIGKILL'));process.on('SIGTERM',()=>process.exit());
    c.stderr.setEncoding('utf8').on('data',(d)=>{const m=/ws:..([^/]+)/.exec(d);if(m)console.log(c.pid+' '+m[1])})`;
  const parent = await startInspectedNode(t, code);
  t.after(() => parent.child.kill('SIGTERM'));
  const [pid = '', address = ''] = (await parent.hear()).split(' ');
  const target = { ...alive, kind: 'pid', pid: parent.pid } as const;
  const { all, close } = await inspectTarget([parent.address, address], target, never);
  t.after(close);
  assert.deepEqual(
    all.map((inspector) => inspector.pid),
    [parent.pid, Number(pid)],
  );
  const again = inspectTarget([address, address.replace('127.0.0.1', 'localhost')], target, never);
  await assertRefused(again, 'EINSPECTOR', /is the inspector of the same process as 127/);
});

test('the inspector of somebody else is refused', LINUX, async (t) => {
  const [target, other] = [await startInspectedNode(t, WAITS), await startInspectedNode(t, WAITS)];
  const attempt = inspectTarget([other.address], { ...alive, kind: 'pid', pid: target.pid }, never);
  const sentence = new RegExp(
    `^${other.address} is the inspector of process ${other.pid}, which .* \\(${target.pid}\\)$`,
  );
  await assertRefused(attempt, 'EINSPECTOR', sentence);
});

test('a process in a namespace of its own is known by the number it has there', LINUX, async (t) => {
  const script = `exec ${process.execPath} --inspect=127.0.0.1:0 -e '${WAITS}'`;
  const child = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sh', '-c', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8');
  while (!/ws:\/\//.test(said)) {
    const [text] = await Promise.race([once(child.stderr, 'data'), once(child, 'exit').then(() => [undefined])]);
    if (text === undefined) return t.skip(`no namespace can be made: ${said}`);
    said += text;
  }
  const address = /ws:\/\/([^/]+)/.exec(said)![1]!;
  const { all, close } = await inspectTarget([address], { ...alive, kind: 'pid', pid: child.pid! }, never);
  t.after(close);
  assert.equal(all[0]!.pid, 1, 'the first in its namespace');
});

test('what was started just now is waited for, for a while; what runs already is not', TIMEOUT, async (t) => {
  const address = `127.0.0.1:${await unusedPort()}`;
  const late = spawn('sh', ['-c', `sleep 2; exec ${process.execPath} --inspect=${address} -e '${WAITS}'`], {
    stdio: 'ignore',
  });
  t.after(() => late.kill('SIGKILL'));
  const target = { ...alive, pid: late.pid! };
  const nobody = /^127\.0\.0\.1:\d+ is not the inspector of a Node\.js process: .*ECONNREFUSED/;
  await assertRefused(inspectTarget([address], { ...target, kind: 'pid' }, never), 'EINSPECTOR', nobody);
  const { all, close } = await inspectTarget([address], { ...target, kind: 'command' }, never, 30_000);
  t.after(close);
  assert.equal(all[0]!.pid, late.pid);
  const other = `127.0.0.1:${await unusedPort()}`;
  await assertRefused(inspectTarget([other], { ...target, kind: 'command' }, never, 300), 'EINSPECTOR', nobody);
});

test('waiting ends when the target does, or when the person has had enough', TIMEOUT, async () => {
  const address = `127.0.0.1:${await unusedPort()}`;
  const target = { ...alive, kind: 'command', pid: process.pid } as const;
  const death = new RigError('ETARGETDIED', 'gone', { hint: '' });
  await assertRefused(inspectTarget([address], { ...target, death: () => death }, never), 'ETARGETDIED', /gone/);
  await assertRefused(inspectTarget([address], target, AbortSignal.timeout(100)), 'EINTERRUPTED', /interrupted/);
});
