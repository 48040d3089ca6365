import type { Command } from 'commander';
import { readCommandLine } from '../config/read-options.ts';
import { readTargetsCompareConfig, TARGETS_COMPARE_OPTIONS } from '../config/targets-compare-options.ts';
import { TARGETS_BUILD_OPTIONS, TARGETS_LIST_OPTIONS } from '../config/targets-options.ts';
import { KeptEnds } from '../core/ledger/kept-ends.ts';
import { EXIT, exitCodeOf, formatError, RigError, usageError } from '../core/values/errors.ts';
import { humanBytes } from '../core/values/units.ts';
import { type BuiltTarget, buildTarget } from '../lab/build.ts';
import { findTarget, type TargetSource, targetNames } from '../lab/catalogue.ts';
import { openToolchains, type ToolAnswer } from '../lab/toolchain.ts';
import { alignColumns } from './aligned-columns.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** Bytes of what a build printed, of its beginning and of its end. */
const SHOWN_CHARS = 2 ** 20;

/**
 * `connrig targets`: the servers to compare with, and what each needs. `connrig targets build`: makes them, as a run with
 * `--target` does by itself. `connrig targets compare`: measures them side by side.
 */
export function addTargetsCommand(program: Command, deps: CliDeps): void {
  const targets = program
    .command('targets')
    .description('servers in several languages to measure with connrig run --target, and what they need');
  const list = targets
    .command('list', { isDefault: true })
    .description('list them: what each needs, and whether it is here');
  addOptions(list, TARGETS_LIST_OPTIONS).action(async () => {
    const { json } = readCommandLine('targets', TARGETS_LIST_OPTIONS, readLine(list, TARGETS_LIST_OPTIONS, deps.env));
    const find = openToolchains(deps.env);
    const listed = await Promise.all(
      targetNames()
        .map(sourceOf)
        .map(async (source) => ({ source, answers: await Promise.all(source.manifest.toolchain.map(find)) })),
    );
    deps.stdout.write(json ? `${JSON.stringify(listed.map(asJson), null, 2)}\n` : tableOf(listed));
  });
  const build = targets
    .command('build')
    .description('build them into the cache; what is there already is left alone')
    .argument('[names...]', 'names, or folders with a target.yaml');
  addOptions(build, TARGETS_BUILD_OPTIONS).action(async () => {
    const line = readLine(build, TARGETS_BUILD_OPTIONS, deps.env, Number.POSITIVE_INFINITY);
    const { all, json } = readCommandLine('targets build', TARGETS_BUILD_OPTIONS, line);
    if (line.words.length > 0 === all) {
      throw usageError(['name the targets to build, or say --all'], 'connrig targets build --all');
    }
    await buildAll((all ? targetNames() : line.words).map(sourceOf), json, deps);
  });
  const compare = targets
    .command('compare')
    .description('measure all that can be built here by the same plan, and write one page about them')
    .argument('[folder]', 'where runs and page are kept; what is there already is not measured again');
  addOptions(compare, TARGETS_COMPARE_OPTIONS).action(async () => {
    const config = readTargetsCompareConfig(readLine(compare, TARGETS_COMPARE_OPTIONS, deps.env, 1));
    const { compareTargets } = await import('./targets-compare.ts');
    await compareTargets(config, deps);
  });
}

interface Listed {
  readonly source: TargetSource;
  readonly answers: readonly ToolAnswer[];
}

/** @throws RigError EUSAGE */
function sourceOf(nameOrFolder: string): TargetSource {
  const source = findTarget(nameOrFolder);
  if (typeof source === 'string') throw usageError([source], 'connrig targets');
  return source;
}

function asJson({ source: { folder, manifest }, answers }: Listed): object {
  const toolchain = answers.map(({ need: { check, atLeast = null, install }, tool, lack }) => ({
    check,
    atLeast,
    found: tool && { name: tool.name, version: tool.version, said: tool.said },
    lack: tool ? null : lack,
    install,
  }));
  return { ...manifest, folder, available: answers.every(({ tool }) => tool !== null), toolchain };
}

function tableOf(listed: readonly Listed[]): string {
  const rows = listed.map(({ source: { manifest }, answers }) => [
    answers.every(({ tool }) => tool) ? 'ok' : 'lacks',
    manifest.name,
    manifest.protocols.join(', '),
    manifest.what,
    answers
      .map(({ tool, lack, need }) => (tool ? `${tool.name} ${tool.version}` : `${lack} — ${need.install}`))
      .join('; '),
  ]);
  return `${alignColumns([['', 'target', 'speaks', 'what', 'needs'], ...rows])}\n`;
}

/** One after the other, since each build takes all cores. What goes wrong with one keeps none of the others. */
async function buildAll(sources: readonly TargetSource[], json: boolean, deps: CliDeps): Promise<void> {
  const stopping = new AbortController();
  const forget = deps.onSignal(() => {
    if (stopping.signal.aborted) deps.exit(EXIT.interrupted);
    stopping.abort();
  });
  const results: object[] = [];
  const errors: unknown[] = [];
  try {
    for (const source of sources) {
      const { name } = source.manifest;
      const startedAtMs = performance.now();
      try {
        const built = await buildOne(source, stopping.signal, deps);
        const seconds = (performance.now() - startedAtMs) / 1000;
        results.push({ name, ...resultOf(built), seconds });
        const how = built.wasCached ? 'was built before' : `built in ${seconds.toFixed(1)} s`;
        deps.stderr.write(`${name}: ${how}, ${humanBytes(built.deployed.bytes)} to deploy\n`);
      } catch (error) {
        // Everything else is a defect.
        if (!(error instanceof RigError)) throw error;
        errors.push(error);
        results.push({ name, error: { code: error.code, message: error.message, hint: error.hint } });
        deps.stderr.write(`${formatError(error)}\n`);
        if (stopping.signal.aborted) break;
      }
    }
  } finally {
    forget();
  }
  if (json) deps.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  // A build that fails is worse news than a program that isn't installed.
  const codes = errors.map(exitCodeOf);
  const [worst = EXIT.done] = codes.sort((a, b) => b - a);
  deps.setExitCode(worst);
}

/** All that a build prints is shown if it fails, and forgotten otherwise. */
async function buildOne(source: TargetSource, signal: AbortSignal, deps: CliDeps): Promise<BuiltTarget> {
  const output = new KeptEnds(SHOWN_CHARS);
  try {
    return await buildTarget(source, {
      env: deps.env,
      signal,
      onOutput(text) {
        output.add(text);
      },
    });
  } catch (error) {
    deps.stderr.write(output.text);
    throw error;
  }
}

const resultOf = ({ folder, tools, deployed, wasCached }: BuiltTarget): object => ({
  folder,
  tools: tools.map(({ name, version, said }) => ({ name, version, said })),
  deployedBytes: deployed.bytes,
  deployedFiles: deployed.files,
  wasCached,
});
