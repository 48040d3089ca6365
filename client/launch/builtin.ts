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
import type { Target } from './target.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = { drained: 30_000, holding: 500 };
const KEPT_OUTPUT_CHARS = 8192;

/**
 * Starts the reference server in a process of its own, on free loopback ports outside the ephemeral range. It ends
 * with us however we end: its stdin is our pipe, and it stops when that closes.
 *
 * @param command how this very program is started, such as `['node', '/…/bin/main.js']`
 * @param processes how many share the connections, each on a port of its own
 * @param perMessageDeflate whether it accepts permessage-deflate on ws
 * @throws RigError ETARGETSTART with what it printed
 */
export async function startBuiltinTarget(
  command: readonly string[],
  {
    protocol,
    transport,
    family,
    perMessageDeflate,
  }: Pick<Leg, 'protocol' | 'transport' | 'family' | 'perMessageDeflate'>,
  processes: number,
): Promise<Target> {
  const [program = process.execPath, ...leading] = command;
  const scheme = toScheme(protocol, transport, family);
  // One that we make is gone with us, however the server ends.
  const folder = family === 'unix' ? makeSocketFolder() : undefined;
  const place =
    folder === undefined ? [`--${scheme}-port`, 'auto'] : [`--${protocol}-socket`, `${folder}/${protocol}.sock`];
  const ports = [...place, '--admin-port', 'auto'];
  const options = ['--protocol', scheme, '--processes', String(processes), '--json', '--until-stdin-ends', ...ports];
  if (perMessageDeflate !== 'off') options.push('--per-message-deflate');
  // Nobody else on this machine is to force collections while we measure. In the environment it doesn't show in ps.
  const adminToken = randomBytes(24).toString('base64url');
  const child = spawn(program, [...leading, 'serve', ...options], {
    env: { ...process.env, CONNRIG_ADMIN_TOKEN: adminToken },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C in the terminal is for us, and we stop the server once we have measured the drain.
    detached: true,
  });
  const removeFolder = (): void => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT_CHARS);
  });
  // Writing into a dead server's stdin is no news: its exit is.
  child.stdin.on('error', () => {});
  const ready = await readyLine(child).catch(async (cause: unknown) => {
    await stopChild(child, STOP_WITHIN_MS.drained);
    removeFolder();
    const said = output.trim() === '' ? '' : `: ${output.trim()}`;
    throw new RigError('ETARGETSTART', `the reference server did not start${said}`, { hint: 'connrig serve', cause });
  });
  const url = ready.urls.map(parseTargetUrl).find((one) => typeof one !== 'string' && one.scheme === scheme);
  if (url === undefined || typeof url === 'string') throw new Error(`the reference server serves no ${scheme}`);

  let stopping = false;
  return {
    kind: 'builtin',
    name: 'connrig reference server',
    url,
    pid: ready.pid,
    adminUrl: ready.admin,
    adminToken,
    ...(ready.caCert !== undefined && { caCert: ready.caCert }),
    death() {
      if (stopping || (child.exitCode === null && child.signalCode === null)) return undefined;
      const how = child.signalCode === null ? `exit code ${child.exitCode}` : child.signalCode;
      return new RigError('ETARGETDIED', `the reference server ended by itself (${how})`, {
        hint: 'connrig report <run folder>, for what was measured until then',
      });
    },
    lastOutput: () => output,
    async stop(hasDrained) {
      stopping = true;
      await stopChild(child, hasDrained ? STOP_WITHIN_MS.drained : STOP_WITHIN_MS.holding);
      removeFolder();
    },
  };
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
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
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
