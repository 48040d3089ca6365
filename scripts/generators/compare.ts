import { loadavg } from 'node:os';
import type { ProtocolName } from '../../core/protocols/names.ts';
import { median, theilSen } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import type { BenchPart, Figure } from '../bench/benchmark.ts';
import { type Level, measureLevel } from './hold.ts';
import { measureRig } from './rig.ts';
import { artillery, floor, type GeneratorTool, k6, tsung } from './tools.ts';

/** What one more connection costs a generator, and how fast it opens them: one round's, or medians over rounds. */
export interface GeneratorCost {
  readonly opensPerSecond: number;
  readonly cpuMicroseconds: number;
  readonly bytes: number;
}

/** A generator as it is named in tables, for one protocol. */
export interface Contender {
  readonly name: string;
  readonly protocol: ProtocolName;
  measure(): Promise<GeneratorCost>;
}

export interface GeneratorComparison {
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly rounds: readonly GeneratorCost[];
  readonly median: GeneratorCost;
}

const LEVELS = [2500, 5000, 7500, 10_000] as const;
/** One long ramp: what starting up costs is below it. */
const RIG_RAMP = [2000, 10_000] as const;
/** As far as one server process goes: what a connection costs the rig is little beside how its heap comes and goes. */
const RIG_LEVELS = [3000, 6000, 9000, 12_000, 15_000, 19_000] as const;
const ENGINES = ['uring', 'epoll', 'node'] as const;
const TOOLS = [floor, k6, artillery, tsung];

/**
 * Which tools take part on this machine. Tools that aren't here are installed into a folder for temporary files.
 *
 * @param skip told about each that can't be had, in one sentence
 */
export async function contenders(skip: (sentence: string) => void): Promise<Contender[]> {
  const found: Contender[] = [];
  for (const protocol of ['ws', 'tcp'] as const) {
    for (const engine of ENGINES) {
      found.push({ name: `connrig, ${engine}`, protocol, measure: () => costOfRig(engine, protocol) });
    }
  }
  for (const tool of TOOLS) {
    const installed = await tool.install();
    if ('skipped' in installed) {
      skip(`${tool.name} is left out: ${installed.skipped}`);
      continue;
    }
    for (const protocol of tool.protocols) {
      found.push({ name: tool.name, protocol, measure: () => costOfTool(tool, installed.path, protocol) });
    }
  }
  return found;
}

/** Measures all of them by turns, so that what else the machine does meets them alike. A failed attempt is told, and doesn't count. */
export async function compareGenerators(
  all: readonly Contender[],
  rounds: number,
  tell: (line: string) => void,
): Promise<GeneratorComparison[]> {
  const costs = new Map<Contender, GeneratorCost[]>(all.map((one) => [one, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const one of all) {
      const head = `round ${round}, ${one.protocol}, ${one.name}, load ${loadavg()[0]!.toFixed(1)}`;
      try {
        const cost = await one.measure();
        costs.get(one)!.push(cost);
        tell(`${head}: ${JSON.stringify(cost)}`);
      } catch (error) {
        tell(`${head}: left out of this round: ${(error as Error).message}`);
      }
    }
  }
  return all.map((one) => {
    const own = costs.get(one)!;
    const middle = (of: keyof GeneratorCost): number => median(own.map((cost) => cost[of]));
    return {
      name: one.name,
      protocol: one.protocol,
      rounds: own,
      median: {
        opensPerSecond: middle('opensPerSecond'),
        cpuMicroseconds: middle('cpuMicroseconds'),
        bytes: middle('bytes'),
      },
    };
  });
}

/**
 * Speed from one long ramp above the lowest level, since what starting up costs is not what one more connection costs;
 * memory from another run, with more levels.
 */
async function costOfRig(engine: string, protocol: ProtocolName): Promise<GeneratorCost> {
  const ramp = (await measureRig(engine, protocol, RIG_RAMP)).at(-1)!;
  const levels = await measureRig(engine, protocol, RIG_LEVELS);
  return {
    opensPerSecond: ramp.opened / ramp.openSeconds,
    cpuMicroseconds: (ramp.cpuSeconds / ramp.opened) * 1e6,
    bytes: slope(levels.map(({ connections, anonBytes }) => [connections, anonBytes])),
  };
}

async function costOfTool(tool: GeneratorTool, path: string, protocol: ProtocolName): Promise<GeneratorCost> {
  const levels: Level[] = [];
  for (const connections of LEVELS) levels.push(await measureLevel(tool, path, protocol, connections));
  const per = (of: 'openSeconds' | 'cpuSeconds' | 'anonBytes'): number =>
    slope(levels.map((level) => [level.connections, level[of]]));
  return { opensPerSecond: 1 / per('openSeconds'), cpuMicroseconds: per('cpuSeconds') * 1e6, bytes: per('anonBytes') };
}

const slope = (points: ReadonlyArray<readonly [connections: number, value: number]>): number =>
  theilSen(points.map(([open, bytes]) => ({ open, bytes }))) ?? Number.NaN;

/** What the rig has to reach against each, as `times` of its own bytes per connection. */
const FEWER_BYTES: Readonly<Record<string, number>> = { k6: 300, artillery: 40, tsung: 40 };
/** What the rig may spend of the floor's processor time. */
const MOST_CPU = 1.3;

/** Judges a comparison by what the house asks for. */
export function figuresOf(comparisons: readonly GeneratorComparison[]): Figure[] {
  const figures: Figure[] = [];
  for (const { name, protocol, median: its } of comparisons) {
    if (name.startsWith('connrig')) continue;
    const ours = comparisons.find((one) => one.name === 'connrig, epoll' && one.protocol === protocol)!.median;
    const cpu = ours.cpuMicroseconds / its.cpuMicroseconds;
    const against = `${protocol}, against ${name}`;
    if (name === floor.name) {
      figures.push(figure(`${against}: CPU per open`, cpu, `≤ ${MOST_CPU} ×`, cpu <= MOST_CPU));
      continue;
    }
    const rate = ours.opensPerSecond / its.opensPerSecond;
    const fewer = its.bytes / ours.bytes;
    const least = FEWER_BYTES[name] ?? 1;
    figures.push(
      figure(`${against}: opens per second`, rate, '> 1 ×', rate > 1),
      figure(`${against}: CPU per open`, cpu, '< 1 ×', cpu < 1),
      figure(`${against}: its bytes to ours`, fewer, `≥ ${least} ×`, fewer >= least),
    );
  }
  return figures;
}

const figure = (what: string, times: number, target: string, holds: boolean): Figure => ({
  what,
  value: `${times.toPrecision(3)} ×`,
  target,
  holds,
});

/** One row for each contender, as Markdown. */
export function formatComparisons(comparisons: readonly GeneratorComparison[]): string {
  const rows = comparisons.map(
    ({ name, protocol, median: { opensPerSecond, cpuMicroseconds, bytes } }) =>
      `| ${protocol} | ${name} | ${humanCount(opensPerSecond)} | ${cpuMicroseconds.toFixed(1)} | ${humanCount(bytes)} |`,
  );
  return [
    '| | generator | opens/s | CPU µs per open | bytes per connection |',
    '|---|---|---:|---:|---:|',
    ...rows,
  ].join('\n');
}

export const generators: BenchPart = {
  name: 'generators',
  method:
    'connrig against other load generators at up to 10,000 connections, a fresh reference server each, by turns, 3 rounds, medians; slopes over at least 4 levels.',
  async measure() {
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    return figuresOf(await compareGenerators(await contenders(say), 3, say));
  },
};
