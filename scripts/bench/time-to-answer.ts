import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '../../core/schemas/summary.ts';
import { reachPercent } from '../../core/stats/precision.ts';
import { median } from '../../core/stats/slope.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { summaryOfRun } from './rig-run.ts';

const RUNS = 5;
const MOST_PERCENT = { ws: 3, tcp: 5 } as const;
const APART_MOST_PERCENT = 3;

interface Answered {
  readonly summary: Summary;
  readonly tookSeconds: number;
}

export const timeToAnswer: BenchPart = {
  name: 'time-to-answer',
  method: `\`connrig run\` without any option, ${RUNS} times: how long it takes from the command to the report, and how well the total cost of one more connection is known then.`,
  async measure() {
    const runs: Answered[] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await answer());
    const took = median(runs.map(({ tookSeconds }) => tookSeconds));
    return [
      { what: 'the whole run, median', value: `${took.toFixed(1)} s`, target: '', holds: true },
      ...(['tcp', 'ws'] as const).flatMap((name) => figuresOf(name, runs)),
    ];
  },
};

async function answer(): Promise<Answered> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-bench-'));
  const startedAtMs = performance.now();
  try {
    const summary = await summaryOfRun('--out', join(scratch, 'run'));
    return { summary, tookSeconds: (performance.now() - startedAtMs) / 1000 };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function figuresOf(name: 'tcp' | 'ws', runs: readonly Answered[]): Figure[] {
  const costs = runs.map(({ summary }) => summary.legs.find((leg) => leg.name === name)?.perConnection?.total ?? null);
  const reach = median(costs.map(reachPercent));
  const bytes = costs.map((cost) => cost?.bytes ?? Number.NaN);
  const middle = median(bytes);
  const apart = Math.max(...bytes.map((one) => Math.abs(one / middle - 1) * 100));
  return [
    {
      what: `${name}: half-width of the interval, median`,
      value: `${reach.toFixed(1)} %`,
      target: `≤ ${MOST_PERCENT[name]} %`,
      holds: reach <= MOST_PERCENT[name],
    },
    {
      what: `${name}: the answer farthest from their median of ${middle.toFixed(0)} B`,
      value: `${apart.toFixed(1)} %`,
      target: `≤ ${APART_MOST_PERCENT} %`,
      holds: apart <= APART_MOST_PERCENT,
    },
  ];
}
