import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a server does with the connection that it has refused to upgrade. */
export type HowRefused = 'ends' | 'destroys' | 'keeps' | 'ends late' | 'says much' | 'dies after 50';

/** The program of `refuser-process.ts`. */
export const REFUSER = fileURLToPath(new URL('./refuser-process.js', import.meta.url));

/** A Node.js server without a listener for errors, in a process of its own. */
export interface Refuser {
  readonly pid: number;
  readonly port: number;
  /** How many upgrades it has refused so far; undefined when it is dead. */
  refused(): Promise<number | undefined>;
  close(): Promise<void>;
}

export async function startRefuser(how: HowRefused): Promise<Refuser> {
  const child = fork(REFUSER, [how], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  child.stderr!.resume();
  const ended = once(child, 'exit');
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    pid: child.pid!,
    port,
    async refused() {
      if (!child.connected) return undefined;
      const answer = once(child, 'message').then(([message]) => (message as { refused: number }).refused);
      child.send('how many?', () => {});
      return Promise.race([answer, ended.then(() => undefined)]);
    },
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
