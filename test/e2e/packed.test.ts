/** What `npm publish` would send works on a machine that has nothing else of ours. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  assertWentThrough,
  connrig,
  foldedLegs,
  HASTY,
  killIfThere,
  newFolder,
  ONE_LEVEL,
  reportOn,
  type StartOptions,
  startConnrig,
} from '../support/connrig.ts';
import { eventually } from '../support/wait.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const WANTED = [
  ...['package.json', 'LICENSE', 'NOTICE', 'dist/charts/echarts.LICENSES.txt'],
  ...[
    'dist/bin/main.js',
    'dist/bin/serve-child.js',
    'dist/bin/worker-child.js',
    'dist/bin/fleet-thread.js',
    'dist/bin/main.js.map',
    'dist/bin/LICENSES.txt',
  ],
  ...['dashboards/compose.yaml', 'dashboards/generated/grafana/run.json', 'dashboards/prometheus/prometheus.yml'],
  ...['targets/go-ws/target.yaml', 'targets/go-ws/go.sum', 'targets/node-ws/package-lock.json', 'lab/goroutines.go'],
  ...['schemas/summary.schema.json', 'schemas/config.schema.json'],
];
const NPM_TIMEOUT_MS = 240_000;

it('the packed tarball installs globally elsewhere, and runs there', { timeout: 480_000 }, async (t) => {
  const there = dirname(newFolder(t));
  const [prefix, cwd] = [join(there, 'prefix'), join(there, 'empty')];
  mkdirSync(cwd);

  // The build is there already: these tests are part of it.
  const packed = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', there], ROOT);
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: Array<{ path: string }> }];
  const paths = files.map(({ path }) => path);
  const strays = paths.filter((path) =>
    /^dist\/(?!bin\/|charts\/echarts|live\/page\/)|\.test\.|tsbuildinfo|^test\/|node_modules/.test(path),
  );
  assert.deepEqual(strays, []);
  for (const path of WANTED) assert.ok(paths.includes(path), path);

  npm(['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', join(there, filename)], cwd);
  const installed = { cwd, program: [join(prefix, 'bin', 'connrig')] };
  assert.ok(existsSync(installed.program[0]!));

  const doctor = await connrig(t, ['doctor', '--connections', '200'], installed);
  assert.equal(doctor.code, 0, doctor.stderr);
  assert.match(doctor.stdout, /200 connections with both ends on this machine: fit\./);

  const ended = await connrig(t, ['run', '--levels', '300,600,900,1200,1500', ...HASTY], installed);
  assertWentThrough(ended);
  const [folder = ''] = readdirSync(join(cwd, 'runs'));
  await assertMeasured(t, join(cwd, 'runs', folder));
  await assertShown(t, join(cwd, 'runs', folder), installed);
  await assertBuilds(t, join(there, 'cache'), join(there, 'of-node'), installed);
  assert.match(readFileSync(join(cwd, 'runs', folder, 'report.html'), 'utf8'), /<svg/);
  assert.deepEqual(readdirSync(join(prefix, 'lib/node_modules/connrig/node_modules')).filter(isPackage), ['koffi']);
  assert.deepEqual(readdirSync(cwd), ['runs'], 'nothing else is left where it ran');
});

/** One that needs nothing but what runs us. */
async function assertBuilds(t: TestContext, cache: string, out: string, installed: StartOptions): Promise<void> {
  const env = { XDG_CACHE_HOME: cache };
  const args = ['run', '--target', 'node-tcp', ...ONE_LEVEL, '--out', out];
  assertWentThrough(await connrig(t, args, { ...installed, env }));
  assert.equal((await reportOn(t, out)).target.name, 'node-tcp');
}

/** The live page with all its parts, none of which is built where it is installed. */
async function assertShown(t: TestContext, folder: string, installed: StartOptions): Promise<void> {
  const live = startConnrig(t, ['live', folder, '--listen', ':0'], installed);
  const url = await eventually(() => /http:\/\/[\d.]+:\d+\//.exec(live.stderr())?.[0], 'the page');
  for (const part of ['', 'page.js', 'page.css', 'echarts.js', 'icon.svg', 'state.json']) {
    assert.equal((await fetch(`${url}${part}`)).status, 200, part);
  }
  killIfThere(live.pid, 'SIGINT');
  assert.equal((await live.ended).code, 0);
}

const isPackage = (name: string): boolean => !name.startsWith('.') && !name.startsWith('@');

async function assertMeasured(t: TestContext, folder: string): Promise<void> {
  const legs = foldedLegs(folder);
  assert.equal((await reportOn(t, folder)).legs.length, 2);
  assert.equal(legs.length, 2);
  for (const { levels, perConnection } of legs) {
    assert.deepEqual(
      levels.map(({ open, established }) => [open, established]),
      [300, 600, 900, 1200, 1500].map((open) => [open, open]),
    );
    assert.ok(perConnection?.user);
  }
}

/** npm as a person would start it: without what an `npm test` around us says about itself. */
function npm(args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return execFileSync('npm', args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: NPM_TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
