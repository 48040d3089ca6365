import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import { parseTargetUrl, type TargetUrl } from '../../core/values/urls.ts';
import { BoundedLog } from '../../files/bounded-log.ts';
import { listenAtPort } from '../../test/support/peers.ts';
import { AttendedTarget } from './attended.ts';
import { withInspectorPort } from './collection.ts';
import { startCommandTarget } from './command.ts';

const LINUX = { timeout: 60_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const HOOKS = { signalled() {}, ended() {} };
const TERM = { signal: 'SIGTERM', withinMs: 30_000 } as const;

/** A server of Node.js, started by a command as a run would. */
async function attended(t: TestContext, code: string, stopping = new AbortController()) {
  const taken = createServer();
  const { port } = await listenAtPort(taken);
  await new Promise((resolve) => taken.close(resolve));
  const folder = mkdtempSync(join(tmpdir(), 'connrig-attended-'));
  const logFile = join(folder, 'target.log');
  const { signal } = stopping;
  const url = parseTargetUrl(`tcp://127.0.0.1:${port}`) as TargetUrl;
  const warnings: string[] = [];
  const warn = ({ text }: { readonly text: string }): void => void warnings.push(text);
  const listen = `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('life', process.pid))`;
  const target = await startCommandTarget({
    name: 'it',
    command: `exec ${JSON.stringify(process.execPath)} -e ${JSON.stringify(`${code};${listen}`)}`,
    url,
    ip: '127.0.0.1',
    log: new BoundedLog(logFile, { onCut() {} }),
    signal,
    warn,
    env: withInspectorPort({ ...process.env, FOLDER: folder }),
  });
  const config = { collect: undefined, inspect: undefined, ca: undefined, tlsMaterial: undefined, insecure: false };
  const one = new AttendedTarget(target, { config, signal, warn });
  t.after(async () => {
    await one.stop(true);
    rmSync(folder, { recursive: true, force: true });
  });
  return { one, warnings, log: () => readFileSync(logFile, 'utf8') };
}

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('what looks into a target looks into the next process of it', LINUX, async (t) => {
  const { one, warnings, log } = await attended(t, '');
  await one.lookInto();
  const before = one.process;
  assert.deepEqual([before.inspectors.map(({ pid }) => pid), before.forced], [[before.pid], undefined]);
  const seen: Array<string | number | null> = [];
  await one.restart(TERM, {
    signalled: () => seen.push('signalled', one.process.pid),
    ended: (killed) => seen.push(killed ? 'killed' : 'ended', one.death() === undefined ? 'wanted' : 'died'),
  });
  assert.deepEqual(seen, ['signalled', before.pid, 'ended', 'wanted']);
  assert.equal(isThere(before.pid!), false);
  assert.equal(one.process.pid, one.target.pid);
  assert.notEqual(one.target.pid, before.pid);
  await one.lookInto();
  assert.deepEqual(
    one.process.inspectors.map(({ pid }) => pid),
    [one.target.pid],
  );
  const { heapUsedBytes } = await one.process.inspectors[0]!.read(true, 20_000);
  assert.ok(heapUsedBytes > 0);
  assert.deepEqual(log().match(/life \d+/g), [`life ${before.pid}`, `life ${one.target.pid}`]);
  assert.deepEqual(
    warnings.filter((text) => !/cgroup/.test(text)),
    [],
  );
  // A second end is nobody's wish.
  process.kill(one.target.pid!, 'SIGKILL');
  for (const until = performance.now() + 20_000; one.death() === undefined; await new Promise(setImmediate)) {
    assert.ok(performance.now() < until, 'its end is seen');
  }
  assert.equal(one.death()!.code, 'ETARGETDIED' satisfies ErrorCode);
});

test('who does not come up again is told of in its own words, and who waits no longer kills it', LINUX, async (t) => {
  const once = `const {existsSync,writeFileSync}=require('fs'),f=process.env.FOLDER+'/lived';if(existsSync(f)){console.error('no room');process.exit(3)}writeFileSync(f,'')`;
  const { one } = await attended(t, once.replaceAll('"', "'"));
  await assert.rejects(one.restart(TERM, HOOKS), (error) => {
    assert.ok(error instanceof RigError && error.code === 'ETARGETRESTART');
    assert.match(error.message, /did not come up again after SIGTERM: the command ended \(exit code 3\) .*: no room/);
    return true;
  });
  assert.equal(one.death(), undefined, 'it was to end');

  const stopping = new AbortController();
  const deaf = await attended(t, "process.on('SIGTERM', () => {})", stopping);
  const { pid } = deaf.one.process;
  const restarting = deaf.one.restart(TERM, HOOKS);
  stopping.abort();
  await assert.rejects(restarting, (error) => error instanceof RigError && error.code === 'EINTERRUPTED');
  assert.equal(isThere(pid!), false);
});
