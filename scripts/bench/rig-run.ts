import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MemoryPoint } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { type RunRecord, readRun } from '../../report/fold/read-run.ts';

export const CONNRIG = fileURLToPath(new URL('../../bin/main.js', import.meta.url));

export interface RigRun {
  readonly summary: Summary;
  /** For each leg: processor time of the whole client per connection opened while ramping, in µs. */
  readonly cpuMicrosPerOpen: readonly number[];
  /** For each leg: cores that the whole client kept busy while its connections talked; NaN where they didn't. */
  readonly talkCores: readonly number[];
  /** Every memory point, in order. */
  readonly memory: readonly MemoryPoint[];
}

/** Runs `connrig run` as a person would, in a process of its own, and gives back what it came to. */
export const rigRun = (...args: string[]): Promise<RigRun> => rigRunBy(process.execPath, ...args);

/** @param node the Node.js that runs it */
export async function rigRunBy(node: string, ...args: string[]): Promise<RigRun> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-bench-'));
  try {
    const summary = await summaryOfRunBy(node, '--out', join(scratch, 'run'), ...args);
    const record = readRun(join(scratch, 'run'));
    return {
      summary,
      cpuMicrosPerOpen: cpuOf(record, summary.legs.length),
      talkCores: talkCoresOf(record, summary.legs.length),
      memory: record.samples.filter((sample) => sample.type === 'memory'),
    };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** What `connrig run` with these arguments comes to, however it ends. @throws Error with what it said, where it did not begin */
export const summaryOfRun = (...args: string[]): Promise<Summary> => summaryOfRunBy(process.execPath, ...args);

async function summaryOfRunBy(node: string, ...args: string[]): Promise<Summary> {
  const child = spawn(node, [CONNRIG, 'run', '--quiet', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  await once(child, 'close');
  if (said.out === '') throw new Error(`${args.join(' ')}: ${said.err}`);
  return Summary.parse(JSON.parse(said.out));
}

function talkCoresOf({ samples }: RunRecord, legs: number): number[] {
  const ticks = samples.filter((sample) => sample.type === 'tick').filter(({ phase }) => phase === 'talk');
  return Array.from({ length: legs }, (_, leg) => {
    const own = ticks.filter((tick) => tick.leg === leg);
    const [first, last] = [own[0], own.at(-1)];
    if (!first || !last) return Number.NaN;
    return (last.generatorCpuSeconds - first.generatorCpuSeconds) / ((last.elapsedMs - first.elapsedMs) / 1000);
  });
}

/** From the last tick before each ramp to the first one after it. */
function cpuOf({ samples }: RunRecord, legs: number): number[] {
  const ticks = samples.filter((sample) => sample.type === 'tick');
  return Array.from({ length: legs }, (_, leg) => {
    let cpuSeconds = 0;
    let opened = 0;
    const own = ticks.filter((tick) => tick.leg === leg);
    for (const [i, tick] of own.entries()) {
      const before = own[i - 1];
      // A ramp may be shorter than a tick: what counts is between a tick of a lower level and one of this.
      if (!before || tick.counts.open <= before.counts.open || before.phase === 'warm-up') continue;
      cpuSeconds += tick.generatorCpuSeconds - before.generatorCpuSeconds;
      opened += tick.counts.open - before.counts.open;
    }
    return (cpuSeconds * 1e6) / opened;
  });
}
