import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { FileCost, FileOutcome } from './outcome.ts';

/** By name of the file: what it took when it was last run. */
export type Costs = Readonly<Record<string, FileCost>>;

const CostsFile = z.record(z.string(), z.object({ wallSeconds: z.number(), cpuSeconds: z.number() }));

/** How much a new measurement moves what is known: a busy machine must not turn the order over. */
const NEWNESS = 0.5;

/**
 * What is known of how long files take. Later tables win over earlier ones.
 *
 * @param paths a table that isn't there, or can't be read, is an empty one
 */
export function readCosts(...paths: readonly string[]): Costs {
  return Object.assign({}, ...paths.map(readTable));
}

function readTable(path: string): Costs {
  try {
    return CostsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}

/** What is known now, of files that passed. */
export function renewed(before: Costs, outcomes: readonly FileOutcome[]): Costs {
  const rows = outcomes
    .filter(({ passed }) => passed)
    .map(({ name, wallSeconds, cpuSeconds }): [string, FileCost] => [
      name,
      {
        wallSeconds: between(before[name]?.wallSeconds, wallSeconds),
        cpuSeconds: between(before[name]?.cpuSeconds, cpuSeconds),
      },
    ]);
  return { ...before, ...Object.fromEntries(rows) };
}

const between = (before: number | undefined, now: number): number =>
  Math.round((before === undefined ? now : before + NEWNESS * (now - before)) * 10) / 10;

/** In the order of names, so that a difference between two versions shows what has changed. */
export function writeCosts(path: string, costs: Costs): void {
  const rows = Object.entries(costs)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, cost]) => `  ${JSON.stringify(name)}: ${JSON.stringify(cost)}`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `{\n${rows.join(',\n')}\n}\n`);
}
