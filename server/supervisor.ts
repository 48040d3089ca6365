import { type ChildProcess, fork } from 'node:child_process';
import { RigError } from '../core/values/errors.ts';
import type { Failure, FromChild, Question, ToChild } from './ipc.ts';
import type { TopConnection } from './listener.ts';
import type { PartOptions } from './options.ts';
import { fromSaid, type RoomMessage, toSaid } from './rooms.ts';
import type { ServerPart, ServerSnapshot } from './server-process.ts';

/** A part that lives in a child process. */
export interface ChildPart extends ServerPart {
  readonly pid: number;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: RigError): void;
}

/**
 * Starts a child process that serves a share of the connections, and waits until it can be connected to. It ends by
 * itself when this process does, however it ends: its channel closes then.
 *
 * @param entry the compiled file that calls `serveAsChild`
 * @param onDeath called when the child ends without having been asked to; its connections are gone then
 * @param onSaid called with what is said in a room there
 *
 * @throws {RigError} what the child failed with: ELISTEN, EFILES
 */
export async function forkPart(
  entry: URL,
  options: PartOptions,
  onDeath: (error: RigError) => void,
  onSaid: (message: RoomMessage) => void,
): Promise<ChildPart> {
  // Nothing of it may come between what we print on stdout; stderr is for people.
  const child = fork(entry, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let closing = false;
  let ready = false;

  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const started = new Promise<ServerPart['ports']>((resolve, reject) => {
    child.on('message', (message: FromChild) => {
      if (message.kind === 'ready') {
        ready = true;
        resolve(message.ports);
      } else if (message.kind === 'said') {
        onSaid(fromSaid(message));
      } else if (message.kind === 'failed') {
        closing = true;
        reject(errorOf(message.failure));
        child.disconnect();
      } else {
        const asked = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.failure) asked?.reject(errorOf(message.failure));
        else asked?.resolve(message.value);
      }
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const error = deathOf(child, code, signal);
      for (const asked of waiting.values()) asked.reject(error);
      waiting.clear();
      reject(error);
      if (ready && !closing) onDeath(error);
    });
  });

  const ask = <T>(question: Question): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (!child.connected) return reject(deathOf(child, child.exitCode, child.signalCode));
      const id = nextId++;
      waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      tell(child, { kind: 'ask', id, question });
    });

  tell(child, { kind: 'start', options });
  const ports = await started;
  return {
    pid: child.pid ?? 0,
    ports,
    snapshot: (collect) => ask<ServerSnapshot>({ kind: 'snapshot', collect }),
    top: (count) => ask<TopConnection[]>({ kind: 'top', count }),
    publish: (message) => tell(child, toSaid(message)),
    async close(graceMs) {
      closing = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      await ask<void>({ kind: 'close', graceMs }).catch(() => {
        // It died instead; gone is gone.
      });
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** A failed send shows as the child's exit, which everything here waits for already. */
function tell(child: ChildProcess, message: ToChild): void {
  child.send(message, () => {});
}

const errorOf = ({ code, message, hint }: Failure): RigError => new RigError(code, message, { hint });

function deathOf(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): RigError {
  const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`;
  return new RigError('EDEFECT', `the server's process ${child.pid} ${how}; its connections are lost`, {
    hint: signal === 'SIGKILL' ? 'look for the out-of-memory killer: dmesg | tail' : 'look above for what it printed',
  });
}
