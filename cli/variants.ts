import { randomInt } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { parseVariantsConfig, type VariantsConfig } from '../config/variants/variants-config.ts';
import { VARIANTS_OPTIONS } from '../config/variants/variants-options.ts';
import type { VariantsResult } from '../core/schemas/variants.ts';
import { EXIT, RigError, usageError } from '../core/values/errors.ts';
import { type MeasuredVariant, measureVariants } from '../lab/variants/measure.ts';
import { repeatsOfBase, type VariedRun, variantCells } from '../lab/variants/plan.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';
import { addPlanArguments, openingsOf, readConfigFile } from './plan-arguments.ts';

/** Adds `connrig variants`: one server, loaded in several ways, each with a fresh target, and what each costs beyond idle. */
export function addVariantsCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('variants')
    .description('load one server in several ways, each with a fresh target, and say what each costs beyond idle');
  addPlanArguments(command);
  addOptions(command, VARIANTS_OPTIONS).action(async () => {
    await measureAndTell(await readVariants(command, deps.env), deps);
  });
}

/** @throws RigError EUSAGE, ECONFIG */
async function readVariants(command: Command, env: CliDeps['env']): Promise<VariantsConfig> {
  const line = readLine(command, VARIANTS_OPTIONS, env, Number.POSITIVE_INFINITY);
  const { config: file } = command.opts<{ config?: string }>();
  const fromFile = file === undefined ? {} : readConfigFile(file, 'variants');
  const config = parseVariantsConfig(line, fromFile, file === undefined || file === '-' ? '.' : dirname(file));
  const problems: string[] = [];
  for (const { name, run } of config.variants) {
    try {
      await openingsOf(run, undefined, env, 'variants');
    } catch (error) {
      if (!(error instanceof RigError) || error.code !== 'EUSAGE') throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw usageError(problems, 'connrig variants --help');
  return config;
}

async function measureAndTell(config: VariantsConfig, deps: CliDeps): Promise<void> {
  const { out: folder, json } = config;
  const [{ seedOfBegun }, { collectVariants }, { terminalVariants }, { writeVariants, writeVariantsJson }] =
    await Promise.all([
      import('../report/variants/begun.ts'),
      import('../report/variants/collect.ts'),
      import('../report/variants/outputs.ts'),
      import('../report/variants/write.ts'),
    ]);
  const runs = config.variants.map(({ name, folder, settings, run }): VariedRun => {
    return { name, folder, settings, again: run.again };
  });
  const seed = seedOfBegun(folder, runs) ?? randomInt(2 ** 31);
  const sumUp = (measured: readonly MeasuredVariant[], isWhole: boolean) => {
    const { result, legs, record } = collectVariants(askedOf(config), measured, folder);
    const whole: VariantsResult = {
      schema: 1,
      connrigVersion: deps.version,
      isWhole,
      seed,
      repeats: config.repeats,
      ...result,
    };
    return { result: whole, legs, record };
  };
  writeVariantsJson(folder, sumUp([], false).result);
  const cells = variantCells(runs, config.repeats, seed);
  const measured = await measureAll(cells, folder, deps);
  const { result, legs, record } = sumUp(measured, measured.length === cells.length);
  writeVariants(folder, result, legs, record);
  const told = terminalVariants(result);
  if (json) deps.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  (json ? deps.stderr : deps.stdout).write(told);
  deps.stderr.write(`\n${join(folder, 'variants.html')}\n`);
  deps.setExitCode(findExitCode(result));
}

function askedOf({
  variants,
  repeats,
}: VariantsConfig): Parameters<typeof import('../report/variants/collect.ts').collectVariants>[0] {
  return variants.map(({ name, run }, i) => ({
    name,
    again: run.again,
    leg: run.plan.legs[0]!.name,
    planned: i === 0 ? repeatsOfBase(repeats, variants.length - 1) : repeats,
  }));
}

async function measureAll(
  cells: Parameters<typeof measureVariants>[0],
  folder: string,
  deps: CliDeps,
): Promise<readonly MeasuredVariant[]> {
  const stopping = new AbortController();
  // The run that goes on has the signal too, and ends in order.
  const forget = deps.onSignal(() => {
    if (stopping.signal.aborted) deps.exit(EXIT.interrupted);
    stopping.abort();
  });
  try {
    return await measureVariants(
      cells,
      { folder, connrig: deps.self, env: deps.env, tellsResults: false, onOutput: (text) => deps.stderr.write(text) },
      { say: (line) => deps.stderr.write(`${line}\n`), isOver: () => stopping.signal.aborted },
    );
  } finally {
    forget();
  }
}

/** The highest code of several failures, as the worst news; a cost that nobody knows is one as well. */
function findExitCode({ isWhole, variants }: VariantsResult): number {
  if (!isWhole) return EXIT.interrupted;
  const codes = variants.flatMap(({ state, exitCode }) => {
    if (state === 'measured') return [];
    return [state === 'missing' ? EXIT.inconclusive : (exitCode ?? EXIT.defect)];
  });
  return Math.max(EXIT.done, ...codes);
}
