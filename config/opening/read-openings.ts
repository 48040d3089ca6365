import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { OpeningFormat } from '../../core/opening/format.ts';
import { usageError } from '../../core/values/errors.ts';
import { loadOwnModule } from '../../fleet/opening/own/own-module.ts';
import { type OpenedDialect, openDialect } from '../dialects.ts';
import type { Variables } from '../read-options.ts';
import type { RunConfig } from '../run-config-shape.ts';
import { type DataFile, readDataFile } from './data-file.ts';
import { problemsOf } from './format-problems.ts';
import { openLegs } from './leg-opening.ts';
import type { OwnOpening } from './opening-shapes.ts';

/**
 * Reads what connections say until they count as open, and the rows they say it with. Files are read once, here.
 *
 * @param command whose help is the hint
 * @throws RigError EUSAGE that names every problem, not just the first; ECONFIG for a module that is no opening
 */
export async function readOpenings(config: RunConfig, env: Variables, command: string): Promise<RunConfig> {
  const problems: string[] = [];
  const data = await readData(config.data, problems);
  const dialect = readDialect(config, problems);
  const own = readOwn(config, problems);
  if (dialect && (own?.format.steps || own?.format.module)) {
    problems.push('--dialect and --opening: both say how connections sign in; leave one of them out');
  }
  const openings = problems.length === 0 ? openLegs(config, { data, dialect, own }, env, problems) : [];
  if (problems.length > 0) throw usageError(problems, `connrig ${command} --help`);
  for (const module of new Set(openings.map((opening) => opening.plan?.module))) {
    if (module !== undefined) await loadOwnModule(module);
  }
  const { plan } = config;
  const [first, ...others] = plan.legs.map((leg, index) => ({ ...leg, opening: openings[index]!.recorded }));
  return Object.freeze({ ...config, openings, plan: { ...plan, legs: [first!, ...others] } });
}

async function readData(path: string | undefined, problems: string[]): Promise<DataFile | undefined> {
  if (path === undefined) return undefined;
  const read = await readDataFile(path);
  if (typeof read !== 'string') return read;
  problems.push(`--data: ${read}`);
  return undefined;
}

function readDialect({ dialect, dialectSettings = [] }: RunConfig, problems: string[]): OpenedDialect | undefined {
  if (dialect !== undefined) return openDialect(dialect, dialectSettings, problems);
  if (dialectSettings.length > 0)
    problems.push('--dialect-set: there is nothing to set without --dialect; --dialect mqtt, say');
  return undefined;
}

/** What a module does itself. */
const BESIDE_NO_MODULE = ['steps', 'rules', 'messages', 'codec'] as const;

function readOwn({ opening, inlineOpening, configFile }: RunConfig, problems: string[]): OwnOpening | undefined {
  if (opening === undefined && inlineOpening === undefined) return undefined;
  const where = opening === undefined ? 'opening' : `--opening ${opening}`;
  const written = opening === undefined ? inlineOpening : readYaml(opening, problems);
  if (written === undefined) return undefined;
  const read = OpeningFormat.safeParse(written);
  if (!read.success) {
    problems.push(...problemsOf(read.error, where, Object.keys(OpeningFormat.shape)));
    return undefined;
  }
  const beside = BESIDE_NO_MODULE.filter((name) => read.data[name] !== undefined);
  if (read.data.module !== undefined && beside.length > 0) {
    problems.push(
      `${where}: ${beside.join(', ')} and module: a module stands in place of these; leave the one or the other out`,
    );
  }
  return { format: read.data, from: opening ?? configFile };
}

function readYaml(path: string, problems: string[]): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { syscall, code, message } = error as NodeJS.ErrnoException;
    // What YAML says has the line in it, and then the line itself.
    const why = syscall === undefined ? message.split('\n', 1)[0]!.replace(/:$/, '') : code;
    problems.push(`--opening: ${path} can't be read: ${why}`);
    return undefined;
  }
}
