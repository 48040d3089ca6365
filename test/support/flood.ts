import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { EchoProcess } from './echo.ts';
import type { ServerMaterial } from './secured-server.ts';

/** What a server does without end to some of its connections, and on which protocol. */
export const FLOODS = {
  /** Messages of one byte. */
  messages: 'ws',
  /** Pings with 125 bytes, and nothing is read. */
  pings: 'ws',
  /** One message in fragments of one byte. */
  fragments: 'ws',
  /** The same, compressed. */
  'compressed-fragments': 'ws',
  /** Fragments without any payload. */
  'empty-fragments': 'ws',
  /** Messages of 16 KiB that inflate to nearly 16 MiB. */
  bombs: 'ws',
  /** Most of a compressed message of 16 MiB, and nothing more. */
  'half-message': 'ws',
  /** Interim answers (103), and never another. */
  interim: 'ws',
  /** Nothing is read, and nothing sent. */
  'reads-nothing': 'ws',
  /** Bytes as fast as they are taken. */
  bytes: 'tcp',
  /** The body of the second answer, in chunks of one byte. */
  body: 'http',
  /** Interim answers to the second request. */
  'http-interim': 'http',
} as const satisfies Record<string, ProtocolName>;
export type FloodKind = keyof typeof FLOODS;

type FloodServer = Omit<EchoProcess, 'kill'>;

/**
 * Starts a server, on a free port of 127.0.0.1, that floods every `every`-th of its connections and is well-behaved to the
 * others: it echoes, or answers with `ok`.
 *
 * @param secured tcp alone: over TLS
 * @param path a Unix socket to listen at, in place of a port
 */
export const startFlood = (
  kind: FloodKind,
  every: number,
  secured?: ServerMaterial,
  path?: string,
): Promise<FloodServer> =>
  start([kind], [String(every), ...(secured ? ['secured'] : path === undefined ? [] : [path])], secured, path);

/**
 * The same, of several kinds: one connection each, and which.
 *
 * @param kinds of one protocol
 * @param numbers of connections, in the order in which they are accepted, from 1 on
 */
export const startFloods = (kinds: readonly FloodKind[], numbers: readonly number[]): Promise<FloodServer> =>
  start(kinds, ['at', numbers.join()]);

async function start(
  kinds: readonly FloodKind[],
  which: readonly string[],
  secured?: ServerMaterial,
  path?: string,
): Promise<FloodServer> {
  const child = fork(fileURLToPath(new URL('./flood-process.js', import.meta.url)), [kinds.join(), ...which], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  if (secured) child.send(secured);
  const ended = once(child, 'exit');
  const [message] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('the flooding server ended before it was ready'))),
  ])) as [{ port: number }];
  return {
    pid: child.pid!,
    port: message.port,
    at: path === undefined ? { ip: '127.0.0.1', port: message.port } : { path },
    url: `${FLOODS[kinds[0]!]}://127.0.0.1:${message.port}`,
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
