/** Servers that `connrig try` is held against, and what it prints of them. */
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { runConnrig } from '../../cli/connrig.ts';
import { listen } from '../../telemetry/listen.ts';
import { testDeps } from './cli-deps.ts';
import { type Ended, newFolder } from './connrig.ts';
import { HOST } from './peers.ts';
import { eventually } from './wait.ts';

export interface TriedPeer {
  readonly url: string;
  /** Sockets that were accepted so far. */
  readonly accepted: () => number;
}

/** A server until the test ends. */
export async function serveTried(t: TestContext, server: Server, scheme: string): Promise<TriedPeer> {
  let accepted = 0;
  server.on('connection', () => {
    accepted += 1;
  });
  const port = await listen(server, HOST, 0, 511);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `${scheme}://${HOST}:${port}`, accepted: () => accepted };
}

/** @param token without which it refuses the upgrade */
export function webSocketPeer(
  t: TestContext,
  onSocket: (socket: WebSocket) => void,
  token?: string,
): Promise<TriedPeer> {
  const server = createServer();
  const sockets = new WebSocketServer({
    server,
    verifyClient: ({ req }: { req: { headers: Record<string, unknown> } }) =>
      token === undefined || req.headers['authorization'] === `Bearer ${token}`,
  });
  t.after(() => {
    for (const client of sockets.clients) client.terminate();
  });
  sockets.on('connection', onSocket);
  return serveTried(t, server, 'ws');
}

export function fileOf(t: TestContext, name: string, text: string): string {
  const file = join(dirname(newFolder(t)), name);
  writeFileSync(file, text);
  return file;
}

/** Looks at an open connection until so much was said, and has it closed then. */
export async function tryUntil(args: readonly string[], said: string | RegExp): Promise<Ended> {
  const deps = testDeps(process.env);
  const trial = runConnrig([...args, '--for', '1h'], deps);
  const isSaid = (): boolean => (typeof said === 'string' ? deps.out().includes(said) : said.test(deps.out()));
  await eventually(isSaid, `${said} in\n${deps.out()}`);
  deps.signal('SIGINT');
  await trial;
  return { code: deps.exitCode() ?? 0, stdout: deps.out(), stderr: deps.err() };
}

/** Without times, which differ each time. */
export const withoutTimes = (stdout: string): string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *[\d,.]+ ms ( [→← ]) /, '$1 ').replace(/(?<=open after ).*? m?s/, 'some time'));

/** Rows of data. */
export const USERS = 'name,token\nann,secret-of-ann\nbob,secret-of-bob\n';
