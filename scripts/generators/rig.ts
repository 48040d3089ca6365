import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { MemoryPoint, RunEvent, Sample } from '../../core/schemas/record.ts';
import { EXIT } from '../../core/values/errors.ts';
import { readProcessTree } from '../../memory/process-tree.ts';
import { CONNRIG } from '../bench/rig-run.ts';
import { startReference } from './reference.ts';
import { WINDOW } from './tools.ts';

/** One ramp of a run, from one level to the next, and the level it led to. */
export interface Ramp {
  readonly connections: number;
  /** Opened in this ramp. */
  readonly opened: number;
  readonly openSeconds: number;
  /** What the rig's process took, all threads, in this ramp. */
  readonly cpuSeconds: number;
  /** Anonymous memory of the rig while it held the level, after a collection of its own. */
  readonly anonBytes: number;
}

const LOOK_EVERY_MS = 5;

/**
 * Runs `connrig run` up to the last of `levels` as a person would, and watches its processor time from outside.
 *
 * @returns one for each level
 */
export async function measureRig(
  engine: string,
  protocol: ProtocolName,
  levels: readonly number[],
): Promise<readonly Ramp[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-rig-'));
  const server = await startReference(protocol);
  try {
    const folder = join(scratch, 'run');
    const plan = ['--levels', levels.join(','), '--rate', '100k/s', '--window', String(WINDOW), '--close', 'reset'];
    const target = [`${protocol}://127.0.0.1:${server.port}`, '--pid', String(server.pid)];
    const args = [CONNRIG, 'run', ...target, ...plan, '--engine', engine, '--quiet', '--out', folder];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    const seen: Array<{ phase: string; level: number; cpuSeconds: number; atMs: number }> = [];
    while (child.exitCode === null) {
      const phases = phasesIn(join(folder, 'events.jsonl'));
      if (phases.length > seen.length) {
        const atMs = performance.now();
        const cpuSeconds = (await readProcessTree([child.pid!]).catch(() => undefined))?.cpuSeconds ?? Number.NaN;
        for (const { phase, level } of phases.slice(seen.length)) seen.push({ phase, level, cpuSeconds, atMs });
      }
      await delay(LOOK_EVERY_MS);
    }
    await ended;
    // As fast as it can is what is measured: that the client was the bottleneck is no fault here.
    const { exitCode } = child;
    if (exitCode !== EXIT.done && exitCode !== EXIT.invalid) throw new Error(`connrig run ended with ${exitCode}`);
    const held = heldIn(join(folder, 'samples.jsonl'));
    return levels.map((connections, i) => {
      const at = seen.findIndex(({ phase, level }) => phase === 'ramp' && level === connections);
      const [begin, end] = [seen[at]!, seen[at + 1]!];
      return {
        connections,
        opened: connections - (levels[i - 1] ?? 0),
        openSeconds: (end.atMs - begin.atMs) / 1000,
        cpuSeconds: end.cpuSeconds - begin.cpuSeconds,
        anonBytes: held.get(connections) ?? Number.NaN,
      };
    });
  } finally {
    await server.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

function phasesIn(path: string): Array<{ phase: string; level: number }> {
  return linesOf(path)
    .map((line) => JSON.parse(line) as RunEvent)
    .filter((event) => event.type === 'phase');
}

/** Memory of the client by level. */
function heldIn(path: string): Map<number, number> {
  const points = linesOf(path)
    .map((line) => JSON.parse(line) as Sample)
    .filter((sample): sample is MemoryPoint => sample.type === 'memory' && sample.phase === 'hold');
  return new Map(points.map((point) => [point.level, point.readings.client?.anonBytes ?? Number.NaN]));
}

/** Whole lines only: the last one may still be on its way. */
function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}
