import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import { parseTargetUrl, type TargetUrl } from '../../core/values/urls.ts';
import { BoundedLog } from '../../files/bounded-log.ts';
import { eventually } from '../../test/support/wait.ts';
import { startCommandTarget } from './command.ts';
import type { Target } from './target.ts';

const TIMEOUT = { timeout: 60_000, skip: process.platform === 'win32' };
const onLinux = { ...TIMEOUT, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const NODE = JSON.stringify(process.execPath);
/** Says so on both streams, and listens: who finds it listening finds the words, too. */
const SERVER = `console.log('up');console.error('and well');require('net').createServer().listen(+process.env.PORT,'127.0.0.1')`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const urlAt = (port: number): TargetUrl => parseTargetUrl(`tcp://127.0.0.1:${port}`) as TargetUrl;

interface Given {
  readonly port?: number;
  readonly signal?: AbortSignal;
  readonly readyWithinMs?: number;
  readonly ips?: readonly string[];
  readonly onWarning?: (text: string) => void;
}

/** Starts a command, with everything cleaned up behind it. */
async function start(t: TestContext, commandFor: (port: number) => string, given: Given = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-command-'));
  const logFile = join(folder, 'target.log');
  const { port = await freePort(), signal = new AbortController().signal, readyWithinMs = 20_000 } = given;
  const warnings: string[] = [];
  const log = new BoundedLog(logFile, { onCut: () => warnings.push('cut') });
  let target: Target | undefined;
  t.after(async () => {
    await target?.stop(true);
    rmSync(folder, { recursive: true, force: true });
  });
  target = await startCommandTarget({
    name: 'it',
    command: commandFor(port),
    url: urlAt(port),
    ip: '127.0.0.1',
    log,
    signal,
    readyWithinMs,
    ...(given.ips && { ips: given.ips }),
    warn({ text }) {
      warnings.push(text);
      given.onWarning?.(text);
    },
  });
  return { target, pid: target.pid!, logFile, warnings };
}

async function assertRefused(attempt: Promise<unknown>, code: ErrorCode, sentence: RegExp): Promise<RigError> {
  const error = await attempt.then(
    () => assert.fail('it started'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RigError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, sentence);
  return error;
}

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const cgroupOf = (pid: number): string =>
  /^\d+:memory:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ??
  /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ??
  '';

test('a command is ready when its port answers; it is stopped, and its output is kept', TIMEOUT, async (t) => {
  const { target, pid, logFile, warnings } = await start(t, (port) => `PORT=${port} ${NODE} -e "${SERVER}"`);
  assert.equal(target.death(), undefined);
  assert.ok(isThere(pid));
  assert.deepEqual([target.kind, target.adminUrl], ['command', null]);
  if (warnings.length === 0 && process.platform === 'linux') assert.match(cgroupOf(pid), /connrig-\d+-\d+$/);
  else assert.match(warnings[0] ?? '', /memory cgroup of its own/);
  await target.stop(true);
  await target.stop(true);
  assert.equal(isThere(pid), false);
  assert.equal(target.death(), undefined, 'being stopped is no death');
  assert.equal(readFileSync(logFile, 'utf8'), 'up\nand well\n');
});

test('the whole group goes, also who ignores SIGTERM or has been left behind by the first', TIMEOUT, async (t) => {
  const command = (port: number): string =>
    `${NODE} -e "process.on('SIGTERM',()=>console.log('so what'));setInterval(()=>{},1e3);console.log('deaf '+process.pid)" & PORT=${port} ${NODE} -e "${SERVER}"`;
  const { target, logFile } = await start(t, command);
  const deaf = await eventually(
    () => Number(/deaf (\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1] ?? 0) || undefined,
    'a second process',
  );
  await target.stop(true);
  assert.equal(isThere(deaf), false);
  assert.match(readFileSync(logFile, 'utf8'), /so what/, 'it was asked first');
});

test('a command that ends at once is told with its last words', TIMEOUT, async (t) => {
  const error = await assertRefused(
    start(t, () => 'echo first; echo "no config" >&2; exit 3'),
    'ETARGETSTART',
    /^the command ended \(exit code 3\) before 127\.0\.0\.1:\d+ answered: first \| no config$/,
  );
  assert.match(error.hint, /exit 3$/);
});

test('a command that does not exist is told in the words of the shell', TIMEOUT, async (t) => {
  const error = await assertRefused(
    start(t, () => 'no-such-server --port 1'),
    'ETARGETSTART',
    /exit code 127.*no-such-server.*not found/,
  );
  assert.match(error.hint, /^is it installed, and in the PATH\? sh -c 'no-such-server --port 1'$/);
});

test('a command that never answers is given up, and nothing of it stays', TIMEOUT, async (t) => {
  let pid = 0;
  const attempt = start(t, () => 'echo $$; exec sleep 300', { readyWithinMs: 500 });
  const error = await assertRefused(attempt, 'ETARGETSTART', /does not answer on 127\.0\.0\.1:\d+ within .*: \d+$/);
  pid = Number(/(\d+)$/.exec(error.message)?.[1]);
  assert.equal(isThere(pid), false);
});

test('a server that goes into the background is refused, not measured', TIMEOUT, async (t) => {
  const command = (port: number): string => `PORT=${port} ${NODE} -e "${SERVER}" & :`;
  const error = await assertRefused(start(t, command), 'ETARGETSTART', /ended \(exit code 0\)/);
  assert.match(error.hint, /^keep it in the foreground, without & or nohup: --command 'PORT=/);
  const quiet = await assertRefused(
    start(t, () => 'true nginx -c /etc/nginx.conf'),
    'ETARGETSTART',
    /ended \(exit code 0\) before/,
  );
  assert.equal(quiet.hint, "keep it in the foreground: nginx -g 'daemon off;'");
});

test('a server at another port than was said is told, with its URL', onLinux, async (t) => {
  const elsewhere = await freePort();
  const attempt = start(t, () => `PORT=${elsewhere} exec ${NODE} -e "${SERVER}"`, { readyWithinMs: 3000 });
  const error = await assertRefused(attempt, 'ETARGETSTART', /does not answer on 127\.0\.0\.1:\d+ within 3 s/);
  // On a machine that is busy it may not have come as far.
  if (error.message.includes('and well'))
    assert.equal(error.hint, `it listens elsewhere: tcp://127.0.0.1:${elsewhere}`);
});

test('while a command listens elsewhere alone, a warning says where', onLinux, async (t) => {
  const elsewhere = await freePort();
  const waiting = new AbortController();
  const told: string[] = [];
  const attempt = start(t, () => `PORT=${elsewhere} exec ${NODE} -e "${SERVER}"`, {
    readyWithinMs: 24_000,
    signal: waiting.signal,
    onWarning(text) {
      told.push(text);
      if (/listens at/.test(text)) waiting.abort();
    },
  });
  await assertRefused(attempt, 'EINTERRUPTED', /interrupted/);
  const wanted = new RegExp(
    `^the command listens at tcp://127\\.0\\.0\\.1:${elsewhere}, and does not answer on 127\\.0\\.0\\.1:\\d+ yet`,
  );
  assert.match(told.at(-1)!, wanted);
});

test('of several addresses the one that a command listens at', TIMEOUT, async (t) => {
  const command = (port: number): string => `PORT=${port} ${NODE} -e "${SERVER}"`;
  const { target } = await start(t, command, { ips: ['127.0.0.9', '127.0.0.1'] });
  assert.equal(target.ip, '127.0.0.1');
});

test('a port that is taken is refused before anything starts', TIMEOUT, async (t) => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  t.after(() => squatter.close());
  const { port } = squatter.address() as AddressInfo;
  const attempt = start(t, () => 'echo started', { port });
  await assertRefused(attempt, 'ELISTEN', new RegExp(`something listens on 127.0.0.1:${port} already`));
});

test('an interruption ends the wait', TIMEOUT, async (t) => {
  const attempt = start(t, () => 'sleep 300', { signal: AbortSignal.timeout(200) });
  await assertRefused(attempt, 'EINTERRUPTED', /interrupted/);
});

test('a command that dies later is dead, with its last words', TIMEOUT, async (t) => {
  const { target, pid } = await start(t, (port) => `PORT=${port} ${NODE} -e "${SERVER}"`);
  process.kill(pid, 'SIGKILL');
  const death = await eventually(() => target.death(), 'the death');
  assert.equal(death.code, 'ETARGETDIED');
  assert.match(death.message, /^the command ended by itself \(SIGKILL\): up \| and well$/);
  assert.match(target.lastOutput(), /up/);
});

test('its cgroup goes with it', { ...TIMEOUT, skip: process.platform !== 'linux' }, async (t) => {
  const { target, pid, warnings } = await start(t, (port) => `PORT=${port} ${NODE} -e "${SERVER}"`);
  if (warnings.length > 0) return t.skip(warnings[0]);
  const folder = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup', '/sys/fs/cgroup/unified']
    .map((mount) => join(mount, cgroupOf(pid)))
    .find((path) => existsSync(path));
  await target.stop(true);
  assert.equal(folder !== undefined && existsSync(folder), false);
});
