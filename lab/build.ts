import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RigError } from '../core/values/errors.ts';
import { word } from '../core/values/shell.ts';
import { makeFolders } from '../files/inside.ts';
import type { TargetSource } from './catalogue.ts';
import { foreignBelow } from './own-folders.ts';
import { addSizes, hashOf, measureSize, readSourceFiles, type SourcesSize, writeSources } from './sources.ts';
import { type Env, openToolchains, type Tool } from './toolchain.ts';

/** A target that can be started. */
export interface BuiltTarget {
  readonly source: TargetSource;
  /** Where its `run` runs. */
  readonly folder: string;
  readonly tools: readonly Tool[];
  /** What would be put on a server; the runtime that some need there isn't among it. */
  readonly deployed: SourcesSize;
  /** It was there already. */
  readonly wasCached: boolean;
}

export interface BuildDeps {
  readonly env: Env;
  readonly signal: AbortSignal;
  /** What the build prints, as it comes. */
  readonly onOutput: (text: string) => void;
}

/** Changes when a build made by an earlier version of the rig wouldn't do any more. */
const LAYOUT = 1;
const BELOW_ROOT = ['connrig', 'targets'];
const BUILDING = '.building-';
/** A build that was killed leaves its folder behind. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;
const TERMINATED_WITHIN_MS = 2000;
/** Lines of its output that an error shows. */
const SHOWN_LINES = 5;
const KEPT_OUTPUT_CHARS = 8192;

/**
 * Builds a target, unless the same sources were built with the same tools before. Several may do so at once: each in a
 * folder of its own, and the first that is done gives the folder its name.
 *
 * @throws RigError ETOOLCHAIN for what is missing, with the line that installs it; ETARGETBUILD with the end of its
 * output, or for a cache that others may write to; EINTERRUPTED
 */
export async function buildTarget(source: TargetSource, deps: BuildDeps): Promise<BuiltTarget> {
  const { name, deployed: paths } = source.manifest;
  const tools = await toolsFor(source, deps.env);
  const files = readSourceFiles(source.folder);
  const hash = hashOf(files, [String(LAYOUT), process.platform, process.arch, ...tools.map(({ said }) => said)]);
  const root = cacheRoot(deps.env);
  const built = `${name}-${hash}`;
  assertOwn(root, built, source);
  const cache = join(root, ...BELOW_ROOT);
  const folder = join(cache, built);
  const wasCached = existsSync(folder);
  if (!wasCached) {
    const workshop = makeWorkshop(cache, name);
    try {
      writeSources(files, workshop);
      for (const step of source.manifest.build) await carryOut(step, workshop, source, withTools(deps, tools));
      const absent = paths.find((path) => measureSize(join(workshop, path)) === undefined);
      if (absent !== undefined) throw buildError(source, `its build makes no ${absent}, which is to be deployed`);
      moveTo(workshop, folder);
    } finally {
      rmSync(workshop, { recursive: true, force: true });
    }
  }
  const deployed = addSizes(paths.map((path) => measureSize(join(folder, path))));
  return { source, folder, tools, deployed, wasCached };
}

async function toolsFor({ manifest }: TargetSource, env: Env): Promise<Tool[]> {
  const answers = await Promise.all(manifest.toolchain.map(openToolchains(env)));
  const lacking = answers.filter(({ tool }) => tool === null);
  if (lacking.length > 0) {
    const lacks = lacking.map(({ lack }) => lack).join('; ');
    throw new RigError('ETOOLCHAIN', `${manifest.name} can't be built here: ${lacks}`, {
      hint: lacking.map(({ need }) => need.install).join(' && '),
    });
  }
  return answers.flatMap(({ tool }) => tool ?? []);
}

/** As the XDG base directories have it. */
function cacheRoot(env: Env): string {
  const given = env['XDG_CACHE_HOME'] ?? '';
  return isAbsolute(given) ? given : join(env['HOME'] || homedir(), '.cache');
}

/** What lies in the cache is run as it is. @throws RigError ETARGETBUILD when somebody else may have put it there */
function assertOwn(root: string, built: string, { manifest }: TargetSource): void {
  const foreign = foreignBelow(root, [...BELOW_ROOT, built]);
  if (!foreign) return;
  const { path, why, hint } = foreign;
  throw new RigError('ETARGETBUILD', `${manifest.name} is not run from the cache: ${path} ${why}`, { hint });
}

function makeWorkshop(cache: string, name: string): string {
  try {
    makeFolders(cache);
    for (const left of readdirSync(cache).filter((entry) => entry.startsWith(BUILDING))) {
      const { mtimeMs = Date.now() } = statSync(join(cache, left), { throwIfNoEntry: false }) ?? {};
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) rmSync(join(cache, left), { recursive: true, force: true });
    }
    return mkdtempSync(join(cache, `${BUILDING}${name}-`));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RigError('ETARGETBUILD', `${name} can't be built in ${cache} (${code})`, {
      hint: 'XDG_CACHE_HOME=<a folder that can be written>',
      cause,
    });
  }
}

/** A folder that appears has all that belongs to it. */
function moveTo(workshop: string, folder: string): void {
  try {
    renameSync(workshop, folder);
  } catch (error) {
    // Somebody else was quicker, with the same.
    if (!existsSync(folder)) throw error;
  }
}

const withTools = (deps: BuildDeps, tools: readonly Tool[]): BuildDeps => {
  const PATH = [...foldersOf(tools), deps.env['PATH'] ?? ''].join(delimiter);
  return { ...deps, env: { ...deps.env, PATH } };
};

/** Folders of tools that aren't in PATH. */
export const foldersOf = (tools: readonly Tool[]): string[] => [
  ...new Set(tools.flatMap(({ outsideFolder }) => outsideFolder ?? [])),
];

async function carryOut(step: string, cwd: string, source: TargetSource, deps: BuildDeps): Promise<void> {
  if (deps.signal.aborted) throw interruptedWhile(source);
  const { env, signal } = deps;
  const child = spawn('/bin/sh', ['-c', step], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let end = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      end = (end + text).slice(-KEPT_OUTPUT_CHARS);
      deps.onOutput(text);
    });
  }
  const stop = (): void => void endGroup(child.pid);
  signal.addEventListener('abort', stop, { once: true });
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code, by) => resolve(code === 0 ? undefined : (by ?? `exit code ${code}`)));
  });
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw interruptedWhile(source);
  if (how === undefined) return;
  const lines = end.split('\n').filter((line) => line.trim() !== '');
  const shown = lines.length === 0 ? '' : `: ${lines.slice(-SHOWN_LINES).join(' | ')}`;
  throw buildError(source, `"${step}" failed (${how})${shown}`);
}

const buildError = ({ given, manifest }: TargetSource, why: string): RigError =>
  new RigError('ETARGETBUILD', `${manifest.name} can't be built: ${why}`, {
    hint: `connrig targets build ${word(given)}, for all that it prints`,
  });

const interruptedWhile = ({ given, manifest }: TargetSource): RigError =>
  new RigError('EINTERRUPTED', `interrupted while ${manifest.name} was built`, {
    hint: `connrig targets build ${word(given)}`,
  });

/** Builds start programs that start programs. */
async function endGroup(leader: number | undefined): Promise<void> {
  if (leader === undefined) return;
  signalGroup(leader, 'SIGTERM');
  await delay(TERMINATED_WITHIN_MS);
  signalGroup(leader, 'SIGKILL');
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // All of it has ended.
  }
}
