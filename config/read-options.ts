import { usageError } from '../core/values/errors.ts';
import { findNearest } from './nearest.ts';
import type { Option, OptionTable } from './option.ts';

type ValueOf<O> = O extends { read: (text: string) => { readonly value: infer T } | { readonly problem: string } }
  ? T
  : never;

/** What a table's options come to. One without a default may be missing. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends { default: string } ? ValueOf<T[K]> : ValueOf<T[K]> | undefined;
};

/** Settings as written, by option name: texts from the command line, whatever YAML or JSON had from a file. */
export type RawSettings = Readonly<Record<string, unknown>>;
/** Variables of the process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What stood on a command line, in pieces that nobody has read yet. */
export interface CommandLine {
  readonly given: RawSettings;
  /** What stood where it says more than its options: URLs, folders, names. */
  readonly words: readonly string[];
  /** Options and words that nobody knows. */
  readonly strangers: readonly string[];
  readonly env: Variables;
}

/** Where the settings of one command are written; the first that says something wins, before the default. */
interface WrittenSettings {
  readonly commandLine: RawSettings;
  readonly env?: Variables;
  readonly file?: RawSettings;
}

/**
 * Reads what was written, by a table. Whatever can't be read is missing in what is returned.
 *
 * @param problems a sentence is added for each
 */
export function readOptions<T extends OptionTable>(
  table: T,
  { commandLine, env = {}, file = {} }: WrittenSettings,
  problems: string[],
): OptionValues<T> {
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(table)) {
    const { where, written } = findWritten(option, commandLine, env, file);
    if (written === undefined) continue;
    const read = option.read(written);
    if ('problem' in read) problems.push(`${where}: ${read.problem}`);
    else values[key] = read.value;
  }
  return values as OptionValues<T>;
}

function findWritten(
  { name, env: variable, default: fallback, joinedBy }: Option<unknown>,
  commandLine: RawSettings,
  env: Variables,
  file: RawSettings,
): { readonly where: string; readonly written: string | undefined } {
  const flag = `--${name}`;
  // One that is set to nothing counts as not set: that is how a shell forgets it for one command.
  const fromEnv = variable === undefined ? undefined : env[variable] || undefined;
  if (commandLine[name] === undefined && fromEnv !== undefined) return { where: variable ?? flag, written: fromEnv };
  const given = commandLine[name] ?? file[name];
  return { where: flag, written: given === undefined ? fallback : toText(given, joinedBy) };
}

const toText = (value: unknown, joinedBy = ','): string =>
  Array.isArray(value) ? value.map(String).join(joinedBy) : String(value);

/** What a command line has and its command doesn't know; with the option that was meant where one is spelt nearly the same. */
export function strangerProblems(strangers: readonly string[], table: OptionTable): string[] {
  const flags = Object.values(table).map(({ name }) => `--${name}`);
  return strangers.map((one) => {
    if (!one.startsWith('-')) return `"${one}" is one word too many`;
    const meant = findNearest(one.split('=')[0]!, flags);
    return `${one} is not an option${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
  });
}

/**
 * Reads the command line of a command by its table.
 *
 * @param command such as `targets build`
 * @param findProblems what is wrong with values of which each is right by itself; asked only where each is
 * @throws RigError EUSAGE that names every problem, not just the first
 */
export function readCommandLine<T extends OptionTable>(
  command: string,
  table: T,
  { given, strangers, env }: CommandLine,
  findProblems: (values: OptionValues<T>) => readonly string[] = () => [],
): OptionValues<T> {
  const problems = strangerProblems(strangers, table);
  const values = readOptions(table, { commandLine: given, env }, problems);
  if (problems.length === 0) problems.push(...findProblems(values));
  if (problems.length > 0) throw usageError(problems, `connrig ${command} --help`);
  return values;
}
