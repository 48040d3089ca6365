import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { ServerMemory } from '../../core/schemas/admin.ts';
import { CONNRIG } from '../bench/rig-run.ts';

/** A reference server (`connrig serve`) in a process of its own, fresh for each measurement. */
export interface Reference {
  readonly pid: number;
  readonly port: number;
  /** Sockets it has accepted and holds. Costs the server nothing, and counts those that are still shaking hands. */
  accepted(): number;
  /** Connections open by its own census. */
  open(): Promise<number>;
  /** The server ends first, so that what is left in TIME_WAIT is at its port and not at thousands of local ones. */
  stop(): Promise<void>;
}

/** @throws when it doesn't come up */
export async function startReference(protocol: ProtocolName): Promise<Reference> {
  const ports = ['--ws-port', 'auto', '--tcp-port', 'auto', '--http-port', 'auto', '--admin-port', 'auto'];
  const args = [CONNRIG, 'serve', '--json', '--until-stdin-ends', '--protocol', protocol, ...ports];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
    once(child, 'exit').then(() => {
      throw new Error('the reference server did not come up');
    }),
  ]);
  const ready = JSON.parse(line) as { urls: string[]; admin: string };
  const pid = child.pid!;
  const openFiles = (): number => statSync(`/proc/${pid}/fd`).size;
  const before = openFiles();
  return {
    pid,
    port: Number(new URL(ready.urls[0]!).port),
    accepted: () => openFiles() - before,
    async open() {
      const answer = (await (await fetch(`${ready.admin}/memory`)).json()) as ServerMemory;
      return answer.census[protocol].open;
    },
    stop: () => endOf(child, () => child.stdin.end()),
  };
}

const PATIENCE_MS = 15_000;

/** Asks a process to end, and insists after a while. */
export async function endOf(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  ask();
  const insist = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await ended;
  clearTimeout(insist);
}
