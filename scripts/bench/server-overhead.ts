import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type LevelPoint, median, theilSen } from '../../core/stats/slope.ts';
import { openManyWs } from './peers.ts';

export interface ServerOverhead {
  /** Anonymous memory one more open `ws` connection costs: medians over rounds. */
  readonly bareBytes: number;
  readonly ourBytes: number;
  /** How much more ours costs; the house allows 3. */
  readonly percent: number;
  /** Each round's slopes, in the order in which they were measured. */
  readonly rounds: ReadonlyArray<{ readonly bareBytes: number; readonly ourBytes: number }>;
}

const LEVELS = [2000, 3000, 4000, 5000, 6000] as const;
const WARM_UP = 500;

/**
 * Compares the reference server with a bare `ws` echo server: fresh processes by turns, the same connections, a
 * forced collection at each level, slope of Pss_Anon (smaps_rollup) over levels. Linux only.
 */
export async function measureServerOverhead(rounds = 5): Promise<ServerOverhead> {
  const results: Array<{ bareBytes: number; ourBytes: number }> = [];
  for (let round = 0; round < rounds; round++) {
    const bareFirst = round % 2 === 0;
    const first = await slopeOf(bareFirst ? 'bare-server.js' : 'rig-server.js');
    const second = await slopeOf(bareFirst ? 'rig-server.js' : 'bare-server.js');
    results.push(bareFirst ? { bareBytes: first, ourBytes: second } : { bareBytes: second, ourBytes: first });
  }
  const bareBytes = median(results.map((result) => result.bareBytes));
  const ourBytes = median(results.map((result) => result.ourBytes));
  return { bareBytes, ourBytes, percent: (ourBytes / bareBytes - 1) * 100, rounds: results };
}

async function slopeOf(entry: string): Promise<number> {
  const child = fork(new URL(entry, import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const sockets = await openManyWs(port, WARM_UP);
  const points: LevelPoint[] = [];
  try {
    for (const level of LEVELS) {
      sockets.push(...(await openManyWs(port, level - sockets.length)));
      points.push({ open: level, bytes: await anonymousBytes(child) });
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    child.disconnect();
    await once(child, 'exit');
  }
  return theilSen(points)!;
}

async function anonymousBytes(child: ChildProcess): Promise<number> {
  child.send('collect');
  await once(child, 'message');
  const rollup = readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss_Anon:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024;
}
