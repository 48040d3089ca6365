import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { readRun } from '../../report/fold/read-run.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { CONNRIG } from './rig-run.ts';

/** One range that one process of the server can fill. */
const RANGE = [40_000, 55_999] as const;
const PORTS = RANGE[1] - RANGE[0] + 1;
/** Shares of the range: ten steps of one size up to 95 %, since to begin a step takes a moment of its own. */
const ENDS = Array.from({ length: 10 }, (_, i) => 0.095 * (i + 1));
const ROUNDS = 3;
/** The server's code warms up in the first steps; those before the last are what it is compared with. */
const STEADY_FROM = 3;
const MOST_LOSS = 0.8;

export const portRange: BenchPart = {
  name: 'port-range',
  method: `\`tcp\` to one port from one address, whose port range has ${humanCount(PORTS)} ports (in a network namespace of its own), up to 95 % of them; ${ROUNDS} rounds, medians.`,
  async measure() {
    const rounds: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await opensPerSecondByTenth());
    const rates = ENDS.map((_, i) => median(rounds.map((round) => round[i]!)));
    const figures = rates.map((rate, i): Figure => {
      const from = Math.round((ENDS[i - 1] ?? 0) * 100);
      const what = `opens per second from ${from} to ${Math.round(ENDS[i]! * 100)} % of the range`;
      return { what, value: humanCount(rate), target: '', holds: true };
    });
    const share = rates.at(-1)! / median(rates.slice(STEADY_FROM, -1));
    figures.push({
      what: `the last against the ${STEADY_FROM + 1}th to the one before it`,
      value: `${share.toFixed(2)} ×`,
      target: `≥ ${MOST_LOSS} ×`,
      holds: share >= MOST_LOSS,
    });
    return figures;
  },
};

/** @throws where one may not make a network namespace (it takes root) */
async function opensPerSecondByTenth(): Promise<number[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-ports-'));
  try {
    const levels = ENDS.map((share) => Math.round(PORTS * share));
    const folder = join(scratch, 'run');
    const run = [process.execPath, CONNRIG, 'run', '--protocol', 'tcp', '--processes', '1', '--rate', '100k/s'];
    const args = [...run, '--levels', levels.join(','), '--close', 'reset', '--quiet', '--out', folder];
    const own = `ip link set lo up && sysctl -qw net.ipv4.ip_local_port_range="${RANGE.join(' ')}" && exec "$0" "$@"`;
    const child = spawn('unshare', ['-n', 'sh', '-c', own, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the run in a network namespace ended with ${code}`);
    const phases = readRun(folder).events.filter((event) => event.type === 'phase');
    return levels.map((level, i) => {
      const at = phases.findIndex(({ phase, level: to }) => phase === 'ramp' && to === level);
      const seconds = (phases[at + 1]!.elapsedMs - phases[at]!.elapsedMs) / 1000;
      return (level - (levels[i - 1] ?? 0)) / seconds;
    });
  } finally {
    await rm(scratch, { recursive: true });
  }
}
