/** What a URL has in it for the server alone is in nothing that is recorded, printed or served; run folders are for their owner. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { RunFile } from '../../core/schemas/record.ts';
import { unpackGolden } from '../../scripts/golden/golden-runs.ts';
import { connrig, connrigHere, ENTRY, type Ended, newFolder, ONE_LEVEL, startConnrig } from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { startServe } from '../support/serve-process.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 240_000 };
const onPosix = { ...TIMEOUT, skip: process.platform === 'win32' ? 'has no modes' : false };
const PLANTED = 'plantedSecret42';
const QUERY = `token=${PLANTED}Token&room=${PLANTED}Room`;
const SHOWN = 'token=***&room=***';

/** Every file below a folder. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

function assertTold(text: string, what: string): void {
  assert.ok(!text.includes(PLANTED), `${what}: …${text.slice(Math.max(0, text.indexOf(PLANTED) - 200)).slice(0, 400)}`);
}

/** @param not files that somebody else writes */
function assertKept(folder: string, { stdout, stderr }: Omit<Ended, 'code'>, not: readonly string[] = []): void {
  assertTold(stdout, 'stdout');
  assertTold(stderr, 'stderr');
  const files = filesIn(folder).filter((path) => !not.some((name) => path.endsWith(name)));
  assert.ok(files.length >= 5, String(files));
  for (const path of files) assertTold(readFileSync(path, 'utf8'), path);
}

async function startHttp(t: TestContext, answer: (path: string) => { status: number; reason?: string; text: string }) {
  const server = createServer(({ url = '' }, response) => {
    const { status, reason, text } = answer(url);
    response.writeHead(status, reason).end(text);
  });
  server.on('upgrade', ({ url = '' }, socket) => {
    const { status, reason = '' } = answer(url);
    socket
      .on('error', () => {})
      .end(`HTTP/1.1 ${status} ${reason}\r\nLocation: /login?next=${url}\r\nContent-Length: 0\r\n\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('secrets of a target and of an exporter', () => {
  it('are in nothing of a run that passes, watched in all ways', TIMEOUT, async (t) => {
    const server = await startServe(['--protocol', 'ws,http']);
    t.after(() => server.stop());
    const exporter = await startHttp(t, () => ({ status: 200, text: 'process_resident_memory_bytes 5e7\n' }));
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...['run', `ws://127.0.0.1:${server.ports.ws}/chat?${QUERY}`, `http://127.0.0.1:${server.ports.http}/?${QUERY}`],
      ...[
        '--exporter',
        `http://user:${PLANTED}Password@${exporter}/metrics?key=${PLANTED}Key#process_resident_memory_bytes`,
      ],
      ...[
        '--behaviour',
        'heartbeat:1s',
        '--metrics',
        '0',
        '--live',
        '0',
        '--linger',
        '10m',
        '--json',
        '--out',
        folder,
        ...ONE_LEVEL,
      ],
    ]);
    await eventually(() => run.stderr().includes('stay at'), 'the end', 120_000);
    const [, metrics = ''] = /^metrics at (\S+)$/m.exec(run.stderr()) ?? [];
    const [, page = ''] = /^live page at (\S+)$/m.exec(run.stderr()) ?? [];
    for (const url of [metrics, `${page}state.json`]) {
      const text = await (await fetch(url)).text();
      assert.ok(text.length > 500, url);
      assertTold(text, url);
    }
    run.child.kill('SIGTERM');
    await run.ended;
    assertKept(folder, { stdout: run.stdout(), stderr: run.stderr() });
    const { config, target } = RunFile.parse(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')));
    assert.deepEqual(
      target.urls.map((url) => url.split('?')[1]),
      [SHOWN, SHOWN],
      'which keys were there still shows',
    );
    assert.equal(config['exporter'], `http://***@${exporter}/metrics?key=***#process_resident_memory_bytes`);
  });

  it('reach the server all the same', TIMEOUT, async (t) => {
    const asked = new Set<string>();
    const at = await startHttp(t, (path) => {
      asked.add(path);
      return { status: 200, text: 'ok' };
    });
    const folder = newFolder(t);
    const paths = ['--behaviour', `request:100/s:/work?key=${PLANTED}`, '--talk', '500ms'];
    const ended = await connrig(t, ['run', `http://${at}/chat?${QUERY}`, ...paths, ...ONE_LEVEL, '--out', folder]);
    assert.ok(
      [...asked].every((path) => path === `/work?key=${PLANTED}` || path === `/chat?${QUERY}`),
      String([...asked]),
    );
    assert.ok(asked.has(`/work?key=${PLANTED}`));
    assertKept(folder, ended);
  });

  it('are in nothing of a run that is refused, or rejected by a server that repeats them', TIMEOUT, async (t) => {
    const port = await freePort();
    const rejecting = await startHttp(t, (path) => ({
      status: 401,
      reason: `no ${decodeURIComponent(path)}`,
      text: '',
    }));
    for (const [at, code] of [
      [`127.0.0.1:${port}`, 'EREFUSED'],
      [rejecting, 'EREJECTED'],
    ] as const) {
      const folder = newFolder(t);
      const ended = await connrigHere(['run', `ws://${at}/chat?${QUERY}`, ...ONE_LEVEL, '--out', folder]);
      assert.equal(ended.code, 4, ended.stderr);
      assert.ok(ended.stderr.includes(`${code}: `) && ended.stderr.includes(SHOWN), ended.stderr);
      assertKept(folder, ended);
    }
  });

  it('are in nothing of a run whose target prints them and dies', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const script = `let n = 0; require('http').createServer().on('upgrade', (q, s) => { console.log('GET ' + q.url); if (++n > 3) process.exit(7); s.on('error', () => {}).end(); }).listen(Number(process.argv[1]), '127.0.0.1')`;
    const port = await freePort();
    const command = `node -e "${script}" ${port} http://me:${PLANTED}@127.0.0.1/`;
    const args = ['run', `ws://127.0.0.1:${port}/chat?${QUERY}`, '--command', command, ...ONE_LEVEL, '--out', folder];
    const ended = await connrig(t, args);
    assert.match(ended.stderr, /ETARGETDIED: .*exit code 7.*GET \/chat\?token=\*\*\*/);
    // What the server prints there is its own.
    assertKept(folder, ended, ['target.log']);
    assert.ok(readFileSync(join(folder, 'target.log'), 'utf8').includes(PLANTED));
  });

  it('are in nothing of a run without its exporter, and in no refusal of a URL', TIMEOUT, async (t) => {
    const echo = await startEcho('tcp');
    t.after(() => echo.close());
    const at = await startHttp(t, () => ({ status: 404, text: '' }));
    const folder = newFolder(t);
    const exporter = ['--exporter', `http://${at}/metrics?key=${PLANTED}`];
    const ended = await connrigHere(['run', echo.url, ...exporter, ...ONE_LEVEL, '--out', folder]);
    assert.match(ended.stderr, /EEXPORTER: .*\/metrics\?key=\*\*\*: answered 404/);
    assertKept(folder, ended);
    for (const url of [
      `mqtt://h:1/chat?${QUERY}`,
      `h:1/chat?${QUERY}`,
      `ws://me:${PLANTED}@h:1`,
      `ws://me:${PLANTED}/x@h:1`,
      `ws://h:1/#${QUERY}`,
      `ws://h/?${QUERY}`,
    ]) {
      const { code, stderr } = await connrigHere(['run', url]);
      assert.equal(code, 2, stderr);
      assertTold(stderr, url);
    }
  });

  it('that an older version recorded are in no report, comparison or index of it', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    unpackGolden('single-level', folder);
    const path = join(folder, 'run.json');
    const recorded = readFileSync(path, 'utf8');
    const [url = ''] = RunFile.parse(JSON.parse(recorded)).target.urls;
    writeFileSync(path, recorded.replaceAll(url, `http://me:${PLANTED}@h:1/?${QUERY}`));
    assert.ok(readFileSync(path, 'utf8').includes(PLANTED));
    const { code, stdout, stderr } = await connrigHere(['report', folder]);
    const all = await connrigHere(['report', join(folder, '..')]);
    const compared = join(folder, '..', 'compared');
    const comparison = await connrigHere(['compare', folder, folder, '--out', compared]);
    assert.deepEqual([code, all.code, comparison.code], [0, 0, 0]);
    for (const text of [stdout, stderr, all.stdout, all.stderr, comparison.stdout, comparison.stderr])
      assertTold(text, 'printed');
    for (const file of filesIn(join(folder, '..'))) if (file !== path) assertTold(readFileSync(file, 'utf8'), file);
  });
});

describe('a run folder is for its owner alone', () => {
  for (const umask of ['000', '022', '077', '277']) {
    it(`with umask ${umask}, also when it is reported on again`, onPosix, async (t) => {
      const echo = await startEcho('tcp');
      t.after(() => echo.close());
      const folder = newFolder(t);
      const program = below(umask);
      await connrig(t, ['run', echo.url, ...ONE_LEVEL, '--out', folder], { program });
      assertOwned(folder);
      for (const path of filesIn(folder)) chmodSync(path, 0o644);
      await connrig(t, ['report', folder], { program });
      const again = ['report.html', 'report.md', 'summary.json', 'levels.csv'];
      for (const name of again) assert.equal(modeOf(join(folder, name)), 0o600, name);
    });
  }

  it('also where the folder was there, and for what a command prints', onPosix, async (t) => {
    const folder = newFolder(t);
    mkdirSync(folder, { mode: 0o755 });
    const port = await freePort();
    const command = `node -e "require('net').createServer((s) => s.resume().on('error', () => {})).listen(${port}, '127.0.0.1')"`;
    await connrig(t, ['run', `tcp://127.0.0.1:${port}`, '--command', command, ...ONE_LEVEL, '--out', folder]);
    assert.ok(filesIn(folder).some((path) => path.endsWith('target.log')));
    assertOwned(folder);
  });
});

/** The command below a umask of its shell's own. */
const below = (umask: string): readonly string[] => [
  ...['/bin/sh', '-c', `umask ${umask}; exec "$@"`, 'sh'],
  ...[process.execPath, ENTRY],
];

/** That was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

function assertOwned(folder: string): void {
  assert.equal(modeOf(folder), 0o700);
  assert.equal(modeOf(join(folder, 'charts')), 0o700);
  for (const path of filesIn(folder)) assert.equal(modeOf(path), 0o600, path);
}
