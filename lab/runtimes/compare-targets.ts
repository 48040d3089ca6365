import type { Goroutines, RuntimesResult } from '../../core/schemas/runtimes.ts';
import type { TargetSource } from '../catalogue.ts';
import { measureGoroutines } from '../goroutines.ts';
import type { Manifest } from '../manifest.ts';
import type { CellDeps } from '../run-cell.ts';
import type { Env } from '../toolchain.ts';
import { type Measured, measureCells } from './measure.ts';
import { cellsOf, type RuntimesPlan } from './plan.ts';
import { type Prepared, prepare } from './prepare.ts';

/** What was built and measured of the targets, before anything of it is summed up. */
export interface MeasuredTargets {
  readonly targets: RuntimesResult['targets'];
  /** Those that could be built. */
  readonly built: readonly Manifest[];
  readonly measured: readonly Measured[];
  readonly goroutines: Goroutines | null;
  /** All was done that was to be done, whatever came of it. */
  readonly isWhole: boolean;
}

export interface CompareDeps extends CellDeps {
  readonly signal: AbortSignal;
  /** Told in a line what is going on. */
  readonly say: (line: string) => void;
}

/**
 * Builds the targets, and makes the runs of a plan that have no result yet, each in a process of its own.
 *
 * @param seed of the order of the runs
 * @throws RigError EINTERRUPTED while targets are built; what an earlier attempt came to stays
 */
export async function measureTargets(
  sources: readonly TargetSource[],
  plan: RuntimesPlan,
  seed: number,
  deps: CompareDeps,
): Promise<MeasuredTargets> {
  const { signal, say, env } = deps;
  const prepared = await prepare(sources, deps, say);
  const built = prepared.filter((one) => one.state === 'built');
  const cells = cellsOf(
    plan,
    built.map(({ source: { given, manifest } }) => ({ given, name: manifest.name, protocols: manifest.protocols })),
    seed,
  );
  const measured = await measureCells(cells, deps, { say, isOver: () => signal.aborted });
  const isWhole = !signal.aborted && measured.length === cells.length;
  return {
    targets: prepared.map((one) => tellTarget(one, measured)),
    built: built.map(({ source }) => source.manifest),
    measured,
    goroutines: isWhole ? await tryGoroutines(prepared, env, say) : null,
    isWhole,
  };
}

function tellTarget(one: Prepared, measured: readonly Measured[]): RuntimesResult['targets'][number] {
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

async function tryGoroutines(
  prepared: readonly Prepared[],
  env: Env,
  say: (line: string) => void,
): Promise<Goroutines | null> {
  const go = prepared.find((one) => one.state === 'built' && one.source.manifest.language === 'Go');
  if (go?.state !== 'built') return null;
  try {
    return await measureGoroutines(go.built, env);
  } catch (error) {
    say(`goroutines can't be measured: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}
