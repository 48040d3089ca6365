import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../../core/stats/slope.ts';
import { humanMs } from '../../core/values/units.ts';
import { writeReport } from '../../report/outputs/write-report.ts';
import { unpackGolden } from '../golden/golden-runs.ts';
import type { BenchPart, Figure } from './benchmark.ts';

const CONNRIG = fileURLToPath(new URL('../../bin/main.js', import.meta.url));
const RUNS = 100;
const ROUNDS = 3;
const MOST_MS = 2000;

/** Pages that people wait for, of as many runs as a team makes in a month. */
export const pages: BenchPart = {
  name: 'pages',
  method: `\`connrig report\` of one recorded run, \`connrig report\` of a folder of ${RUNS} runs, and \`connrig compare\` of those ${RUNS}. Each is a process of its own, timed from the command to the page. Medians of ${ROUNDS} rounds.`,
  async measure() {
    const scratch = mkdtempSync(join(tmpdir(), 'connrig-bench-pages-'));
    try {
      const runs = join(scratch, 'runs');
      const first = join(runs, 'run-0');
      unpackGolden('cycles', first);
      writeReport(first);
      for (let i = 1; i < RUNS; i++) cpSync(first, join(runs, `run-${i}`), { recursive: true });
      const folders = readdirSync(runs).map((name) => join(runs, name));
      return [
        figureOf('report of a run', ['report', first]),
        figureOf(`index of ${RUNS} runs`, ['report', runs]),
        figureOf(`comparison of ${RUNS} runs`, ['compare', ...folders, '--out', join(scratch, 'compare')]),
      ];
    } finally {
      rmSync(scratch, { recursive: true });
    }
  },
};

function figureOf(what: string, args: readonly string[]): Figure {
  const times = Array.from({ length: ROUNDS }, () => {
    const beganMs = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [CONNRIG, ...args], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    if (status !== 0) throw new Error(`connrig ${args[0]} ended with ${status}: ${stderr}`);
    return performance.now() - beganMs;
  });
  const tookMs = median(times);
  return { what, value: humanMs(tookMs), target: `< ${humanMs(MOST_MS)}`, holds: tookMs < MOST_MS };
}
