import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { parseTargetUrl, type TargetUrl } from '../../core/values/urls.ts';
import { Missing } from '../../memory/meter.ts';
import { NO_COLLECTION, openCollection, withInspectorPort } from './collection.ts';

const LINUX = { timeout: 120_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };

interface Started {
  readonly pid: number;
  /** The next line that it prints, of those that have this in them. */
  hear(part: string): Promise<string>;
}

function started(t: TestContext, command: string, args: readonly string[], env = process.env): Started {
  // A group, so that what it starts goes with it.
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true, env });
  t.after(() => process.kill(-child.pid!, 'SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hear = async (part: string): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`it ended without a line with "${part}"`);
      if (value.includes(part)) return value;
    }
  };
  return { pid: child.pid!, hear };
}

const at = (port: string | number): TargetUrl => parseTargetUrl(`tcp://127.0.0.1:${port}`) as TargetUrl;

test('a Node.js server that another Node.js has started is inspected, and its starter left alone', LINUX, async (t) => {
  const server =
    "require('net').createServer().listen(0,'127.0.0.1',function(){console.log('port '+this.address().port+' of '+process.pid)})";
  const starter = `require('child_process').spawn(process.execPath,['--inspect-port=127.0.0.1:0','-e',${JSON.stringify(server)}],{stdio:'inherit'});process.on('SIGUSR1',()=>console.log('disturbed'))`;
  const { pid, hear } = started(t, process.execPath, ['-e', starter]);
  const [, port = ''] = /^port (\d+) of \d+$/.exec(await hear('port')) ?? [];
  const { inspectors, forced, refused, close } = await openCollection('auto', { pid, url: at(port) });
  assert.deepEqual([inspectors.length, forced, refused], [1, undefined, []]);
  await close();
});

test('a Node.js server behind a proxy that has no garbage is inspected, whoever started whom', LINUX, async (t) => {
  const proxy =
    "use IO::Socket::INET; $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1'); $| = 1; print 'port ', $s->sockport, qq(\\n); sleep 1000";
  const server = `require('child_process').spawn('perl',['-e',${JSON.stringify(proxy)}],{stdio:'inherit'})`;
  const { pid, hear } = started(t, process.execPath, ['--inspect-port=127.0.0.1:0', '-e', server]);
  const [, port = ''] = /^port (\d+)$/.exec(await hear('port')) ?? [];
  const { inspectors, refused, close } = await openCollection('auto', { pid, url: at(port) });
  assert.deepEqual([inspectors.length, refused], [1, []]);
  await close();
});

const CLUSTER = `
import cluster from 'node:cluster';
import net from 'node:net';
let up = 0;
const count = ({ port }) => { if (++up === 3) console.log('port', port); };
if (cluster.isPrimary) for (let i = 0; i < 3; i++) cluster.fork().on('listening', count);
else net.createServer().listen(0, '127.0.0.1');
`;

test('the workers of node:cluster come up in that environment, and each is inspected', LINUX, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-cluster-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'cluster.mjs');
  writeFileSync(program, CLUSTER);
  const { pid, hear } = started(t, process.execPath, [program], withInspectorPort(process.env));
  const [, port = ''] = /^port (\d+)$/.exec(await hear('port')) ?? [];
  const { inspectors, refused, close } = await openCollection('auto', { pid, url: at(port) });
  await close();
  assert.ok(inspectors.length >= 3, JSON.stringify(inspectors));
  assert.deepEqual(refused, []);
});

const SERVER_IN_JAVA = `
public class Server {
  public static void main(String[] args) throws Exception {
    System.out.println("port " + new java.net.ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1")).getLocalPort());
    Thread.sleep(1_000_000);
  }
}`;

test('a Java virtual machine collects when its own jcmd tells it to', LINUX, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-java-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const source = join(folder, 'Server.java');
  writeFileSync(source, SERVER_IN_JAVA);
  const { pid, hear } = started(t, 'java', ['-Xlog:gc', source]);
  const port = /port (\d+)/.exec(await hear('port'))![1]!;
  const { inspectors, forced, refused } = await openCollection('auto', { pid, url: at(port) });
  assert.deepEqual([inspectors, forced?.by, refused], [[], 'jcmd', []]);
  await forced!.force();
  assert.match(await hear('Diagnostic Command'), /Full/);
});

test('a URL is asked, and who does not answer has not collected', LINUX, async (t) => {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url!);
    response.writeHead(asked.length === 1 ? 200 : 404).end('a profile');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debug/pprof/heap?gc=1`;
  const { forced } = await openCollection({ url, text: url }, { pid: null, url: at(1) });
  await forced!.force();
  assert.deepEqual([asked, forced!.by], [['/debug/pprof/heap?gc=1'], 'pprof']);
  await assert.rejects(forced!.force(), Missing);
});

test('nobody is disturbed unasked, nor where nothing can be forced', LINUX, async (t) => {
  assert.equal(await openCollection('off', { pid: process.pid, url: at(1) }), NO_COLLECTION);
  const { pid } = started(t, 'sleep', ['1000']);
  const { inspectors, forced, refused } = await openCollection('auto', { pid, url: at(1) });
  assert.deepEqual([inspectors, forced, refused], [[], undefined, []]);
});
