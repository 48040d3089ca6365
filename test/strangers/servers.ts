import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { NeedName } from '../../scripts/needs/packages.ts';
import { commandOf } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';
import { eventually } from '../support/wait.ts';

/** Somebody else's server, running with a configuration of its own in a temporary folder. */
export interface Stranger {
  readonly port: number;
  readonly pid: number;
}

/** As many as a test wants, and room for those that ask. */
const MOST = 4096;

/**
 * Its worker raises its own limit of open files; the process that starts it keeps a low one.
 *
 * @param directives further ones for its `http` block
 */
export function startNginx(t: TestContext, directives = ''): Promise<Stranger> {
  return start(t, 'nginx', 'nginx.conf', (port) => ({
    config: `
      worker_processes 1;
      worker_rlimit_nofile ${MOST + 64};
      pid nginx.pid;
      error_log stderr;
      events { worker_connections ${MOST}; }
      http {
        access_log off;
        keepalive_timeout 1h;
        ${directives}
        server {
          listen 127.0.0.1:${port};
          location / { return 204; }
          location = /status { stub_status; }
        }
      }`,
    args: (file, folder) => ['-p', folder, '-c', file, '-g', 'daemon off;'],
    openFiles: 256,
  }));
}

/** It tidies up sooner than by itself (5 s), and its allocator gives pages back at once, not after 10 s. */
export async function startRedis(t: TestContext): Promise<Stranger> {
  const redis = await start(t, 'redis-server', 'redis.conf', (port) => ({
    config: `bind 127.0.0.1\nport ${port}\nmaxclients ${MOST}\nsave ""\nappendonly no\nenable-debug-command yes\n`,
    args: (file) => [file],
    env: { MALLOC_CONF: 'dirty_decay_ms:0,muzzy_decay_ms:0' },
  }));
  await ask(redis.port, 'DEBUG REPLYBUFFER PEAK-RESET-TIME 2000\r\nQUIT\r\n');
  return redis;
}

/** @param more lines of its configuration: further listeners */
export function startMosquitto(t: TestContext, more = ''): Promise<Stranger> {
  return start(t, 'mosquitto', 'mosquitto.conf', (port) => ({
    config: `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nconnection_messages false\nsys_interval 1\n${more}`,
    args: (file) => ['-c', file],
  }));
}

/** Sends one piece of text, and gives back all that comes until the other side closes. */
export async function ask(port: number, question: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  let answer = '';
  socket.on('data', (text: string) => {
    answer += text;
  });
  socket.write(question);
  await once(socket, 'close', { signal: AbortSignal.timeout(15_000) });
  return answer;
}

interface Launch {
  readonly config: string;
  readonly args: (file: string, folder: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its limit of open files at its start. */
  readonly openFiles?: number;
}

async function start(
  t: TestContext,
  name: NeedName,
  fileName: string,
  launchAt: (port: number) => Launch,
): Promise<Stranger> {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-stranger-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await unusedPort();
  const { config, args, env, openFiles = 2 * MOST } = launchAt(port);
  const [file, log] = [join(folder, fileName), join(folder, 'output.log')];
  writeFileSync(file, config);
  const out = openSync(log, 'w');
  const limited = ['-c', `ulimit -Sn ${openFiles}; exec "$@"`, 'sh', commandOf(name), ...args(file, folder)];
  const child = spawn('/bin/sh', limited, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`${name} did not start: ${readFileSync(log, 'utf8')}`);
    return accepts(port);
  }, `${name} listens`);
  return { port, pid: child.pid! };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
