import { usageError } from '../core/values/errors.ts';
import { humanCount } from '../core/values/units.ts';
import {
  type CommandLine,
  type OptionValues,
  type RawSettings,
  readOptions,
  strangerProblems,
} from './read-options.ts';
import { parseRunConfig, type RunConfig } from './run-config.ts';
import { RUN_OPTIONS } from './run-options.ts';
import { TRIAL_OPTIONS, TRIED_OPTIONS, TRY_OPTIONS } from './try-options.ts';

/** One connection to each URL of a run, and how it is shown. */
export interface TryConfig extends OptionValues<typeof TRIAL_OPTIONS> {
  readonly run: RunConfig;
}

/** Names of the settings that a run has and a trial hasn't. */
const OF_RUNS: ReadonlySet<string> = new Set(
  Object.values(RUN_OPTIONS)
    .map(({ name }) => name as string)
    .filter((name) => !Object.values(TRY_OPTIONS).some((option) => option.name === name)),
);

/**
 * Reads a command line that may have been one of `connrig run`.
 *
 * @param file settings of a config file; those that measure are left aside, since runs may share it
 * @throws RigError EUSAGE that names every problem, not just the first
 */
export function parseTryConfig({ given, words: urls, strangers, env }: CommandLine, file: RawSettings): TryConfig {
  const problems = [...strangerProblems(strangers, TRY_OPTIONS), ...measuringProblems(given)];
  const trial = readOptions(TRIAL_OPTIONS, { commandLine: given, env }, problems);
  if (urls.length === 0 && file['urls'] === undefined) {
    problems.push('there is no URL to try; ws://127.0.0.1:3000, say');
  }
  const shared = Object.fromEntries(Object.entries(file).filter(([name]) => !OF_RUNS.has(name)));
  const asked = Object.fromEntries(Object.values(TRIED_OPTIONS).map(({ name }) => [name, given[name]]));
  const one = { ...asked, ...(urls.length > 0 && { urls }), connections: '1', levels: '1' };
  return { ...trial, run: parseRunConfig(one, shared, [], undefined, env, 'try', problems) };
}

/** @throws RigError EUSAGE */
export function checkRow({ row, run }: TryConfig): void {
  if (row === undefined) return;
  const rows = run.openings.find(({ identity }) => identity?.rows)?.identity?.rows;
  const problem =
    run.data === undefined || rows === undefined
      ? '--row: there are no rows without --data'
      : row > rows.count
        ? `--row: ${humanCount(row)} is beyond the ${humanCount(rows.count)} rows of ${run.data}`
        : undefined;
  if (problem !== undefined) throw usageError([problem], 'connrig try --help');
}

function measuringProblems(given: RawSettings): string[] {
  const flags = Object.keys(given).filter((name) => given[name] !== undefined && OF_RUNS.has(name));
  const names = flags.map((name) => `--${name}`).join(', ');
  return flags.length === 0
    ? []
    : [`${names}: a run has them; one connection is tried and nothing is measured, so leave them out`];
}
