import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { toScheme } from '../../core/protocols/schemes.ts';
import { ServerReady } from '../../core/schemas/admin.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import { RigError } from '../../core/values/errors.ts';
import { parseTargetUrl } from '../../core/values/urls.ts';
import { makeSocketFolder } from '../../files/socket-folder.ts';
import { secureTarget } from '../../lab/certificate-files.ts';
import { endGroup, hasEnded } from './process-group.ts';
import type { Target } from './target.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = { drained: 30_000, holding: 500 };
const KEPT_OUTPUT_CHARS = 8192;

/** What the server has to know of a leg. */
type Served = Pick<Leg, 'protocol' | 'transport' | 'family' | 'perMessageDeflate'>;

/**
 * Starts the reference server in a process of its own, on free ports outside the ephemeral range. It ends
 * with us however we end: its stdin is our pipe, and it stops when that closes. Over TLS it gets a certificate that was made for
 * this launch.
 *
 * @param command how this very program is started, such as `['node', '/…/bin/main.js']`
 * @param served `perMessageDeflate`: whether it accepts permessage-deflate on ws
 * @param processes how many share the connections, each on a port of its own
 * @param ip where it listens, one of this machine's
 * @throws RigError ETARGETSTART with what it printed
 */
export async function startBuiltinTarget(
  command: readonly string[],
  served: Served,
  processes: number,
  ip = '127.0.0.1',
): Promise<Target> {
  const { protocol, transport, family, perMessageDeflate } = served;
  const scheme = toScheme(protocol, transport, family);
  // One that we make is gone with us, however the server ends.
  const folder = family === 'unix' ? makeSocketFolder() : undefined;
  const { env, caCert, certificate, remove } = secureTarget(transport, process.env, ip);
  const options = ['--protocol', scheme, '--processes', String(processes), '--json', '--until-stdin-ends'];
  if (folder !== undefined) options.push(`--${protocol}-socket`, `${folder}/${protocol}.sock`);
  if (certificate) options.push('--tls-cert', certificate.certPath, '--tls-key', certificate.keyPath);
  if (perMessageDeflate !== 'off') options.push('--per-message-deflate');
  // Nobody else on this machine is to force collections while we measure. In the environment it doesn't show in ps.
  const adminToken = randomBytes(24).toString('base64url');

  const start = async (ports: Ports, onSpawn?: (pid: number) => void): Promise<Target> => {
    const place = family === 'unix' ? [] : ['--host', ip, `--${scheme}-port`, ports.served];
    const { child, ready, lastOutput } = await startServer(
      [...command, 'serve', ...options, ...place, '--admin-port', ports.admin],
      { ...env, CONNRIG_ADMIN_TOKEN: adminToken },
      onSpawn,
    );
    const url = ready.urls.map(parseTargetUrl).find((one) => typeof one !== 'string' && one.scheme === scheme);
    if (url === undefined || typeof url === 'string') throw new Error(`the reference server serves no ${scheme}`);
    const samePorts = { served: String(url.ports[0]), admin: new URL(ready.admin).port };
    let stopping = false;
    return {
      kind: 'builtin',
      name: 'connrig reference server',
      url,
      pid: ready.pid,
      adminUrl: ready.admin,
      adminToken,
      ...(caCert !== undefined && { caCert }),
      death() {
        if (stopping || !hasEnded(child)) return undefined;
        const how = child.signalCode === null ? `exit code ${child.exitCode}` : child.signalCode;
        return new RigError('ETARGETDIED', `the reference server ended by itself (${how})`, {
          hint: 'connrig report <run folder>, for what was measured until then',
        });
      },
      lastOutput,
      again: {
        async end(signal, withinMs, hurry) {
          stopping = true;
          // Not its children: to end them is its own part.
          child.kill(signal);
          return endGroup(child, undefined, withinMs, hurry);
        },
        start(onSpawn) {
          // One that was killed has left it.
          if (url.socketPath !== undefined) rmSync(url.socketPath, { force: true });
          return start(samePorts, onSpawn);
        },
      },
      async stop(hasDrained) {
        stopping = true;
        await stopChild(child, hasDrained ? STOP_WITHIN_MS.drained : STOP_WITHIN_MS.holding);
        tidyUp();
      },
    };
  };
  const tidyUp = (): void => {
    remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    return await start({ served: 'auto', admin: 'auto' });
  } catch (error) {
    tidyUp();
    throw error;
  }
}

/** As they stand on the command line. */
interface Ports {
  readonly served: string;
  readonly admin: string;
}

async function startServer(
  [program = process.execPath, ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  onSpawn: ((pid: number) => void) | undefined,
): Promise<{ readonly child: ChildProcess; readonly ready: ServerReady; lastOutput(): string }> {
  const child = spawn(program, args, {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C in the terminal is for us, and we stop the server once we have measured the drain.
    detached: true,
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT_CHARS);
  });
  // Writing into a dead server's stdin is no news: its exit is.
  child.stdin.on('error', () => {});
  if (child.pid !== undefined) onSpawn?.(child.pid);
  const ready = await readyLine(child).catch(async (cause: unknown) => {
    await stopChild(child, STOP_WITHIN_MS.drained);
    const said = output.trim() === '' ? '' : `: ${output.trim()}`;
    throw new RigError('ETARGETSTART', `the reference server did not start${said}`, { hint: 'connrig serve', cause });
  });
  return { child, ready, lastOutput: () => output };
}

async function readyLine(child: ChildProcess): Promise<ServerReady> {
  const lines = createInterface({ input: child.stdout! });
  const signal = AbortSignal.timeout(READY_WITHIN_MS);
  const line = await Promise.race([
    once(lines, 'line', { signal }).then(([first]) => String(first)),
    once(child, 'exit', { signal }).then(([code, by]) => Promise.reject(new Error(`it ended with ${code ?? by}`))),
    once(child, 'error', { signal }).then(([error]) => Promise.reject(error)),
  ]);
  // What it prints from now on is dropped; an unread pipe would block it.
  lines.close();
  child.stdout!.resume();
  return ServerReady.parse(JSON.parse(line));
}

/** Stops in order, by closing its stdin (which works on every system), by force if that takes too long. */
async function stopChild(child: ChildProcess, withinMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.stdin?.end();
  const force = setTimeout(() => killGroup(child.pid!), withinMs);
  await gone;
  clearTimeout(force);
}

/** All processes of it at once, so that they close their connections side by side. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself in the meantime.
  }
}
