import { bracketOf, nextStep, type SearchEnd, type Tried } from '../../core/limit/limit-search.ts';
import { kindOfObjective, type Objective } from '../../core/limit/objectives.ts';
import { stepVerdict } from '../../core/limit/step-verdict.ts';
import type { FindLimit, Repeat, SearchStep } from '../../core/schemas/find-limit.ts';
import { type ErrorCode, EXIT, EXIT_OF, type ExitCode, RigError } from '../../core/values/errors.ts';

/** What a search needs beside its question. */
export interface SearchDeps {
  /** Aborted when the person wants it to end. */
  readonly signal: AbortSignal;
  /** All that has to hold, a limit of memory included. */
  readonly objectives: readonly Objective[];
  /**
   * Makes one repeat of a step, by the name of its folder; undefined where it was interrupted. @throws RigError what keeps any step from
   * being made
   */
  readonly repeat: (name: string, at: number) => Promise<Repeat | undefined>;
  /** Keeps the search as it stands. Called after each repeat. */
  readonly save: (search: FindLimit) => void;
  /** Told when a step begins, and when it is over. */
  readonly onStep: (step: SearchStep, index: number) => void;
}

/**
 * Makes the steps that are missing, until the bracket is narrow enough or nothing more can be learnt.
 *
 * @returns the search with its end; also where something ended it before
 */
export async function findLimit(search: FindLimit, deps: SearchDeps): Promise<FindLimit> {
  const plan = { from: search.from.at, most: search.most.at, within: search.within / 100, maxSteps: search.maxSteps };
  const { steps } = search;
  const tried = (): Tried[] => steps.flatMap((step) => triedIn(step, deps.objectives) ?? []);
  try {
    for (;;) {
      const next = nextStep(tried(), plan);
      const open = steps.find(({ verdict }) => verdict === null);
      if (!open && 'end' in next) return { ...search, ...endOf(next.end, search, tried()) };
      const step: SearchStep = open ?? { at: 'at' in next ? next.at : 1, verdict: null, repeats: [] };
      if (!open) steps.push(step);
      if (!(await makeStep(step, search, deps))) {
        return { ...search, status: 'interrupted', exitCode: EXIT.interrupted };
      }
    }
  } catch (error) {
    if (!(error instanceof RigError) || error.code === 'EOUT') throw error;
    return { ...search, ...brokenOff(error, search, tried) };
  }
}

/** @returns false where it was interrupted */
async function makeStep(step: SearchStep, search: FindLimit, deps: SearchDeps): Promise<boolean> {
  const index = search.steps.indexOf(step);
  deps.onStep(step, index);
  for (;;) {
    const verdict = stepVerdict(step.repeats, search.question.repeats);
    if (verdict !== undefined) {
      step.verdict = verdict;
      deps.save(search);
      deps.onStep(step, index);
      return true;
    }
    if (deps.signal.aborted) return false;
    const name = `step-${String(index + 1).padStart(2, '0')}-${step.repeats.length + 1}`;
    const repeat = await deps.repeat(name, step.at);
    if (!repeat) return false;
    step.repeats.push(repeat);
    deps.save(search);
  }
}

function triedIn({ at, verdict, repeats }: SearchStep, objectives: readonly Objective[]): Tried | undefined {
  if (verdict === null) return undefined;
  const sights = objectives.map(({ expression, limit, name }) => {
    const values = repeats.map(({ values }) => values.find(({ objective }) => objective === expression)?.value ?? null);
    return { of: expression, value: medianOf(values), limit, isLinear: kindOfObjective(name) === 'bytes' };
  });
  return { at, verdict, sights };
}

/** One that isn't known may be anything. */
function medianOf(values: ReadonlyArray<number | null>): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known.length < values.length || known.length === 0 ? null : known[Math.floor(known.length / 2)]!;
}

type End = Pick<FindLimit, 'status' | 'exitCode' | 'bracket'>;

function endOf(status: SearchEnd, { steps, most }: FindLimit, tried: readonly Tried[]): End {
  const bracket = toldBracket(steps, tried);
  return { status, exitCode: exitCodeFor(status, most.isAsked, steps, bracket), bracket };
}

function exitCodeFor(
  status: SearchEnd,
  isAsked: boolean,
  steps: readonly SearchStep[],
  { broke }: FindLimit['bracket'],
): ExitCode {
  if (status === 'found') return EXIT.done;
  if (status === 'unbroken') return isAsked ? EXIT.done : EXIT.limits;
  if (status === 'none') return EXIT.threshold;
  if (status === 'wide') return EXIT.inconclusive;
  // A limit of this machine is another matter than a client that was too busy.
  const codes = stepAt(steps, broke!.at).repeats.map(({ error }) => EXIT_OF[error?.code as ErrorCode]);
  return codes.includes(EXIT.limits) ? EXIT.limits : EXIT.invalid;
}

/** Where the limit lies by the steps so far, for people. */
export function toldBracket(steps: readonly SearchStep[], tried: readonly Tried[]): FindLimit['bracket'] {
  const { low, high } = bracketOf(tried);
  const held = low && stepAt(steps, low.at);
  const broke = high && stepAt(steps, high.at);
  const by = broke?.repeats.find(({ state }) => state === broke.verdict)?.by;
  return {
    held: held
      ? { at: held.at, times: held.repeats.filter(({ state }) => state === 'held').length, of: held.repeats.length }
      : null,
    broke: broke ? { at: broke.at, by: by ?? '', isClient: broke.verdict === 'client' } : null,
  };
}

const stepAt = (steps: readonly SearchStep[], at: number): SearchStep => steps.find((step) => step.at === at)!;

/** A target that was there for a while and is no longer has been brought down, and that is a finding. */
function brokenOff(
  error: RigError,
  { steps }: FindLimit,
  tried: () => Tried[],
): Pick<FindLimit, 'status' | 'exitCode' | 'bracket' | 'error'> {
  const { code, message, hint, exitCode } = error;
  const isGone = steps.some(({ repeats }) => repeats.some(({ state }) => state === 'broke'));
  const last = steps.find(({ verdict }) => verdict === null);
  if (isGone && last?.repeats.some(({ state }) => state === 'broke')) last.verdict = 'broke';
  // One that nothing is known of is none.
  if (last && last.repeats.length === 0) steps.splice(steps.indexOf(last), 1);
  return {
    status: isGone ? 'gone' : 'failed',
    exitCode: isGone ? EXIT.target : exitCode,
    bracket: toldBracket(steps, tried()),
    error: { code, message, hint },
  };
}
