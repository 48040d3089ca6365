import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BroadcastSample } from '../../core/schemas/broadcast.ts';
import type { Sample } from '../../core/schemas/record.ts';
import { humanCount } from '../../core/values/units.ts';
import { readRun } from '../../report/fold/read-run.ts';
import { generatorSlope } from '../../report/fold/summarize-leg.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { summaryOfRun } from './rig-run.ts';

const SUBSCRIBERS = 100_000;
const COMMON = ['--protocol', 'ws', '--connections', '100k', '--levels', '4', '--rate', '5k/s'];
const PUBLISHED = ['--behaviour', 'broadcast:1/s:256B:60s', '--talk', '5s'];

/** One connection publishes to all others of the reference server. */
export const broadcastToMany: BenchPart = {
  name: 'broadcast',
  method: `\`connrig run ${[...COMMON, ...PUBLISHED].join(' ')}\`, against the same without a behaviour.`,
  onDemand: true,
  async measure() {
    const idle = await broadcastRun(...COMMON);
    const published = await broadcastRun(...COMMON, ...PUBLISHED);
    return figuresOf(idle, published);
  },
};

interface Run {
  readonly clientBytes: number | undefined;
  readonly stretches: readonly BroadcastSample[];
  readonly cpuMicros: readonly number[];
}

/** A run in which one publishes, and what it took of the client. */
export async function broadcastRun(...args: string[]): Promise<Run> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-broadcast-'));
  try {
    const folder = join(scratch, 'run');
    const { legs } = await summaryOfRun('--out', folder, ...args);
    const { samples } = readRun(folder);
    const stretches = samples.filter((sample) => sample.type === 'broadcast');
    return {
      clientBytes: generatorSlope(legs[0]!),
      stretches,
      cpuMicros: stretches.map((stretch) => cpuMicrosOf(samples, stretch)),
    };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** Processor time of the whole client from the last tick before a stretch to the first one after it. */
function cpuMicrosOf(samples: readonly Sample[], stretch: BroadcastSample): number {
  const ticks = samples.filter((sample) => sample.type === 'tick');
  const during = ticks.filter(({ phase, level }) => phase === 'talk' && level === stretch.level);
  const before = ticks[ticks.indexOf(during[0]!) - 1];
  const after = during.at(-1);
  return before && after ? (after.generatorCpuSeconds - before.generatorCpuSeconds) * 1e6 : Number.NaN;
}

function figuresOf(idle: Run, published: Run): Figure[] {
  const top = published.stretches.at(-1);
  const deliveries = published.stretches.reduce((sum, { reached }) => sum + reached, 0);
  const perDelivery = published.stretches.map(({ reached }, i) => published.cpuMicros[i]! / reached);
  const median = perDelivery.toSorted((a, b) => a - b)[Math.floor(perDelivery.length / 2)] ?? Number.NaN;
  const expected = published.stretches.reduce((sum, stretch) => sum + stretch.expected, 0);
  const wrong = published.stretches.reduce((sum, { missing, duplicates }) => sum + missing + duplicates, 0);
  const more = (published.clientBytes ?? Number.NaN) - (idle.clientBytes ?? Number.NaN);
  return [
    {
      what: 'deliveries that came, of those that were due; missing or twice',
      value: `${humanCount(deliveries)} of ${humanCount(expected)}; ${humanCount(wrong)}`,
      target: 'all; 0',
      holds: wrong === 0 && deliveries === expected && (top?.level ?? 0) === SUBSCRIBERS,
    },
    {
      what: "client's own memory for each connection, more than idle",
      value: `${more.toFixed(0)} B (${published.clientBytes?.toFixed(0)} against ${idle.clientBytes?.toFixed(0)})`,
      target: '≤ 30 B',
      holds: more <= 30,
    },
    {
      what: "client's processor time for each delivery, median over levels",
      value: `${median.toFixed(1)} µs`,
      target: '≤ 6 µs',
      holds: median <= 6,
    },
  ];
}
