import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EXIT } from '../core/errors.ts';
import { Readings } from '../core/readings.ts';
import { openExporter, parseExporter } from '../memory/exporter.ts';
import { testDeps } from '../test/support/cli-deps.ts';
import { startEcho } from '../test/support/echo.ts';
import { eventually } from '../test/support/wait.ts';
import { connrig } from './connrig.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 60_000 };

/** `connrig meter ARGS` in this process, until the test ends. */
async function startMeter(t: TestContext, ...args: string[]) {
  const deps = testDeps();
  const ended = connrig(['meter', ...args], deps);
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
  const anonBytes = Number(/^connrig_target_memory_bytes\{component="anon"\} (\d+)$/m.exec(metrics)?.[1]);
  assert.ok(anonBytes > 2e6, metrics);
  assert.doesNotMatch(metrics, /4711|127\.0\.0\.1|pid=/, 'no label for each process or address');
  const readings = Readings.parse(JSON.parse(await get('/readings')));
  assert.deepEqual(readings.target?.pids, [echo.pid]);
  const source = parseExporter(url);
  assert.ok(typeof source !== 'string');
  const told = await openExporter(source)();
  assert.deepEqual(told.target?.pids, [echo.pid]);
  assert.ok((told.remote?.host?.totalBytes ?? 0) > 1e8);
  assert.match(await get('/else'), /^there is \/metrics, \/readings/);

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

const BAD: ReadonlyArray<[args: string[], message: RegExp]> = [
  [[], /^EUSAGE: --pid: name at least one process — connrig meter --help$/m],
  [['--pid', 'init', '--listen', 'here'], /^EUSAGE: --pid: "init" is not a process id; --listen: "here" is not/m],
  [['--pid', '1', '--listen', ':70000'], /--listen: ":70000"/],
  [['--pid', '1', '--gc'], /"--gc" is not an option/],
  [['--pid', '999999999'], /^EPID: there is no process 999999999/m],
  [['--pid', '1', '--listen', '198.51.100.7:9465'], /^ELISTEN: 198\.51\.100\.7 is not an address of this machine/m],
];
for (const [args, message] of BAD) {
  test(`meter ${args.join(' ')} is refused`, async () => {
    const deps = testDeps();
    await connrig(['meter', ...args], deps);
    assert.match(deps.err(), message);
    assert.equal(deps.exitCode(), EXIT.usage);
  });
}
