/**
 * `npm run sweep -- sweep.yaml [folder]`: a matrix of runs, each in a fresh process, then their index and their comparison.
 * Begun again it goes on with the cells that have no result yet. Ends with 1 when a cell failed, with 2 when the plan
 * isn't one, with 130 when interrupted.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { planSweepCells, SweepPlan } from './sweep/plan.ts';
import { walk } from './sweep/walk.ts';

const CONNRIG: readonly [string, ...string[]] = [
  process.execPath,
  fileURLToPath(new URL('../bin/main.js', import.meta.url)),
];
const [file, folder = 'runs/sweep'] = process.argv.slice(2);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const plan = file === undefined ? 'name a file: npm run sweep -- sweep.yaml' : readPlan(file);
if (typeof plan === 'string') {
  say(plan);
  process.exitCode = 2;
} else {
  await sweep(plan);
}

function readPlan(path: string): SweepPlan | string {
  try {
    const read = SweepPlan.safeParse(parse(readFileSync(path, 'utf8')));
    return read.success ? read.data : `${path} is no sweep: ${z.prettifyError(read.error).replaceAll('\n', ' ')}`;
  } catch (error) {
    return `${path} can't be read: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
  }
}

async function sweep(plan: SweepPlan): Promise<void> {
  let isInterrupted = false;
  // The run that goes on has the signal too, and ends in order.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (isInterrupted = true));
  mkdirSync(folder, { recursive: true });
  const cells = planSweepCells(plan);
  const onOutput = (text: string): void => void process.stderr.write(text);
  const deps = { folder, connrig: CONNRIG, env: process.env, onOutput };
  const states = await walk(cells, deps, { say, isOver: () => isInterrupted });
  const [program, ...first] = CONNRIG;
  const show = (...args: string[]): void => void spawnSync(program, [...first, ...args], { stdio: 'inherit' });
  const measured = cells.filter(({ name }) => ['measured', 'kept'].includes(states.get(name) ?? ''));
  if (measured.length > 1) show('compare', ...measured.map(({ name }) => join(folder, name)), '--out', folder);
  if (measured.length > 0) show('report', folder);
  process.exitCode = isInterrupted ? 130 : measured.length < cells.length ? 1 : 0;
}
