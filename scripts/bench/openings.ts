import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import type { BenchPart } from './benchmark.ts';
import { type RigRun, rigRun } from './rig-run.ts';

const ROUNDS = 3;
const RATE_LEVELS = '5k,10k,15k';
const COST_LEVELS = '20k,40k,60k,80k,100k';
const ROWS = 120_000;
const MOST_BYTES = 100;
const LEAST_RATIO = 0.8;

/** The server gives back what it gets, so each connection waits for its own words; and it answers the pings. */
const OPENING = `opening:
  steps:
    - send: 'hello {user} {token} of {tenant}, {region}'
    - expect: 'hello {user} {token} of {tenant}, {region}'
    - send: 'from {device}'
  rules:
    - every: 25s
      send: 'ping {n}'
`;

export const openings: BenchPart = {
  name: 'openings',
  method: `\`connrig run --protocol ws\` against its own server on this machine, bare, and with an opening of three steps, a row of five columns and a ping every 25 s. Opens: no pace (\`--rate 100k/s\`), levels ${RATE_LEVELS}, by turns, ${ROUNDS} rounds, medians. Cost: the client's own slope over levels ${COST_LEVELS}, median of ${ROUNDS} runs: levels of one run scatter by 2 MB.`,
  async measure() {
    const folder = await mkdtemp(join(tmpdir(), 'connrig-openings-'));
    try {
      const opened = writeOpening(folder);
      const runs: Record<'bare' | 'opened', RigRun[]> = { bare: [], opened: [] };
      for (let round = 0; round < ROUNDS; round++) {
        runs.bare.push(await rigRun(...PLAN, '--levels', RATE_LEVELS));
        runs.opened.push(await rigRun(...PLAN, '--levels', RATE_LEVELS, ...opened));
      }
      const rate = (which: 'bare' | 'opened'): number =>
        median(runs[which].map(({ summary }) => summary.legs[0]?.open.ratePerSecond ?? Number.NaN));
      const cpu = (which: 'bare' | 'opened'): number =>
        median(runs[which].map(({ cpuMicrosPerOpen }) => cpuMicrosPerOpen[0] ?? Number.NaN));
      const many: RigRun[] = [];
      for (let round = 0; round < ROUNDS; round++) many.push(await rigRun(...PLAN, '--levels', COST_LEVELS, ...opened));
      const bytes = median(many.map(({ summary }) => summary.generator.bytesPerConnection ?? Number.NaN));
      const failed = many
        .flatMap(({ summary }) => summary.legs)
        .reduce((sum, { attempts, outcomes }) => sum + attempts - outcomes.open, 0);
      const ratio = rate('opened') / rate('bare');
      return [
        {
          what: 'ws opens per second, with the opening against bare',
          value: `${humanCount(rate('opened'))} to ${humanCount(rate('bare'))}: ${ratio.toFixed(2)} ×`,
          target: `≥ ${LEAST_RATIO} ×`,
          holds: ratio >= LEAST_RATIO,
        },
        {
          what: "client's processor time for an open, with the opening against bare",
          value: `${humanCount(cpu('opened'))} to ${humanCount(cpu('bare'))} µs`,
          target: '',
          holds: true,
        },
        {
          what: "client's own cost per connection with the opening, to 100,000",
          value: `${humanCount(bytes)} B`,
          target: `≤ ${MOST_BYTES} B`,
          holds: bytes <= MOST_BYTES,
        },
        { what: 'attempts that failed', value: humanCount(failed), target: '0', holds: failed === 0 },
      ];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

const PLAN = ['--protocol', 'ws', '--rate', '100k/s'];

/** @returns arguments that ask for it */
function writeOpening(folder: string): string[] {
  const [config, rows] = [join(folder, 'run.yaml'), join(folder, 'users.csv')];
  const lines = Array.from({ length: ROWS }, (_, i) => {
    const token = (i * 7919).toString(36).padStart(24, 'x');
    return `user-${i},${token},tenant-${i % 100},device-${i},region-${i % 9}`;
  });
  writeFileSync(config, OPENING);
  writeFileSync(rows, ['user,token,tenant,device,region', ...lines, ''].join('\n'));
  return ['--config', config, '--data', rows];
}
