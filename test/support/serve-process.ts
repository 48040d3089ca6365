import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mapPortSchemes, PORT_SCHEMES, type PortSchemeName } from '../../core/protocols/schemes.ts';
import { ServerMemory, ServerReady } from '../../core/schemas/admin.ts';

const ENTRY = fileURLToPath(new URL('../../bin/main.js', import.meta.url));

export interface ServeProcess {
  readonly child: ChildProcess;
  readonly ready: ServerReady;
  /** First port of each scheme. */
  readonly ports: Readonly<Record<PortSchemeName, number>>;
  memory(collect?: boolean): Promise<ServerMemory>;
  /** Value of the sample that begins with this name (and labels); undefined when absent. */
  metric(sample: string): Promise<number | undefined>;
  /** The exit code, once it has ended; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGTERM and wait. */
  stop(): Promise<number | null>;
}

/** `connrig serve` as a process of its own, on free ports, ready to be connected to. It ends with the test. */
export async function startServe(args: readonly string[] = [], wrapper: readonly string[] = []): Promise<ServeProcess> {
  const child = spawnServe(
    [
      ...PORT_SCHEMES.flatMap((scheme) => [`--${scheme}-port`, 'auto']),
      ...['--admin-port', 'auto'],
      '--json',
      '--until-stdin-ends',
      ...args,
    ],
    wrapper,
  );
  const exited = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null);
  const ready = await readyLine(child);
  const portOf = (scheme: string): number =>
    Number(/:(\d+)(-\d+)?$/.exec(ready.urls.find((url) => url.startsWith(`${scheme}:`)) ?? '')?.[1] ?? 0);
  return {
    child,
    ready,
    ports: mapPortSchemes(portOf),
    async memory(collect = false) {
      // A connection that is kept may be closed just when it is used again, if we were busy for long.
      const headers = { connection: 'close' };
      const response = await fetch(`${ready.admin}/memory${collect ? '?gc=1' : ''}`, { headers });
      return ServerMemory.parse(await response.json());
    },
    async metric(sample) {
      const text = await (await fetch(`${ready.admin}/metrics`)).text();
      const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
      return line === undefined ? undefined : Number(line.slice(sample.length + 1));
    },
    exited,
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

export function spawnServe(args: readonly string[], wrapper: readonly string[] = []): ChildProcess {
  const [command = '', ...rest] = [...wrapper, process.execPath, ENTRY, 'serve', ...args];
  return spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** The one line of `--json`. */
export async function readyLine(child: ChildProcess): Promise<ServerReady> {
  if (!child.stdout) throw new TypeError('stdout is not piped');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`serve ended with ${code} before it was ready`);
    }),
  ]);
  return ServerReady.parse(JSON.parse(String(first[0])));
}

/** Everything a process says and the code it ends with. */
export async function outcomeOf(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
