import { checkObjective, humanValue, kindOfObjective, type Objective } from '../../core/limit/objectives.ts';
import type { Limited, Repeat } from '../../core/schemas/find-limit.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { hasProgress, type LegProgress } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { quantileMs } from '../../core/stats/histogram.ts';
import { type ErrorCode, EXIT, EXIT_OF, RigError } from '../../core/values/errors.ts';
import { humanCount, printQuantity } from '../../core/values/units.ts';
import type { RunRecord } from '../fold/read-run.ts';
import { summarize } from '../fold/summarize.ts';

/** What a repeat is held against. */
export interface StepAsked {
  readonly of: Limited;
  readonly objectives: readonly Objective[];
  /** Connections, or opens or messages a second. */
  readonly at: number;
  /** Attempts that may be in flight at once. */
  readonly window: number;
}

/** A step by rate has to have its rate: it may end this much late, as a share of its time, or at least by so much. */
const LATE_SHARE = 0.03;
const LATE_MS = 100;
/** Attempts that open before anything queues. */
const UNHINDERED = 0.1;

/** These say nothing of how many fit: the step can't be made at all. */
const IN_THE_WAY: ReadonlySet<string> = new Set<ErrorCode>([
  'EHOST',
  'ETOOLCHAIN',
  'ETARGETSTART',
  'ETARGETBUILD',
  'EEXPORTER',
  'EINSPECTOR',
  'EMETER',
]);
/** A target that has come to this is not asked for the same again; EMEMORYLIMIT is a run's own word for more than it may take. */
const FINAL: ReadonlySet<string> = new Set(['ETARGETDIED', 'ETARGETMEMORY', 'ETARGETFULL', 'EMEMORYLIMIT']);

/** A limit of the target's memory, as an objective. */
export const memoryObjective = (limitBytes: number): Objective => {
  const expression = `memory <= ${printQuantity('bytes', limitBytes)}`;
  return { expression, name: 'memory', operator: '<=', limit: limitBytes };
};

/**
 * What a repeat came to, by its record.
 *
 * @param name of its folder within that of the search
 * @returns undefined for one that was interrupted
 * @throws RigError what keeps any step from being made: nothing ever opened, or its memory can't be read
 */
export function judgeRepeat(record: RunRecord, name: string, asked: StepAsked): Repeat | undefined {
  const summary = summarize(record);
  const leg = summary.legs[0];
  const { error, ended } = endOf(summary, leg);
  if (ended === 'interrupted') return undefined;
  const told = error && { code: error.code, message: error.message };
  if (ended === 'by this machine') {
    return { folder: name, state: 'client', isFinal: true, values: [], by: error!.message, error: told };
  }
  const values = [...valuesOf(asked, leg), ...paceOfStep(asked, record, leg)];
  const broken = values.filter(({ holds }) => !holds);
  const common = { folder: name, values, error: told };
  if (ended === 'by the target') {
    // Where it gave up, what could not be measured any more says nothing.
    return { ...common, state: 'broke', isFinal: FINAL.has(error!.code), by: error!.message };
  }
  if (broken.length === 0) return { ...common, state: 'held', isFinal: false, by: null, error: null };
  const ownLimit = clientsOwn(record, summary, asked, broken);
  if (ownLimit !== undefined) return { ...common, state: 'client', isFinal: false, by: ownLimit };
  const by = broken.map((one) => brokenBy(one, asked)).join('; ');
  return { ...common, state: 'broke', isFinal: false, by };
}

type Ended = 'through' | 'interrupted' | 'by the target' | 'by this machine';

/**
 * How a run ended, as far as a search goes by that. One level tells no cost, and a client that was too busy may have held all the same.
 *
 * @throws RigError see {@link judgeRepeat}
 */
function endOf({ error }: Summary, leg: LegSummary | undefined): { error: Summary['error']; ended: Ended } {
  const exitCode = error && (EXIT_OF[error.code as ErrorCode] ?? EXIT.defect);
  if (error === null || exitCode === EXIT.inconclusive) return { error: null, ended: 'through' };
  if (exitCode === EXIT.invalid) return { error, ended: 'through' };
  if (exitCode === EXIT.interrupted) return { error, ended: 'interrupted' };
  const isTold = exitCode === EXIT.limits || (exitCode === EXIT.target && (leg?.outcomes.open ?? 0) > 0);
  if (!isTold || IN_THE_WAY.has(error.code)) throw toRigError(error);
  return { error, ended: exitCode === EXIT.limits ? 'by this machine' : 'by the target' };
}

type Value = Repeat['values'][number];

function valuesOf({ objectives }: StepAsked, leg: LegSummary | undefined): Value[] {
  return objectives.map((objective) => ({ objective: objective.expression, ...checkObjective(objective, leg) }));
}

/** A target that takes its time over each makes all wait, and their rate is another one than was asked for. */
function paceOfStep({ of, at }: StepAsked, record: RunRecord, leg: LegSummary | undefined): Value[] {
  if (of === 'connections') return [];
  const { did, inMs } = of === 'opens' ? openedIn(record) : sentIn(record);
  if (did === 0 || leg === undefined) return [{ objective: PACE, value: null, holds: false }];
  const lateMs = inMs - (did * 1000) / at;
  // The last of so few may be due a moment after the end.
  const mayBeLateMs = Math.max(LATE_SHARE * inMs, LATE_MS) + (of === 'messages' ? 1000 / at : 0);
  return [{ objective: PACE, value: (did * 1000) / inMs, holds: lateMs <= mayBeLateMs }];
}

/** On the climb, until the last would have been open had it not had to wait for others. */
function openedIn(record: RunRecord): { did: number; inMs: number } {
  const progress = lastProgress(record);
  if (!progress) return { did: 0, inMs: 0 };
  const { rampOpened, rampMs } = progress;
  return { did: rampOpened, inMs: Math.max(1, rampMs - (soonestMs(progress) ?? 0)) };
}

function sentIn({ samples }: RunRecord): { did: number; inMs: number } {
  const talk = samples.findLast((sample) => sample.type === 'memory' && sample.talk !== null);
  return talk?.type === 'memory' && talk.talk
    ? { did: talk.talk.messages, inMs: talk.talk.durationMs }
    : { did: 0, inMs: 0 };
}

const lastProgress = ({ samples }: RunRecord): LegProgress | undefined => samples.findLast(hasProgress)?.progress;

/** How long those took that nobody was in the way of. */
const soonestMs = ({ openActual }: LegProgress): number | undefined => quantileMs(openActual, UNHINDERED);

const PACE = 'pace';

/** Why it was the client: what broke is made of time, and the client took it. */
function clientsOwn(
  record: RunRecord,
  { generator }: Summary,
  { of, at, window, objectives }: StepAsked,
  broken: readonly Value[],
): string | undefined {
  const isOfTime = ({ objective }: Value): boolean => {
    const name = objectives.find(({ expression }) => expression === objective)?.name;
    return name === undefined || name === 'unanswered' || kindOfObjective(name) === 'duration';
  };
  if (!broken.every(isOfTime)) return undefined;
  if (generator.bottleneck !== null) return `the client was the bottleneck: ${generator.bottleneck}`;
  if (of !== 'opens') return undefined;
  const progress = lastProgress(record);
  const eachMs = progress && soonestMs(progress);
  const mostPerSecond = eachMs === undefined ? Number.POSITIVE_INFINITY : (window * 1000) / eachMs;
  return mostPerSecond >= at
    ? undefined
    : `${humanCount(window)} attempts in flight (--window) are no more than ${humanCount(mostPerSecond)} opens a second, by the time each takes`;
}

function brokenBy({ objective, value }: Value, { of, at, objectives }: StepAsked): string {
  if (objective === PACE) {
    const what = of === 'opens' ? 'opened' : 'sent';
    return value === null
      ? `nothing was ${what}`
      : `only ${humanCount(value)} of ${humanCount(at)} a second were ${what}`;
  }
  const { name, operator } = objectives.find(({ expression }) => expression === objective)!;
  const limit = objective.slice(objective.indexOf(operator));
  return value === null
    ? `${name} is not known, and has to be ${limit}`
    : `${name} was ${humanValue(name, value)}, not ${limit}`;
}

const toRigError = ({ code, message, hint }: NonNullable<Summary['error']>): RigError =>
  new RigError(code in EXIT_OF ? (code as ErrorCode) : 'EDEFECT', message, { hint });
