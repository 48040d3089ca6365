import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { TargetsCompareConfig } from '../config/targets-compare-options.ts';
import type { RuntimesResult } from '../core/schemas/runtimes.ts';
import { EXIT } from '../core/values/errors.ts';
import { BEGUN_FILE, readSeed, writeBegun } from '../lab/runtimes/begun.ts';
import { type MeasuredTargets, measureTargets } from '../lab/runtimes/compare-targets.ts';
import { FULL, QUICK, type RuntimesPlan, toldOf } from '../lab/runtimes/plan.ts';
import { readRun } from '../report/fold/read-run.ts';
import { aligned } from '../report/outputs/terminal.ts';
import { writeFileWhole } from '../report/outputs/write-whole.ts';
import { agreementOf, agreementTable } from '../report/runtimes/agreement.ts';
import { claimsOf } from '../report/runtimes/claims.ts';
import { collect } from '../report/runtimes/collect.ts';
import { type Circumstances, claimsTable } from '../report/runtimes/outputs.ts';
import { writeRuntimes } from '../report/runtimes/write.ts';
import { type CircumstanceKey, measuredOn } from '../report/words/circumstances.ts';
import { plain } from '../report/words/phrase.ts';
import { gridOf } from '../report/words/table.ts';
import type { CliDeps } from './deps.ts';

/**
 * The same plan for every target that can be built here, and one page of what came of it. Begun again in the same folder it
 * goes on with what is missing. Ends with 1 when a target failed, with 3 when none did but one was left out for want of a
 * program, with 130 when interrupted.
 */
export async function compareTargets(config: TargetsCompareConfig, deps: CliDeps): Promise<void> {
  const { folder, earlier } = config;
  const say = (line: string): void => void deps.stderr.write(`${line}\n`);
  const plan = config.isQuick ? QUICK : FULL;
  const found = await measure(config, plan, say, deps);
  const result = sumUp(found, plan, folder, deps.version);
  writeRuntimes(folder, result, tellCircumstances(found, folder));

  const claims = gridOf(claimsTable(result.claims), plain).map((row) => row.slice(0, 2));
  const agreement = earlier ? gridOf(agreementTable(agreementOf(earlier, result)), plain) : undefined;
  for (const rows of agreement ? [claims, agreement] : [claims]) deps.stdout.write(`${aligned(rows).join('\n')}\n\n`);
  deps.stdout.write(`${join(folder, 'runtimes.html')}\n`);
  for (const { name, state, said } of result.targets) if (state !== 'measured') say(`${name} ${state}: ${said}`);
  deps.setExitCode(findExitCode(result));
}

async function measure(
  { sources, folder }: TargetsCompareConfig,
  plan: RuntimesPlan,
  say: (line: string) => void,
  deps: CliDeps,
): Promise<MeasuredTargets> {
  const begun = readSeed(folder, plan);
  const seed = begun ?? randomInt(2 ** 31);
  if (begun === undefined) writeFileWhole(folder, BEGUN_FILE, writeBegun(plan, seed));
  const stopping = new AbortController();
  // The run that goes on has the signal too, and ends in order.
  const forget = deps.onSignal(() => {
    if (stopping.signal.aborted) deps.exit(EXIT.interrupted);
    stopping.abort();
  });
  try {
    return await measureTargets(sources, plan, seed, {
      folder,
      connrig: deps.self,
      env: deps.env,
      signal: stopping.signal,
      say,
      onOutput: (text) => deps.stderr.write(text),
    });
  } finally {
    forget();
  }
}

function sumUp(found: MeasuredTargets, plan: RuntimesPlan, folder: string, version: string): RuntimesResult {
  const { targets, built, measured, goroutines, isWhole } = found;
  const results = built.flatMap((manifest) =>
    manifest.protocols.map((scheme) => collect(manifest, scheme, plan.levels, folder, measured)),
  );
  return {
    schema: 1,
    connrigVersion: version,
    quick: plan.quick,
    isWhole,
    plan: toldOf(plan),
    targets,
    goroutines,
    results,
    claims: claimsOf({ targets, goroutines, results }),
  };
}

/** What all runs have in common. */
function tellCircumstances({ measured }: MeasuredTargets, folder: string): Circumstances {
  const shared = new Set<CircumstanceKey>(['machine', 'kernel', 'limits', 'versions']);
  const one = measured.find(({ state }) => state === 'measured' || state === 'kept');
  if (!one) return [];
  return measuredOn(readRun(join(folder, one.cell.name)).run).filter(({ key }) => shared.has(key));
}

function findExitCode({ isWhole, targets }: RuntimesResult): number {
  if (!isWhole) return EXIT.interrupted;
  const is = (wanted: RuntimesResult['targets'][number]['state']): boolean =>
    targets.some(({ state }) => state === wanted);
  if (is('failed')) return EXIT.defect;
  return is('skipped') ? EXIT.limits : EXIT.done;
}
