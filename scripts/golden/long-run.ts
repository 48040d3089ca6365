import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgress, type LegProgress, RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import { unpackGolden } from './golden-runs.ts';

export const LONG_RUN = { durationMs: 3_600_000, ticksPerSecond: 10, connections: 1_000_000 } as const;

type Counts = LegProgress['counts'];

/** A recorded run of two legs, drawn out to an hour with ten samples a second, and up to a million connections. */
export function writeLongRun(folder: string): void {
  unpackGolden('two-legs', folder);
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const lines = (name: string): unknown[] =>
    text(name)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const run = RunFile.parse(JSON.parse(text('run.json')));
  const samples = lines('samples.jsonl').map((line) => Sample.parse(line));
  const stretch = LONG_RUN.durationMs / samples.at(-1)!.elapsedMs;
  const times = LONG_RUN.connections / run.plan.legs[0]!.levels.at(-1)!;
  const scaled = (value: number): number => Math.round(value * times);
  const scaledCounts = (counts: Counts): Counts =>
    Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, scaled(value)])) as Counts;
  const ticks = samples.filter((sample) => sample.type === 'tick');
  const wanted = (LONG_RUN.durationMs / 1000) * LONG_RUN.ticksPerSecond;
  const more = Array.from({ length: wanted }, (_, i): Sample => {
    const tick = ticks[Math.floor((i * ticks.length) / wanted)]!;
    const elapsedMs = (i * 1000) / LONG_RUN.ticksPerSecond;
    return { ...tick, elapsedMs, level: scaled(tick.level), counts: scaledCounts(tick.counts) };
  });
  const others = samples.filter(hasProgress).map((sample): Sample => {
    const progress = { ...sample.progress, counts: scaledCounts(sample.progress.counts) };
    const at = { elapsedMs: sample.elapsedMs * stretch, progress };
    return sample.type === 'memory' ? { ...sample, ...at, level: scaled(sample.level) } : { ...sample, ...at };
  });
  const events = lines('events.jsonl')
    .map((line) => RunEvent.parse(line))
    .map((event) => ({ ...event, elapsedMs: event.elapsedMs * stretch }));
  const legs = run.plan.legs.map((leg) => ({ ...leg, levels: leg.levels.map(scaled), warmUp: scaled(leg.warmUp) }));
  const all = [...more, ...others].sort((a, b) => a.elapsedMs - b.elapsedMs);
  const jsonl = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...run, plan: { ...run.plan, legs } }));
  writeFileSync(join(folder, 'samples.jsonl'), jsonl(all));
  writeFileSync(join(folder, 'events.jsonl'), jsonl(events));
}
