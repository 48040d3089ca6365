import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Readings } from '../core/schemas/readings.ts';
import { EXIT } from '../core/values/errors.ts';
import { openExporter, parseExporter } from '../memory/exporter.ts';
import { testDeps } from '../test/support/cli-deps.ts';
import { newFolder } from '../test/support/connrig.ts';
import { startEcho } from '../test/support/echo.ts';
import { eventually } from '../test/support/wait.ts';
import { runConnrig } from './connrig.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 60_000 };

/** `connrig meter ARGS` in this process, until the test ends. */
async function startMeter(t: TestContext, ...args: string[]) {
  const deps = testDeps();
  const ended = runConnrig(['meter', ...args], deps);
  const url = await eventually(() => {
    assert.equal(deps.exitCode(), undefined, deps.err());
    return /http:\S+(?=\/metrics)/.exec(deps.err())?.[0];
  }, 'the meter');
  const stop = async (): Promise<void> => {
    deps.signal('SIGTERM');
    await ended;
  };
  t.after(stop);
  const get = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
  return { url, get, stop, deps };
}

test('a process is metered: metrics, readings, and an exporter that takes both', onLinux, async (t) => {
  const echo = await startEcho('tcp');
  t.after(() => echo.close());
  const { url, get, stop, deps } = await startMeter(t, '--pid', String(echo.pid), '--listen', '127.0.0.1:0');
  const metrics = await get('/metrics');
  assert.match(metrics, /^connrig_meter_info 1$/m);
  assert.match(metrics, /^connrig_target_processes 1$/m);
  assert.match(metrics, /^connrig_target_max_fds \d+$/m);
  assert.match(metrics, /^connrig_info\{role="meter",version="0.0.0-test"\} 1$/m);
  const anonBytes = Number(/^connrig_target_memory_bytes\{component="anon"\} (\d+)$/m.exec(metrics)?.[1]);
  assert.ok(anonBytes > 2e6, metrics);
  const perOne = new RegExp(`\\{[^}\\n]*(?:pid=|127\\.0\\.0\\.1|"${echo.pid}"|"${new URL(echo.url).port}")`);
  assert.doesNotMatch(metrics, perOne, 'no label for each process or address');
  const readings = Readings.parse(JSON.parse(await get('/readings')));
  assert.deepEqual(readings.target?.pids, [echo.pid]);
  const source = parseExporter(url);
  assert.ok(typeof source !== 'string');
  const told = await openExporter(source)();
  assert.deepEqual(told.target?.pids, [echo.pid]);
  assert.ok((told.remote?.host?.totalBytes ?? 0) > 1e8);
  assert.match(await get('/else'), /^there is no \/else here; there is \/metrics, \/readings/);

  await echo.close();
  const gone = await eventually(async () => {
    const text = await get('/metrics');
    return text.includes('connrig_meter_missing{meter="target"} 1') ? text : undefined;
  }, 'the end of the process');
  assert.doesNotMatch(gone, /connrig_target_memory_bytes\{/, 'left out, not 0');
  await stop();
  assert.equal(deps.exitCode(), undefined);
  await assert.rejects(fetch(url));
});

test('who names ports is told what is queued in their connections', onLinux, async (t) => {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    t.after(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  await once(client, 'connect');
  client.write('unread');
  const { get } = await startMeter(t, '--pid', String(process.ppid), '--listen', '127.0.0.1:0');
  const received = async (query: string) =>
    Readings.parse(JSON.parse(await get(`/readings${query}`))).established?.targetQueues?.received;
  await eventually(async () => (await received(`?ports=${port}`))?.bytes === 6, 'it has arrived');
  assert.equal((await received(`?ports=${port}`))?.sockets, 1);
  assert.equal(await received(''), undefined, 'nobody asked');
  assert.match(await get('/readings?ports=0'), /^ports=0: a port is a number from 1 to 65535/);
  assert.match(await get('/readings?port=1'), /^unknown parameter port; known: ports/);
});

test('several processes are one target', onLinux, async (t) => {
  const echo = await startEcho('tcp');
  t.after(() => echo.close());
  const { get } = await startMeter(
    t,
    '--pid',
    String(echo.pid),
    '--pid',
    String(process.ppid),
    '--listen',
    '127.0.0.1:0',
  );
  const { target } = Readings.parse(JSON.parse(await get('/readings')));
  assert.ok(target?.pids.includes(echo.pid) && target.pids.includes(process.ppid));
  assert.equal(target?.pids.includes(process.pid), false, 'the meter itself is no part of it');
});

test('a meter with a token answers who knows it, and a run that is told it', onLinux, async (t) => {
  const echo = await startEcho('tcp');
  t.after(() => echo.close());
  const tokenFile = join(newFolder(t), '..', 'token');
  writeFileSync(tokenFile, 'from-a-file\n');
  const pid = String(echo.pid);
  const { url, get } = await startMeter(t, '--pid', pid, '--listen', '0.0.0.0:0', '--admin-token', `@${tokenFile}`);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(await get('/metrics'), /^a token is needed/);
  const source = parseExporter(url);
  assert.ok(typeof source !== 'string');
  assert.deepEqual((await openExporter({ ...source, token: 'from-a-file' })()).target?.pids, [echo.pid]);
  await assert.rejects(
    openExporter({ ...source, token: 'another' })(),
    /answered 401: it wants a token, or another one$/,
  );

  const folder = newFolder(t);
  const run = async (...token: string[]): Promise<ReturnType<typeof testDeps>> => {
    const deps = testDeps({ CONNRIG_EXPORTER_TOKEN: 'wrong' });
    const plan = ['--levels', '5,10', '--settle-timeout', '0s', '--engine', 'node', '--quiet'];
    await runConnrig(['run', echo.url, '--exporter', url, ...plan, ...token, '--out', folder], deps);
    return deps;
  };
  const refused = await run();
  assert.match(refused.err(), /^EEXPORTER: .*answered 401.* — --exporter-token @<file/m);
  rmSync(folder, { recursive: true });
  const { err } = await run('--exporter-token', `@${tokenFile}`);
  assert.doesNotMatch(err(), /^EEXPORTER/m);
  assert.match(readFileSync(join(folder, 'samples.jsonl'), 'utf8'), new RegExp(`"pids":\\[${echo.pid}\\]`));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(files.length > 5);
  for (const { parentPath, name } of files) {
    assert.doesNotMatch(readFileSync(join(parentPath, name), 'utf8'), /from-a-file/, `no secret in ${name}`);
  }
});

test(
  'without a host it listens for this machine alone; the token may come from the environment',
  onLinux,
  async (t) => {
    const { url, get } = await startMeter(t, '--pid', String(process.pid), '--listen', ':0');
    assert.match(url, /^http:\/\/127\.0\.0\.1:/);
    assert.match(await get('/healthz'), /^ok$/m);
    const deps = testDeps({ CONNRIG_ADMIN_TOKEN: 'from-env' });
    const ended = runConnrig(['meter', '--pid', String(process.pid), '--listen', 'localhost:0'], deps);
    const locked = await eventually(() => /http:\S+(?=\/metrics)/.exec(deps.err())?.[0], 'the meter');
    assert.equal((await fetch(`${locked}/healthz`)).status, 401);
    const headers = { Authorization: 'Bearer from-env' };
    assert.equal((await fetch(`${locked}/healthz`, { headers })).status, 200);
    deps.signal('SIGTERM');
    await ended;
  },
);

const BAD: ReadonlyArray<[args: string[], message: RegExp]> = [
  [[], /^EUSAGE: --pid: name at least one process — connrig meter --help$/m],
  [
    ['--pid', 'init', '--listen', 'here'],
    /^EUSAGE: --pid: "init" is not a process id; --listen: a port is missing in "here"/m,
  ],
  [['--pid', '1', '--listen', ':70000'], /--listen: ":70000"/],
  [['--pid', '1', '--gc'], /--gc is not an option/],
  [['--pid', '999999999'], /^EPID: there is no process 999999999/m],
  [
    ['--pid', '1', '--listen', '0.0.0.0:9465'],
    /^EUSAGE: --listen 0\.0\.0\.0:9465: beyond this machine only who knows a /m,
  ],
  [['--pid', '1', '--admin-token', ''], /--admin-token: it is empty/],
  [
    ['--pid', '1', '--admin-token', '@/nowhere'],
    /--admin-token: there is no file \/nowhere \(openssl rand -hex 24 > \/nowhere, to make a token\)/,
  ],
  [['--pid', '1', '--admin-token', 'a b'], /--admin-token: only letters, digits and ASCII signs/],
  [['--pid', '1', '--admin-names', 'a,,b'], /--admin-names: "a,,b" is not a list of names/],
  [
    ['--pid', '1', '--listen', '198.51.100.7:9465', '--admin-token', 'x'],
    /^ELISTEN: 198\.51\.100\.7 is not an address of this machine/m,
  ],
];
for (const [args, message] of BAD) {
  test(`meter ${args.join(' ')} is refused`, async () => {
    const deps = testDeps();
    await runConnrig(['meter', ...args], deps);
    assert.match(deps.err(), message);
    assert.equal(deps.exitCode(), EXIT.usage);
  });
}
