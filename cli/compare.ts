import { join } from 'node:path';
import type { Command } from 'commander';
import { COMPARE_OPTIONS } from '../config/compare-options.ts';
import { type OptionValues, readCommandLine } from '../config/read-options.ts';
import { usageError } from '../core/values/errors.ts';
import { word } from '../core/values/shell.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** Adds `connrig compare <folders…>`: runs side by side, each against the first. */
export function addCompareCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('compare')
    .description('set runs side by side: what one more connection costs, and whether a difference is shown')
    .argument('<folders...>', 'run folders; each is compared with the first');
  addOptions(command, COMPARE_OPTIONS).action(async () => {
    const line = readLine(command, COMPARE_OPTIONS, deps.env, Number.POSITIVE_INFINITY);
    const options = readCommandLine('compare', COMPARE_OPTIONS, line);
    await compare(line.words, options, deps);
  });
}

async function compare(
  folders: readonly string[],
  { json, out, maxGrowthPercent }: OptionValues<typeof COMPARE_OPTIONS>,
  deps: CliDeps,
): Promise<void> {
  const [first, ...others] = folders;
  if (first === undefined || others.length === 0) {
    const { isFolderOfRuns } = await import('../report/fold/run-index.ts');
    if (first !== undefined && isFolderOfRuns(first)) {
      const all = `${word(first.replace(/\/+$/, ''))}/*`;
      throw usageError([`${first} holds many runs, and is none itself`], `connrig compare ${all}`);
    }
    throw usageError(['one run alone can be compared with nothing'], 'connrig compare runs/before runs/after');
  }
  const [{ compareFolders, writeComparison }, { comparisonJson, terminalComparison }] = await Promise.all([
    import('../report/compare/compare-runs.ts'),
    import('../report/compare/outputs.ts'),
  ]);
  const comparison = compareFolders([first, ...others], maxGrowthPercent);
  if (json) deps.stdout.write(`${JSON.stringify(comparisonJson(comparison), null, 2)}\n`);
  else deps.stdout.write(terminalComparison(comparison));
  if (out === undefined) return;
  writeComparison(comparison, out, deps.version);
  deps.stderr.write(`\n${join(out, 'compare.html')}\n`);
}
