import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProtocolName } from '../../core/protocols/names.ts';
import { listTree, readProcessTree } from '../../memory/process-tree.ts';
import { endOf, type Reference, startReference } from './reference.ts';
import type { GeneratorTool, Working } from './tools.ts';

/** What a generator had spent when so many connections were open, and what it took while it held them. */
export interface Level {
  readonly connections: number;
  /** From its first connection to its last. */
  readonly openSeconds: number;
  /** What its whole process tree took, since it started. */
  readonly cpuSeconds: number;
  /** Anonymous memory of its whole process tree, at rest and after a collection where one can be asked for. */
  readonly anonBytes: number;
}

const LOOK_EVERY_MS = 5;
const OPEN_TIMEOUT_MS = 120_000;
/** Before and after a collection is asked for: runtimes give memory back in their own time. */
const REST_MS = 2000;

/**
 * Lets a fresh process of a tool open connections to a fresh server, and reads what it took.
 *
 * @throws when it doesn't get them all open
 */
export async function measureLevel(
  tool: GeneratorTool,
  path: string,
  protocol: ProtocolName,
  connections: number,
): Promise<Level> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-hold-'));
  const server = await startReference(protocol);
  let working: Working | undefined;
  try {
    working = tool.start(path, { protocol, port: server.port, connections, scratch });
    const { child, collect } = working;
    const openSeconds = await untilOpen(server, connections, () => child.exitCode !== null);
    const { cpuSeconds } = await readProcessTree([child.pid!]);
    await delay(REST_MS);
    await collect();
    await delay(REST_MS);
    const { anonBytes } = await readProcessTree([child.pid!]);
    const held = await server.open();
    if (held !== connections) throw new Error(`it held ${held} connections`);
    // The floor knows to the microsecond what /proc tells to a hundredth of a second.
    const own = tool.name === 'C floor' ? JSON.parse(await readFile(join(scratch, 'out.txt'), 'utf8')) : undefined;
    return {
      connections,
      openSeconds: own?.wallSeconds ?? openSeconds,
      cpuSeconds: own?.cpuSeconds ?? cpuSeconds,
      anonBytes: anonBytes ?? Number.NaN,
    };
  } catch (error) {
    const said = await readFile(join(scratch, 'out.txt'), 'utf8').catch(() => '');
    throw new Error(`${tool.name}, ${connections} ${protocol}: ${(error as Error).message}\n${said.slice(-2000)}`);
  } finally {
    await server.stop();
    if (working) await endTree(working.child);
    await rm(scratch, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function untilOpen(server: Reference, connections: number, hasEnded: () => boolean): Promise<number> {
  const deadline = performance.now() + OPEN_TIMEOUT_MS;
  const wait = async (): Promise<void> => {
    if (hasEnded()) throw new Error('it ended');
    if (performance.now() > deadline) throw new Error(`${await server.open()} open after ${OPEN_TIMEOUT_MS} ms`);
    await delay(LOOK_EVERY_MS);
  };
  while (server.accepted() === 0) await wait();
  const startedAtMs = performance.now();
  while (server.accepted() < connections) await wait();
  while ((await server.open()) < connections) await wait();
  return (performance.now() - startedAtMs) / 1000;
}

/** A tool is a script that starts a runtime that starts helpers: all of them, and nobody else. */
async function endTree(child: ChildProcess): Promise<void> {
  const helpers = listTree([child.pid!]).filter((pid) => pid !== child.pid);
  await endOf(child, () => {
    child.kill('SIGKILL');
    for (const pid of helpers) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
  });
}
