import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TestHost } from './hosts.ts';
import { commandOf } from './needs.ts';

/** A Redis of a test's own, without data at first, which ends with the test. */
export interface RedisServer {
  readonly url: string;
  /** At once, as when its machine goes down. */
  stop(): Promise<void>;
  /** Again, at the same address: with what it kept, or with nothing. */
  start(how?: 'with-data' | 'empty'): Promise<void>;
}

interface RedisPlace {
  /** Where it runs, and for all who reach that; otherwise here, for this machine alone. */
  readonly host?: TestHost;
  /** It writes down whatever it is told, before it answers. */
  readonly keeps?: boolean;
  /** More of its command line, such as for one over TLS alone: `--port 0` and, in place of `PORT`, `--tls-port PORT`. */
  readonly more?: readonly string[];
}

export async function startRedisServer(
  t: Pick<TestContext, 'after'>,
  { host, keeps = false, more = [] }: RedisPlace = {},
): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-redis-'));
  const [ip, port] = host ? [host.ip, 6379] : ['127.0.0.1', await freePort()];
  const data = join(folder, 'data');
  const args = [
    ...['--port', `${port}`, '--bind', ip, '--protected-mode', 'no', '--dir', data, '--save', ''],
    ...['--appendonly', keeps ? 'yes' : 'no', '--appendfsync', 'always'],
    ...more.map((one) => (one === 'PORT' ? `${port}` : one)),
  ];
  const redis = commandOf('redis-server');
  const [program, ...rest] = host ? host.command(redis, args) : [redis, ...args];
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const start: RedisServer['start'] = async (how = 'with-data') => {
    if (how === 'empty') rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true });
    const begun = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    child = begun;
    let said = '';
    for await (const text of begun.stdout.setEncoding('utf8')) {
      said += text;
      if (said.includes('Ready to accept connections')) return;
    }
    throw new Error(`redis-server ended:\n${said}`);
  };
  t.after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  return { url: `redis://${ip}:${port}`, stop, start };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
