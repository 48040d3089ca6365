import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { secureTarget } from '../../lab/certificate-files.ts';
import { unusedPort } from '../support/peers.ts';
import { eventually } from '../support/wait.ts';

/** A server over TLS of somebody else's, as a test of ours meets it. */
export interface SecuredServer {
  readonly port: number;
  /** PEM of what its certificate is trusted by. */
  readonly ca: string;
  readonly child: ChildProcess;
  /** What it wrote to stderr so far. */
  stderr(): string;
}

interface Files {
  /** Paths of its certificate and of its key. */
  readonly cert: string;
  readonly key: string;
}

/**
 * Starts a server that goes with the test.
 *
 * @param commandAt its words; the same files are in its environment, as targets have them
 */
export async function startSecured(
  t: TestContext,
  commandAt: (port: number, files: Files) => readonly string[],
): Promise<SecuredServer> {
  const { env, caCert: ca, remove } = secureTarget('tls', process.env);
  const port = await unusedPort();
  const [command = '', ...args] = commandAt(port, { cert: env['TLS_CERT']!, key: env['TLS_KEY']! });
  const child = spawn(command, args, { env });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    remove();
  });
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`${command} ended: ${stderr}`);
    return accepts(port);
  }, `${command} listens`);
  return { port, ca: ca!, child, stderr: () => stderr };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
