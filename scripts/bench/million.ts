import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Summary } from '../../core/schemas/summary.ts';
import { humanCount } from '../../core/values/units.ts';
import { readRun } from '../../report/fold/read-run.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { mainThreadCpuOf } from './main-thread.ts';
import { CONNRIG } from './rig-run.ts';

const COMMAND = ['run', '--protocol', 'ws', '--connections', '1M', '--levels', '6'];
const LOOK_EVERY_MS = 1000;

export const million: BenchPart = {
  name: 'million',
  method: `\`connrig ${COMMAND.join(' ')}\`, progress and all, where a process may open 20,000 files.`,
  async measure() {
    const scratch = await mkdtemp(join(tmpdir(), 'connrig-million-'));
    try {
      const folder = join(scratch, 'run');
      const child = spawn(process.execPath, [CONNRIG, ...COMMAND, '--out', folder], { stdio: 'ignore' });
      const ended = once(child, 'exit');
      let mainThreadSeconds = 0;
      while (child.exitCode === null) {
        mainThreadSeconds = mainThreadCpuOf(child.pid!) ?? mainThreadSeconds;
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))]);
      }
      return figuresOf(folder, mainThreadSeconds);
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

function figuresOf(folder: string, mainThreadSeconds: number): Figure[] {
  const summary = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
  const { events, samples } = readRun(folder);
  const leg = summary.legs[0]!;
  const failed = leg.attempts - leg.outcomes.open;
  const top = leg.levels.at(-1);
  const sockets = (top?.kernelSockets ?? Number.NaN) / 2;
  const phases = events.filter((event) => event.type === 'phase');
  const secondsIn = (name: string): number =>
    phases.reduce(
      (sum, { phase, elapsedMs }, i) =>
        phase === name ? sum + ((phases[i + 1]?.elapsedMs ?? elapsedMs) - elapsedMs) / 1000 : sum,
      0,
    );
  const rampSeconds = secondsIn('ramp');
  const drainSeconds = secondsIn('drain');
  const runSeconds = (samples.at(-1)?.elapsedMs ?? Number.NaN) / 1000;
  const mainShare = (mainThreadSeconds / runSeconds) * 100;
  const rssBytes = summary.generator.rssBytes ?? Number.NaN;
  const seconds = (value: number): string => `${value.toFixed(0)} s`;
  return [
    { what: 'attempts that failed', value: humanCount(failed), target: '0', holds: failed === 0 },
    {
      what: 'open at the top level by the census, and half of what sockstat grew by',
      value: `${humanCount(top?.censusOpen ?? 0)}, ${humanCount(sockets)}`,
      target: '1,000,000 both, within 0.1 %',
      holds: top?.censusOpen === 1_000_000 && Math.abs(sockets / 1e6 - 1) < 0.001,
    },
    { what: 'memory points', value: `${leg.levels.length}`, target: '≥ 6', holds: leg.levels.length >= 6 },
    {
      what: "client's RSS, at most",
      value: `${humanCount(rssBytes / 1e6)} MB`,
      target: '≤ 700 MB',
      holds: rssBytes <= 700e6,
    },
    { what: 'ramps, all six', value: seconds(rampSeconds), target: '≤ 300 s', holds: rampSeconds <= 300 },
    {
      what: 'drain, a close handshake for each',
      value: seconds(drainSeconds),
      target: '< 60 s',
      holds: drainSeconds < 60,
    },
    {
      what: 'main thread: conductor, record and live progress',
      value: `${mainShare.toFixed(1)} % of a core`,
      target: '< 2 %',
      holds: mainShare < 2,
    },
  ];
}
