import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { Destination } from '../../fleet/engines/engine.ts';
import type { ServerMaterial } from './secured-server.ts';

/** A server in a process of its own. */
export interface EchoProcess {
  readonly pid: number;
  /** 0 at a Unix socket. */
  readonly port: number;
  /** What connections go to. */
  readonly at: Destination;
  readonly url: string;
  kill(signal?: NodeJS.Signals): void;
  /** Ends it; resolves when the process is gone. */
  close(): Promise<void>;
}

export interface EchoOptions {
  /** Connections that may wait to be accepted; 4,096 by default. */
  readonly backlog?: number;
  /** Whether ws accepts permessage-deflate, or only on every other connection; it doesn't unless said. */
  readonly perMessageDeflate?: boolean | 'by turns';
  /** tcp alone: over TLS. */
  readonly secured?: ServerMaterial;
  /** A Unix socket to listen at, in place of a port. */
  readonly path?: string;
}

/** Bodies of the answers on each http connection, by turns. */
export const ANSWER_BYTES = [2, 1, 0, 125, 4096, 65_537, 200_000] as const;

/** Starts a bare server (`ws`, `net` or `node:http`) on a free port of 127.0.0.1 unless said. */
export async function startEcho(
  protocol: ProtocolName,
  { backlog = 4096, perMessageDeflate = false, secured, path }: EchoOptions = {},
): Promise<EchoProcess> {
  const args = [protocol, String(backlog), String(perMessageDeflate), secured ? 'secured' : (path ?? '')];
  const child = fork(fileURLToPath(new URL('./echo-process.js', import.meta.url)), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  if (secured) child.send(secured);
  const ended = once(child, 'exit');
  const [message] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('the echo server ended before it was ready'))),
  ])) as [{ port: number }];
  return {
    pid: child.pid!,
    port: message.port,
    at: path === undefined ? { ip: '127.0.0.1', port: message.port } : { path },
    url: path === undefined ? `${protocol}://127.0.0.1:${message.port}` : `${protocol}+unix://${path}`,
    kill: (signal = 'SIGKILL') => {
      child.kill(signal);
    },
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
