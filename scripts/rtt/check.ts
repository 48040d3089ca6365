import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, RunFile } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import type { BenchPart, Figure } from '../bench/benchmark.ts';
import { CONNRIG } from '../bench/rig-run.ts';
import { startReference } from '../generators/reference.ts';
import { echoUntil } from './independent.ts';

/** Round trips of the same server in the same seconds, as the rig and as an independent client saw them. */
export interface RttCheck {
  readonly rig: Percentiles;
  /** From when the rig sent a message instead of when it was planned. */
  readonly rigUncorrectedP99Ms: number;
  readonly independent: Percentiles;
  readonly rigPerSecond: number;
  readonly independentTrips: number;
}
interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const LEVELS = '2k,4k,6k,8k,10k';
const BEHAVIOUR = 'echo:5k/s:64B';
/** Few beside 5,000, and enough for a p99 of two seconds. */
const INDEPENDENT_PER_SECOND = 250;

/**
 * Holds up to 10,000 connections that echo 5,000 messages a second, with an independent client beside them.
 *
 * Both count from the moment a message was due to the moment its answer is handled. So both contain the server's queue
 * and the lag of the client's own timers (a millisecond, mostly, for the `ws` client).
 */
export async function checkRtt(): Promise<RttCheck> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-rtt-'));
  const server = await startReference('ws');
  try {
    const url = `ws://127.0.0.1:${server.port}`;
    const folder = join(scratch, 'run');
    const args = ['run', url, '--levels', LEVELS, '--behaviour', BEHAVIOUR, '--close', 'reset', '--out', folder];
    const child = spawn(process.execPath, [CONNRIG, ...args, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const trips = await echoUntil(url, INDEPENDENT_PER_SECOND, once(child, 'exit'));
    const { legs } = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
    const rtt = legs[0]?.levels.at(-1)?.rtt;
    if (!rtt) throw new Error('the run has no round trips at its top level');
    const talk = lastTalk(folder);
    const own = trips
      .filter(({ dueAtMs }) => dueAtMs >= talk.fromMs && dueAtMs < talk.toMs)
      .map(({ rttMs }) => rttMs)
      .sort((a, b) => a - b);
    const at = (q: number): number => own[Math.min(own.length - 1, Math.floor(q * own.length))] ?? Number.NaN;
    return {
      rig: { p50Ms: rtt.p50Ms ?? Number.NaN, p99Ms: rtt.p99Ms ?? Number.NaN },
      rigUncorrectedP99Ms: rtt.uncorrectedP99Ms ?? Number.NaN,
      independent: { p50Ms: at(0.5), p99Ms: at(0.99) },
      rigPerSecond: rtt.messagesPerSecond,
      independentTrips: own.length,
    };
  } finally {
    await server.stop();
    await rm(scratch, { recursive: true });
  }
}

/** When the rig sampled round trips at its top level, by this process's clock. */
function lastTalk(folder: string): { fromMs: number; toMs: number } {
  const { startedAt } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunFile;
  const phases = readFileSync(join(folder, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent)
    .filter((event) => event.type === 'phase');
  const at = phases.findLastIndex(({ phase }) => phase === 'talk');
  const begunMs = Date.parse(startedAt) - performance.timeOrigin;
  return { fromMs: begunMs + phases[at]!.elapsedMs, toMs: begunMs + phases[at + 1]!.elapsedMs };
}

/** 20 % or a millisecond, whichever is more. */
export const agrees = ({ rig, independent }: RttCheck): boolean =>
  Math.abs(rig.p99Ms - independent.p99Ms) <= Math.max(1, 0.2 * independent.p99Ms);

export const rtt: BenchPart = {
  name: 'rtt',
  method:
    '10,000 open `ws` connections echoing 5,000 × 64 B a second (the last talk phase, 2 s), and one connection of the `ws` library beside them with 250 a second. Both count from when a message was due.',
  async measure(): Promise<Figure[]> {
    const found = await checkRtt();
    const { rig, independent } = found;
    const ms = (value: number): string => `${value.toFixed(2)} ms`;
    const plain = { target: '', holds: true };
    return [
      { what: 'rig: messages per second', value: found.rigPerSecond.toFixed(0), ...plain },
      { what: 'rig: p50', value: ms(rig.p50Ms), ...plain },
      { what: `independent client: p50 of ${found.independentTrips}`, value: ms(independent.p50Ms), ...plain },
      { what: 'independent client: p99', value: ms(independent.p99Ms), ...plain },
      { what: 'rig: p99 from sending', value: ms(found.rigUncorrectedP99Ms), ...plain },
      { what: 'rig: p99', value: ms(rig.p99Ms), target: 'within 20 % or 1 ms', holds: agrees(found) },
    ];
  },
};
