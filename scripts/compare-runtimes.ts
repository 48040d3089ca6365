/**
 * `npm run compare-runtimes [-- --quick] [--only names] [--with earlier] [folder]`: the same plan for every target that can
 * be built here, and one page of what came of it. Begun again in the same folder it goes on with what is missing. With an
 * earlier comparison's folder it tells how far the two agree. Ends with 1 when a target failed, with 3 when none did but
 * one was left out for want of a program. Ends with 2 when asked for something that isn't there, with 130 when interrupted.
 */
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { z } from 'zod';
import { EXIT, RigError } from '../core/values/errors.ts';
import { findTarget, type TargetSource, targetNames } from '../lab/catalogue.ts';
import { readRun } from '../report/fold/read-run.ts';
import { aligned } from '../report/outputs/terminal.ts';
import { writeFileWhole } from '../report/outputs/write-whole.ts';
import { measuredOn } from '../report/words/circumstances.ts';
import { plain } from '../report/words/phrase.ts';
import { gridOf } from '../report/words/table.ts';
import { agreementOf, agreementTable } from './runtimes/agreement.ts';
import { claimsOf } from './runtimes/claims.ts';
import { collect } from './runtimes/collect.ts';
import { type Goroutines, measureGoroutines } from './runtimes/goroutines.ts';
import { type Measured, measure } from './runtimes/measure.ts';
import { type Circumstances, claimsTable } from './runtimes/outputs.ts';
import { cellsOf, FULL, QUICK, toldOf } from './runtimes/plan.ts';
import { type Prepared, prepare } from './runtimes/prepare.ts';
import { RuntimesResult } from './runtimes/result.ts';
import { writeRuntimes } from './runtimes/write.ts';

const CONNRIG: readonly [string, ...string[]] = [
  process.execPath,
  fileURLToPath(new URL('../bin/main.js', import.meta.url)),
];
const PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url));
/** What a comparison was begun with: only the same can be gone on with. */
const Begun = z.object({ quick: z.boolean(), seed: z.number(), plan: z.unknown() });
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const { values, positionals, problem } = readArguments();
const quick = values.quick;
const PLAN = quick ? QUICK : FULL;
const folder = positionals[0] ?? (quick ? 'runs/runtimes-quick' : 'runs/runtimes');
const sources = (values.only?.split(',') ?? targetNames()).map(findTarget);
const names = sources.flatMap((source) => (typeof source === 'string' ? [] : source.manifest.name));
const earlier = values.with === undefined ? undefined : readEarlier(values.with);
const problems = [
  ...(problem === '' ? [] : [problem]),
  ...sources.filter((source) => typeof source === 'string'),
  ...(typeof earlier === 'string' ? [earlier] : []),
  ...(positionals.length > 1 ? ['name one folder'] : []),
  ...(new Set(names).size < names.length ? ['two targets have the same name, which their results are kept by'] : []),
];
const seed = begin();
if (problems.length > 0 || seed === undefined) {
  for (const problem of problems) say(problem);
  if (seed === undefined) say(`${folder} holds a comparison by another plan: name another folder`);
  process.exitCode = EXIT.usage;
} else {
  await compare(
    sources.filter((source) => typeof source !== 'string'),
    seed,
    typeof earlier === 'object' ? earlier : undefined,
  );
}

/** @returns with a sentence in `problem` where they won't do */
function readArguments() {
  try {
    const options = {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      with: { type: 'string' },
    } as const;
    return { ...parseArgs({ options, allowPositionals: true }), problem: '' };
  } catch (error) {
    return {
      values: { quick: false, only: undefined, with: undefined },
      positionals: [],
      problem: String((error as Error).message),
    };
  }
}

/** @returns what its order depends on; undefined when the folder belongs to a comparison by another plan */
function begin(): number | undefined {
  const path = join(folder, 'plan.json');
  if (existsSync(path)) {
    const begun = Begun.parse(JSON.parse(readFileSync(path, 'utf8')));
    return begun.quick === quick && isDeepStrictEqual(begun.plan, PLAN) ? begun.seed : undefined;
  }
  const made = randomInt(2 ** 31);
  if (problems.length === 0)
    writeFileWhole(folder, 'plan.json', `${JSON.stringify({ quick, seed: made, plan: PLAN })}\n`);
  return made;
}

/** @returns a sentence when there is no comparison that has come to its end */
function readEarlier(from: string): RuntimesResult | string {
  try {
    const result = RuntimesResult.parse(JSON.parse(readFileSync(join(from, 'runtimes.json'), 'utf8')));
    return result.isWhole ? result : `${from} holds a comparison that was not finished: go on with that one first`;
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it has another shape' : (error as Error).message.split('\n')[0];
    return `${from} holds no comparison: ${why}`;
  }
}

async function compare(
  asked: readonly TargetSource[],
  order: number,
  earlier: RuntimesResult | undefined,
): Promise<void> {
  const stopping = new AbortController();
  // The run that goes on has the signal too, and ends in order.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  mkdirSync(folder, { recursive: true });
  const prepared = await prepare(asked, stopping.signal, say).catch((error: unknown) => {
    if (error instanceof RigError) return undefined;
    throw error;
  });
  if (!prepared) {
    // What an earlier attempt came to stays.
    process.exitCode = EXIT.interrupted;
    return;
  }
  const built = prepared.filter((one) => one.state === 'built');
  const cells = cellsOf(
    PLAN,
    built.map(({ source: { given, manifest } }) => ({ given, name: manifest.name, protocols: manifest.protocols })),
    order,
  );
  const measured = await measure(cells, folder, CONNRIG, { say, isOver: () => stopping.signal.aborted });
  const isWhole = !stopping.signal.aborted && measured.length === cells.length;
  const goroutines = isWhole ? await goroutinesOf(prepared) : null;

  const targets = prepared.map((one) => describe(one, measured));
  const results = built.flatMap(({ source: { manifest } }) =>
    manifest.protocols.map((protocol) => collect(manifest, protocol, PLAN, folder, measured)),
  );
  const result: RuntimesResult = {
    schema: 1,
    connrigVersion: versionOf(),
    quick,
    isWhole,
    plan: toldOf(PLAN),
    targets,
    goroutines,
    results,
    claims: claimsOf({ targets, goroutines, results }),
  };
  writeRuntimes(folder, result, circumstancesOf(measured));

  const grid = gridOf(claimsTable(result.claims), plain).map((row) => row.slice(0, 2));
  const agreement = earlier ? gridOf(agreementTable(agreementOf(earlier, result)), plain) : [];
  const tables = [grid, ...(earlier ? [agreement] : [])].map((rows) => `${aligned(rows).join('\n')}\n\n`);
  process.stdout.write(`${tables.join('')}${join(folder, 'runtimes.html')}\n`);
  for (const { name, state, said } of targets) if (state !== 'measured') say(`${name} ${state}: ${said}`);
  process.exitCode = !isWhole
    ? EXIT.interrupted
    : targets.some(({ state }) => state === 'failed')
      ? EXIT.defect
      : targets.some(({ state }) => state === 'skipped')
        ? EXIT.limits
        : EXIT.done;
}

function describe(one: Prepared, measured: readonly Measured[]): RuntimesResult['targets'][number] {
  const { name, language, what } = one.source.manifest;
  if (one.state !== 'built') {
    return { name, language, what, tools: '', state: one.state, said: one.why, deployed: null };
  }
  const { tools, deployed } = one.built;
  // That a machine can't hold the most is a result; that it can't hold the rest is none.
  const failed = measured.filter(
    ({ cell, state }) => cell.target === name && (state === 'failed' || (state === 'refused' && cell.kind !== 'many')),
  );
  return {
    name,
    language,
    what,
    deployed,
    tools: tools.map((tool) => `${tool.name} ${tool.version}`).join('; '),
    state: failed.length > 0 ? 'failed' : 'measured',
    said: failed.map(({ cell, said }) => `${cell.name}: ${said.trim()}`).join('\n'),
  };
}

async function goroutinesOf(prepared: readonly Prepared[]): Promise<Goroutines | null> {
  const go = prepared.find((one) => one.state === 'built' && one.source.manifest.language === 'Go');
  if (go?.state !== 'built') return null;
  try {
    return await measureGoroutines(go.built);
  } catch (error) {
    say(`goroutines can't be measured: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

/** What all runs have in common. */
function circumstancesOf(measured: readonly Measured[]): Circumstances {
  const shared = new Set(['Machine of the client', 'Kernel', 'Limits', 'Versions']);
  const one = measured.find(({ state }) => state === 'measured' || state === 'kept');
  if (!one) return [];
  return measuredOn(readRun(join(folder, one.cell.name)).run).filter(([label]) => shared.has(label));
}

function versionOf(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(PACKAGE, 'utf8'))).version;
}
