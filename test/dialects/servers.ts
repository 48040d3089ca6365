import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import type { TestContext } from 'node:test';
import { buildTarget } from '../../lab/build.ts';
import { findTarget } from '../../lab/catalogue.ts';
import { shellCommand } from '../../lab/command.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import { sourceOf } from '../support/compiled.ts';
import { eventually } from '../support/wait.ts';

/** Folders below `servers/`: each a server of its field, which tells how many clients it has when it reads a line. */
export type ServerName =
  | 'java-artemis'
  | 'node-aedes'
  | 'node-graphql-ws'
  | 'node-phoenix'
  | 'node-socketio'
  | 'node-sockjs'
  | 'python-signalr'
  | 'ruby-actioncable';

/** What a server says of its clients; what else it counts stands beside them, by its own words. */
export interface ClientCensus {
  readonly clients: number;
  readonly [what: string]: number;
}

/** The server of a dialect, in a process of its own. */
export interface DialectServer {
  readonly port: number;
  readonly pid: number;
  /** Asks the server itself. */
  census(): Promise<ClientCensus>;
}

/** A machine that builds several at once is slow to start one. */
const LISTENS_WITHIN_MS = 120_000;

/** Builds the server where that wasn't done before, and starts it; it is ended with the test. */
export async function startDialectServer(t: TestContext, name: ServerName): Promise<DialectServer> {
  const source = findTarget(sourceOf(`dialects/servers/${name}`));
  if (typeof source === 'string') throw new Error(source);
  const signal = new AbortController().signal;
  const built = await buildTarget(source, { env: process.env, signal, onOutput: () => {} });
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const child = spawn('/bin/sh', ['-c', shellCommand(built, [port])], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-10_000);
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${stderr}`);
      return accepts(port);
    },
    `${name} listens`,
    LISTENS_WITHIN_MS,
  );
  const lines = createInterface(child.stdout);
  return {
    port,
    pid: child.pid!,
    async census() {
      const line = nextLine(lines, child);
      child.stdin.write('\n');
      return JSON.parse(await line) as ClientCensus;
    },
  };
}

async function nextLine(lines: Interface, child: ChildProcess): Promise<string> {
  const other = new AbortController();
  const { signal } = other;
  try {
    return await Promise.race([
      once(lines, 'line', { signal }).then(([line]) => String(line)),
      once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
    ]);
  } finally {
    other.abort();
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
