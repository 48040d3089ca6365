import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StormEpisode } from '../../core/schemas/record.ts';
import { humanBytes, humanCount, humanMs } from '../../core/values/units.ts';
import { type RunRecord, readRun } from '../../report/fold/read-run.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { summaryOfRun } from './rig-run.ts';

const EVERY_MS = 20;
const ALLOWED_SHARE = 0.03;
const LOOK_MS = 100;

interface Plan {
  readonly protocol: 'ws' | 'wss';
  readonly connections: number;
  readonly more: readonly string[];
}

const PLANS: readonly Plan[] = [
  { protocol: 'ws', connections: 50_000, more: ['--processes', '6', '--rate', '10k/s'] },
  { protocol: 'wss', connections: 10_000, more: ['--rate', '800/s'] },
];

export const stormBench: BenchPart = {
  name: 'storm',
  method: `50,000 \`ws\` and 10,000 \`wss\` of the reference server are cut at once and come back (\`--behaviour storm:100%:backoff:1s:30s\`). The peak of its user memory by the run is held against a sampler of the bench's own, which reads each of its processes ${1000 / EVERY_MS} times a second.`,
  async measure() {
    const figures: Figure[] = [];
    for (const plan of PLANS) figures.push(...figuresOf(plan, await carriedOut(plan)));
    return figures;
  },
};

interface Look {
  readonly atMs: number;
  readonly bytes: number;
}

interface Carried {
  readonly storm: StormEpisode;
  readonly peakBytes: number;
  readonly looks: number;
}

async function carriedOut({ protocol, connections, more }: Plan): Promise<Carried> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-storm-'));
  const folder = join(scratch, 'run');
  let isOver = false;
  try {
    const run = summaryOfRun(
      ...['--out', folder, '--protocol', protocol, '--connections', `${connections}`, '--levels', '1'],
      ...['--behaviour', 'storm:100%:backoff:1s:30s', '--settle-timeout', '5s', '--open-timeout', '60s', ...more],
    ).finally(() => {
      isOver = true;
    });
    const [summary, looks] = await Promise.all([run, sample(folder, () => isOver)]);
    const record = readRun(folder);
    const storm = record.samples.find((one) => one.type === 'storm');
    if (!storm) throw new Error(`there was no storm: ${JSON.stringify(summary.error)}`);
    const [fromMs, toMs] = stretchOf(record);
    const during = looks.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return { storm, peakBytes: Math.max(...during.map(({ bytes }) => bytes)), looks: during.length };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** From the cut until the level was whole, as a date. */
function stretchOf({ run, events }: RunRecord): [fromMs: number, toMs: number] {
  const phases = events.filter((event) => event.type === 'phase');
  const at = phases.findIndex(({ phase }) => phase === 'storm');
  const began = Date.parse(run.startedAt);
  return [began + phases[at]!.elapsedMs, began + (phases[at + 1]?.elapsedMs ?? Number.POSITIVE_INFINITY)];
}

/** Looks at the target's processes, as soon as the record of the level tells which they are. */
async function sample(folder: string, isOver: () => boolean): Promise<Look[]> {
  const looks: Look[] = [];
  let pids: readonly number[] | undefined;
  while (!isOver() && pids === undefined) {
    await delay(LOOK_MS);
    pids = pidsIn(folder);
  }
  for (let dueAtMs = performance.now(); !isOver(); ) {
    const bytes = (pids ?? []).reduce((sum, pid) => sum + ownBytesOf(pid), 0);
    looks.push({ atMs: Date.now(), bytes });
    dueAtMs = Math.max(performance.now(), dueAtMs + EVERY_MS);
    await delay(dueAtMs - performance.now());
  }
  return looks;
}

function pidsIn(folder: string): number[] | undefined {
  try {
    const lines = readFileSync(join(folder, 'samples.jsonl'), 'utf8').split('\n').slice(0, -1);
    const hold = lines.map((line) => JSON.parse(line)).find(({ type, phase }) => type === 'memory' && phase === 'hold');
    return hold?.readings.target.pids;
  } catch {
    // Not there yet.
    return undefined;
  }
}

/** Anonymous and shared memory of a process; 0 of one that has ended. */
function ownBytesOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const found = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)];
    return 1024 * found.reduce((sum, [, kib]) => sum + Number(kib), 0);
  } catch {
    return 0;
  }
}

function figuresOf({ protocol, connections }: Plan, { storm, peakBytes, looks }: Carried): Figure[] {
  const off = Math.abs((storm.peakBytes ?? Number.NaN) / peakBytes - 1);
  const told = (bytes: number | null | undefined): string => (bytes == null ? '–' : humanBytes(bytes));
  const { kernel, failures } = storm;
  const failed = Object.entries({ ...failures?.attempts, ...failures?.losses });
  const noted = (what: string, value: string): Figure => ({
    what: `${protocol}: ${what}`,
    value,
    target: '',
    holds: true,
  });
  return [
    {
      what: `${protocol}: cut, and back`,
      value: `${humanCount(storm.cut)}, ${humanCount(storm.back)}`,
      target: humanCount(connections),
      holds: storm.cut === connections && storm.back === connections,
    },
    {
      what: `${protocol}: peak of the target's user memory off the bench's own sampler`,
      value: `${(off * 100).toFixed(1)} % (${told(storm.peakBytes)} against ${told(peakBytes)})`,
      target: `≤ ${ALLOWED_SHARE * 100} %`,
      holds: off <= ALLOWED_SHARE,
    },
    noted('looks of the run, and of the sampler', `${humanCount(storm.looks)}, ${humanCount(looks)}`),
    noted('all back after', humanMs(storm.tookMs)),
    noted(
      'user memory before, after, at rest',
      [storm.beforeBytes, storm.afterBytes, storm.settledBytes].map(told).join(', '),
    ),
    noted(
      'kernel memory for sockets, both ends, before, at the peak, after',
      [kernel?.beforeBytes, kernel?.peakBytes, kernel?.afterBytes].map(told).join(', '),
    ),
    noted('user and kernel together at the peak', told(kernel?.sumPeakBytes)),
    noted('failures', failed.map(([name, times]) => `${humanCount(times)} ${name}`).join(', ') || '0'),
  ];
}
