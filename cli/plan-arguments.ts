import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parse } from 'yaml';
import type { OptionTable } from '../config/option.ts';
import type { RawSettings } from '../config/read-options.ts';
import { parseRunConfig, type RunConfig, saysSomething } from '../config/run-config.ts';
import { RigError } from '../core/values/errors.ts';
import { readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** URLs and a config file, which a command takes beside the options of a run. */
export function addPlanArguments(command: Command): void {
  command
    .argument(
      '[url...]',
      'ws://host:port/path, http://host:port/path or tcp://host:port; a port range such as :9001-9004',
    )
    .option(
      '--config <file>',
      'settings from a YAML or JSON file, by the same names; - reads stdin; the command line wins',
    );
}

/**
 * The run that a command line asks for.
 *
 * @throws RigError EUSAGE, ECONFIG
 */
export async function readPlan(command: Command, table: OptionTable, env: CliDeps['env']): Promise<RunConfig> {
  const { given, words: urls, strangers } = readLine(command, table, env, Number.POSITIVE_INFINITY);
  const settings = urls.length > 0 ? { ...given, urls } : given;
  const { config: file } = command.opts<{ config?: string }>();
  const fromFile = file === undefined ? {} : readConfigFile(file, command.name());
  const hasBaseline = given['baseline'] !== undefined || fromFile['baseline'] !== undefined;
  // What sums up a run takes memory that a run without a baseline needn't have.
  const { readBaseline } = hasBaseline ? await import('../report/compare/read-baseline.ts') : {};
  const config = parseRunConfig(settings, fromFile, strangers, readBaseline, env, command.name());
  // What stdin names lies where the command is called.
  return openingsOf(config, file === '-' ? undefined : file, env, command.name());
}

/**
 * What connections say until they are open, of what a config names.
 *
 * @param file the config file
 * @throws RigError EUSAGE
 */
export async function openingsOf(
  config: RunConfig,
  file: string | undefined,
  env: CliDeps['env'],
  command: string,
): Promise<RunConfig> {
  if (!saysSomething(config)) return config;
  // What reads rows and texts takes memory that other runs needn't have.
  const { readOpenings } = await import('../config/opening/read-openings.ts');
  return readOpenings({ ...config, configFile: file }, env, command);
}

const STDIN = 0;

/** @throws RigError ECONFIG */
export function readConfigFile(path: string, command: string): RawSettings {
  const isStdin = path === '-';
  const refuse = (sentence: string, cause?: unknown): RigError =>
    new RigError('ECONFIG', `${isStdin ? 'the config on stdin' : `the config file ${path}`} ${sentence}`, {
      hint: `connrig ${command} --help`,
      cause,
    });
  let value: unknown;
  try {
    // JSON is YAML too.
    value = parse(readFileSync(isStdin ? STDIN : path, 'utf8'));
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message.split('\n')[0];
    throw refuse(`can't be read: ${why}`, cause);
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw refuse('is not a table of settings');
  return value as RawSettings;
}
