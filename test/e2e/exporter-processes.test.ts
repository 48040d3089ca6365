/** Exporters behind which several processes answer, or another one than before. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import {
  assertFailed,
  assertWentThrough,
  connrigHere,
  HASTY,
  newFolder,
  ONE_LEVEL,
  reportOn,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { needs } from '../support/needs.ts';

const TIMEOUT = { timeout: 180_000 };
const METRIC = 'process_resident_memory_bytes';

/** A program in a process of its own that prints its port. */
async function startProgram(t: TestContext, program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  t.after(() => process.kill(-child.pid!, 'SIGKILL'));
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return `http://127.0.0.1:${port.toString().trim()}`;
}

/** Node's cluster: workers take turns. Each holds 20 MB more than the one before, and its start is rounded. */
const CLUSTER = `
const cluster = require('node:cluster');
if (cluster.isPrimary) {
  let up = 0;
  for (let i = 0; i < 3; i++) cluster.fork().on('listening', ({ port }) => { if (++up === 3) console.log(port); });
} else {
  globalThis.held = Buffer.alloc(cluster.worker.id * 20e6, 1);
  const started = Math.round(Date.now() / 1000 - process.uptime());
  require('node:http').createServer((q, r) => r.end('${METRIC} ' + process.memoryUsage.rss() + '\\nprocess_start_time_seconds ' + started + '\\n')).listen(0, '127.0.0.1');
}`;

/** Workers that have inherited a listener, as gunicorn's: each says when it began, as the kernel has it. */
const PREFORK = `
import os, socket, sys, time
s = socket.create_server(('127.0.0.1', 0), backlog=64)
for i in range(3):
    if os.fork() == 0:
        began = time.time() + i * 0.2
        while True:
            c, _ = s.accept()
            c.recv(65536)
            body = '${METRIC} 5e7\\nprocess_start_time_seconds %.2f\\n' % began
            c.sendall(('HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s' % (len(body), body)).encode())
            c.close()
print(s.getsockname()[1], flush=True)
sys.stdin.read()`;

/** One process whose memory goes up and down: garbage of a few MB for each answer. */
const GARBAGE = `
let n = 0, kept;
require('node:http').createServer((q, r) => {
  kept = Array.from({ length: 20000 }, (_, i) => ({ i, n: n++ }));
  r.end('${METRIC} ' + process.memoryUsage.rss() + '\\nnodejs_heap_size_used_bytes ' + process.memoryUsage().heapUsed + '\\n');
}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;

async function startPage(t: TestContext, page: () => string): Promise<string> {
  const server = createServer((_, response) => response.end(page())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends each connection on to the next of those. */
async function startBalancer(t: TestContext, urls: readonly string[]): Promise<string> {
  let turn = 0;
  const balancer = createTcpServer((socket) => {
    const onwards = connect(Number(new URL(urls[turn++ % urls.length]!).port), '127.0.0.1');
    socket.on('error', () => onwards.destroy()).pipe(onwards);
    onwards.on('error', () => socket.destroy()).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(balancer, 'listening');
  t.after(() => balancer.close());
  return `http://127.0.0.1:${(balancer.address() as AddressInfo).port}`;
}

async function runWith(t: TestContext, exporter: string, plan: readonly string[] = ONE_LEVEL) {
  const echo = await startEcho('tcp');
  t.after(() => echo.close());
  const folder = newFolder(t);
  return { folder, ended: await connrigHere(['run', echo.url, '--exporter', exporter, ...plan, '--out', folder]) };
}

describe('an exporter that is another process each time', () => {
  it('of a cluster behind one port is refused', TIMEOUT, async (t) => {
    const file = `${newFolder(t)}.cjs`;
    writeFileSync(file, CLUSTER);
    const { ended } = await runWith(t, await startProgram(t, process.execPath, [file]));
    assertFailed(ended, 4, 'EEXPORTER', /come from 3 different processes: .* — give each process a port of its own/);
  });

  it('of workers that share a listener is refused', { ...TIMEOUT, skip: needs('python3') }, async (t) => {
    const { ended } = await runWith(t, await startProgram(t, 'python3', ['-c', PREFORK]));
    assertFailed(ended, 4, 'EEXPORTER', /come from [23] different processes: process_start_time_seconds \d/);
  });

  it('of two replicas behind a load balancer is refused', TIMEOUT, async (t) => {
    const replicas = await Promise.all(
      [1000, 5000].map((start) => startPage(t, () => `${METRIC} 5e7\nprocess_start_time_seconds ${start}\n`)),
    );
    const { ended } = await runWith(t, await startBalancer(t, replicas));
    assertFailed(ended, 4, 'EEXPORTER', /come from 2 different processes: process_start_time_seconds 1000, 5000/);
  });

  it('but one process with garbage is not, whatever metric counts', TIMEOUT, async (t) => {
    const exporter = await startProgram(t, process.execPath, ['-e', GARBAGE]);
    for (const metric of ['', '#nodejs_heap_size_used_bytes']) {
      const { ended } = await runWith(t, `${exporter}${metric}`);
      assertWentThrough(ended);
      assert.doesNotMatch(`${ended.stderr}${ended.stdout}`, /several processes/);
    }
  });

  it('nor is the sum of several instances in one answer', TIMEOUT, async (t) => {
    const page = ['a', 'b', 'c']
      .map(
        (name, i) =>
          `${METRIC}{instance="${name}"} ${3e7 + i}\nprocess_start_time_seconds{instance="${name}"} ${1000 * i + 1}\n`,
      )
      .join('');
    const { ended, folder } = await runWith(t, await startPage(t, () => page));
    assertWentThrough(ended);
    assert.equal((await reportOn(t, folder)).legs[0]?.levels[0]?.bytes.user, 9e7 + 3);
  });

  it('that may be is told of', TIMEOUT, async (t) => {
    let asked = 0;
    const page = () => `# TYPE work_total counter\nwork_total ${++asked < 8 ? asked + 100 : asked}\n${METRIC} 5e7\n`;
    const { ended } = await runWith(t, await startPage(t, page));
    assertWentThrough(ended);
    assert.match(ended.stderr, /may come from several processes.*: the counter work_total went from 107 back to 8/);
  });

  for (const [what, later, code, sentence] of [
    [
      'is started anew during the run',
      9000,
      'ETARGETDIED',
      /the target was started anew while it was measured: process_start_time_seconds 1000, 9000/,
    ],
    [
      'is another one later on',
      500,
      'EEXPORTER',
      /come from different processes: process_start_time_seconds 1000, 500/,
    ],
  ] as const) {
    it(`that ${what} ends the run, with what was measured`, TIMEOUT, async (t) => {
      let asked = 0;
      const { ended, folder } = await runWith(
        t,
        await startPage(t, () => `${METRIC} 5e7\nprocess_start_time_seconds ${++asked > 30 ? later : 1000}\n`),
        ['--levels', '20,40,60', ...HASTY],
      );
      assertFailed(ended, 4, code, sentence);
      const { status, error } = await reportOn(t, folder);
      assert.deepEqual([status, error?.code], ['failed', code]);
    });
  }
});
