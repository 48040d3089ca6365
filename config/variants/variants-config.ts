import { RigError, usageError } from '../../core/values/errors.ts';
import { findNearest } from '../nearest.ts';
import {
  type CommandLine,
  type OptionValues,
  type RawSettings,
  readOptions,
  strangerProblems,
} from '../read-options.ts';
import { TRAFFIC_OPTIONS } from '../run/traffic-options.ts';
import { parseRunConfig, type RunConfig } from '../run-config.ts';
import { RUN_OPTIONS } from '../run-options.ts';
import { findVariantBase } from './variant-base.ts';
import { BASE_VARIANT, makeVariant, type VariantBase } from './variant-table.ts';
import { COMMON_OPTIONS, VARIANTS_OPTIONS, VARYING_OPTIONS } from './variants-options.ts';

/** One way to load the target. */
export interface ConfiguredVariant {
  readonly name: string;
  /** Begins the names of its run folders. */
  readonly folder: string;
  /** What a config file of its runs has. Secret: tokens may be among it. */
  readonly settings: RawSettings;
  readonly run: RunConfig;
}

/** The base first. */
export interface VariantsConfig extends OptionValues<typeof VARYING_OPTIONS> {
  readonly variants: readonly ConfiguredVariant[];
}

/** Settings of a run that are the same for all, and those that are no matter of its connections. */
const MAY_VARY: ReadonlySet<string> = new Set([
  'urls',
  TRAFFIC_OPTIONS.behaviour.name,
  ...Object.values(COMMON_OPTIONS).map(({ name }) => name),
]);

/**
 * Reads what varies and what all have in common, the command line over the config file.
 *
 * @param file settings of a config file; those that only a run has are left aside, since runs may share it
 * @param folder that of the config file
 * @throws RigError EUSAGE that names every problem, not just the first
 */
export function parseVariantsConfig(
  { given, words, strangers, env }: CommandLine,
  file: RawSettings,
  folder: string,
): VariantsConfig {
  const problems = [...strangerProblems(strangers, VARIANTS_OPTIONS), ...unknownIn(file)];
  const own = readOptions(VARYING_OPTIONS, { commandLine: given, env, file }, problems);
  const written = readWritten(file, problems);
  const names = [...new Set([BASE_VARIANT, ...(own.vary ?? Object.keys(written))])];
  if (names.length === 1) {
    problems.push(`--vary: there is nothing to hold against ${BASE_VARIANT}; --vary after:64B,heartbeat,tls, say`);
  }
  const base = findVariantBase({ given, words, file, folder, tlsUrl: own.tlsUrl, varies: names }, problems);
  if (base === undefined || problems.length > 0) throw refused(problems);
  const [first, ...others] = names;
  const idle = makeOne(first!, undefined, base, env, problems);
  // What is wrong with all of them is told once.
  if (idle === undefined) throw refused(problems);
  const made = others.flatMap((name) => makeOne(name, written[name], base, env, problems) ?? []);
  const all = [idle, ...made];
  const twins = all.filter((one, i) => all.findIndex((other) => other.folder === one.folder) < i);
  problems.push(
    ...twins.map(({ name }) => `--vary: the folder of ${name} would be that of another; name it otherwise`),
  );
  if (problems.length > 0) throw refused(problems);
  return { ...own, variants: all };
}

const refused = (problems: readonly string[]): RigError =>
  usageError([...new Set(problems)], 'connrig variants --help');

/** What stands under `variants` in the config file: settings by the name of a variant. */
function readWritten({ variants = {} }: RawSettings, problems: string[]): Readonly<Record<string, RawSettings>> {
  if (!isTable(variants)) {
    problems.push(
      'variants: write a table of settings for each, such as variants: { often: { behaviour: heartbeat:1s } }',
    );
    return {};
  }
  const all = Object.entries(variants);
  for (const [name, settings] of all) {
    if (!/^[\w][\w.-]{0,39}$/.test(name) || name === BASE_VARIANT) {
      problems.push(`variants: "${name}" is no name of its own: 1 to 40 letters, digits, dots, dashes or underscores`);
    }
    const foreign = isTable(settings) ? Object.keys(settings).filter((key) => !MAY_VARY.has(key)) : [];
    for (const key of foreign) {
      const meant = findNearest(key, [...MAY_VARY]);
      problems.push(`variants.${name}: "${key}" can't vary${meant === undefined ? '' : ` (did you mean ${meant}?)`}`);
    }
    if (!isTable(settings)) problems.push(`variants.${name}: it is no table of settings`);
  }
  return Object.fromEntries(all.filter((entry): entry is [string, RawSettings] => isTable(entry[1])));
}

const isTable = (value: unknown): value is RawSettings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param problems gets a sentence for whatever keeps it from being run */
function makeOne(
  name: string,
  written: RawSettings | undefined,
  base: VariantBase,
  env: CommandLine['env'],
  problems: string[],
): ConfiguredVariant | undefined {
  const made = written ?? makeVariant(name, base);
  if (typeof made === 'string') {
    problems.push(`--vary ${name}: ${made}`);
    return undefined;
  }
  const label = `variant=${name}`;
  const labels = base.settings['label'] === undefined ? [label] : [base.settings['label'], label].flat();
  const settings = { ...base.settings, ...made, label: labels };
  try {
    const run = parseRunConfig({}, settings, [], undefined, env, 'variants');
    if (run.plan.legs.length === 1) return { name, folder: folderOf(name), settings, run };
    problems.push('variants are of one kind of connection: give one URL, or one --protocol');
  } catch (error) {
    if (!(error instanceof RigError)) throw error;
    problems.push(name === BASE_VARIANT ? error.message : `--vary ${name}: ${error.message}`);
  }
  return undefined;
}

const folderOf = (name: string): string => name.replace(/[^\w.-]+/g, '-').slice(0, 48);

function unknownIn(file: RawSettings): string[] {
  const known = [...Object.values(RUN_OPTIONS), ...Object.values(VARYING_OPTIONS)].map(({ name }) => name as string);
  return Object.keys(file)
    .filter((key) => !['urls', 'variants', ...known].includes(key))
    .map((key) => {
      const meant = findNearest(key, known);
      return `"${key}" is not a setting${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
    });
}
