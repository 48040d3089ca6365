import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../core/stats/slope.ts';
import { humanBytes, humanMs } from '../../core/values/units.ts';
import { writeLongRun } from '../golden/long-run.ts';
import type { BenchPart, Figure } from './benchmark.ts';

const ROUNDS = 5;
const MOST_MS = 2000;
const MOST_BYTES = 300 * 2 ** 20;
const MOST_HTML_BYTES = 1.5 * 2 ** 20;

/** Tells at its end what it took at the most, in KiB. */
const PROGRAM = `
  process.on('exit', () => process.stderr.write('most ' + process.resourceUsage().maxRSS));
  process.argv.splice(1, 0, 'connrig');
  await import(${JSON.stringify(new URL('../../bin/main.js', import.meta.url).href)});
`;

export const report: BenchPart = {
  name: 'report',
  method: `\`connrig report\` of two legs over an hour, ten samples a second, up to a million connections, as a process of its own: all of its files. Medians of ${ROUNDS} rounds.`,
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'connrig-bench-report-'));
    try {
      writeLongRun(folder);
      const rounds = Array.from({ length: ROUNDS }, () => render(folder));
      return figuresOf(rounds, statSync(join(folder, 'report.html')).size);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

interface Round {
  readonly tookMs: number;
  readonly mostBytes: number;
}

function render(folder: string): Round {
  const beganMs = performance.now();
  const args = ['--input-type=module', '-e', PROGRAM, '--', 'report', folder];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const tookMs = performance.now() - beganMs;
  const most = /most (\d+)$/.exec(stderr)?.[1];
  if (status !== 0 || most === undefined) throw new Error(`connrig report ended with ${status}: ${stderr}`);
  return { tookMs, mostBytes: Number(most) * 1024 };
}

function figuresOf(rounds: readonly Round[], htmlBytes: number): Figure[] {
  const tookMs = median(rounds.map((round) => round.tookMs));
  const mostBytes = median(rounds.map((round) => round.mostBytes));
  return [
    { what: 'time', value: humanMs(tookMs), target: `< ${humanMs(MOST_MS)}`, holds: tookMs < MOST_MS },
    {
      what: 'memory',
      value: humanBytes(mostBytes),
      target: `< ${humanBytes(MOST_BYTES)}`,
      holds: mostBytes < MOST_BYTES,
    },
    {
      what: '`report.html`',
      value: humanBytes(htmlBytes),
      target: `< ${humanBytes(MOST_HTML_BYTES)}`,
      holds: htmlBytes < MOST_HTML_BYTES,
    },
  ];
}
