import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { TransportName } from '../../core/protocols/schemes.ts';
import type { BuiltTarget } from '../../lab/build.ts';
import { secureTarget } from '../../lab/certificate-files.ts';
import { shellCommand } from '../../lab/command.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import { eventually } from '../support/wait.ts';

/** A target that listens. */
export interface Server {
  readonly port: number;
  /** What it shows over TLS, PEM; undefined: it speaks plainly. */
  readonly ca: string | undefined;
  /** What it printed so far. */
  output(): string;
  /** Files it has open. */
  descriptors(): number;
  /** Processor time it has taken. */
  cpuMs(): number;
  /** Sends SIGTERM. @returns how it ended, or what it still does after so long */
  terminated(withinMs: number): Promise<number | NodeJS.Signals | 'it goes on'>;
  kill(): void;
}

/** Ticks of the clock that /proc counts processor time with; the same on every Linux. */
const TICKS_PER_SECOND = 100;

/** Started as a run starts it: the shell gives way to the server. */
export async function startTarget(built: BuiltTarget, transport: TransportName): Promise<Server> {
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const { env, caCert: ca, remove } = secureTarget(transport, process.env);
  const child: ChildProcess = spawn('/bin/sh', ['-c', shellCommand(built, [port])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
    // It may start others, which end with it.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-10_000);
    });
  }
  const ended = once(child, 'exit').then(([code, signal]): number | NodeJS.Signals => code ?? signal);
  const { name } = built.source.manifest;
  await eventually(
    () => {
      assert.equal(child.exitCode, null, `${name} ended: ${output}`);
      return accepts(port);
    },
    `${name} listens`,
    60_000,
  );
  return {
    port,
    ca,
    output: () => output,
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    cpuMs() {
      // The name, in parentheses, may have blanks.
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
    },
    async terminated(withinMs) {
      child.kill('SIGTERM');
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(), withinMs);
      const tired = once(patience.signal, 'abort').then(() => 'it goes on' as const);
      const how = await Promise.race([ended, tired]);
      clearTimeout(timer);
      return how;
    },
    kill() {
      remove();
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended, and all that it started.
      }
    },
  };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
