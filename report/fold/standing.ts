import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { hasProgress, type MemoryPoint } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { LEAST_LEVELS } from '../../core/stats/slope.ts';
import { type ErrorCode, EXIT, EXIT_OF } from '../../core/values/errors.ts';
import { lostIn } from '../../core/values/outcomes.ts';
import { type Unmeasured, unmeasuredOf } from '../../core/values/unmeasured.ts';
import { unshownBroadcast } from '../words/broadcast-phrases.ts';
import { bottleneckHint } from './generator.ts';
import type { RunRecord } from './read-run.ts';
import { unshownTalk } from './unshown-talk.ts';

type Standing = Pick<Summary, 'status' | 'exitCode' | 'error'>;

/**
 * How a run ended, and why: what ended it early, else a leg without a result, else a client that was the bottleneck, else levels
 * that tell too little. What it was to fail by (thresholds-and-growth.ts) is asked only of a run that went all the way.
 */
export function standingOf(record: RunRecord, legs: readonly LegSummary[], bottleneck: string | null): Standing {
  const { run } = record;
  // A run that never got to say how it ended was killed, or still runs.
  if (run.status === 'running' || run.exitCode === null) {
    return { status: 'interrupted', exitCode: EXIT.interrupted, error: errorIn(record) ?? WITHOUT_END };
  }
  if (run.status !== 'passed') {
    return { status: run.status, exitCode: run.exitCode, error: errorIn(record) ?? BROKEN_OFF };
  }
  const unmeasured = unreadableIn(record) ?? unmeasuredIn(record, legs);
  if (unmeasured) return { status: 'failed', exitCode: EXIT_OF[unmeasured.code], error: { ...unmeasured } };
  const unclear = inconclusiveIn(legs);
  if (bottleneck === null) {
    return unclear
      ? { status: 'inconclusive', exitCode: EXIT.inconclusive, error: unclear }
      : { status: 'measured', exitCode: run.exitCode, error: errorIn(record) };
  }
  const hint = bottleneckHint(bottleneck);
  const error = { code: 'EGENERATOR', message: `the client was the bottleneck: ${bottleneck}`, hint };
  return { status: 'invalid', exitCode: EXIT.invalid, error };
}

/** The first one counts. */
function errorIn({ events }: RunRecord): Summary['error'] {
  const first = events.find((event) => event.type === 'error');
  return first ? { code: first.code, message: first.message, hint: first.hint } : null;
}

const WITHOUT_END = {
  code: 'EINTERRUPTED',
  message: 'the run has no end: its client was killed, or is still running',
  hint: 'connrig report <run folder> again once it is over',
};

/** Whatever else ends a run early is an event first. */
const BROKEN_OFF = {
  code: 'EOUT',
  message: 'the record breaks off: it could not be written',
  hint: '--out a folder with room',
};

/** Each leg of each launch of a run that went all the way has as many samples as were written. */
function unreadableIn({ run, samples, problems }: RunRecord): Unmeasured | undefined {
  const ends = new Set(
    samples.flatMap((sample) => (sample.type === 'leg-end' ? [`${sample.launch} ${sample.leg}`] : [])),
  );
  if (problems.length === 0 || ends.size >= run.plan.legs.length * run.plan.launches) return undefined;
  return {
    code: 'ERUNFOLDER',
    message: `the run passed, but what it measured can't all be read: ${problems[0]}`,
    hint: 'connrig report of an undamaged copy of the folder',
  };
}

/** Runs say so themselves, those of earlier versions didn't. */
function unmeasuredIn({ run, samples }: RunRecord, legs: readonly LegSummary[]): Unmeasured | undefined {
  const { launches } = run.plan;
  const { kind } = run.target;
  for (let launch = 0; launch < launches; launch++) {
    for (const [index, leg] of run.plan.legs.entries()) {
      const own = samples.filter((sample) => sample.leg === index && sample.launch === launch);
      const holds = own.filter(
        (sample): sample is MemoryPoint => sample.type === 'memory' && sample.phase === 'hold' && sample.cycle === 0,
      );
      const progress = own.findLast(hasProgress)?.progress;
      const lost = progress ? lostIn(progress.closeReasons) : 0;
      const found = unmeasuredOf({ leg, launch, launches, kind, holds, lost });
      if (found) return found;
    }
  }
  return legs.map((leg, index) => unfittedIn(leg, run.plan.legs[index]!.levels.length, kind)).find((one) => one);
}

/** What the legs don't show, of what they cost and of the round trips that were asked for, and what would settle the first of it. */
function inconclusiveIn(legs: readonly LegSummary[]): Summary['error'] {
  const reasons = legs.flatMap((leg) =>
    [...(leg.inconclusive?.reasons ?? []), unshownTalk(leg) ?? [], unshownBroadcast(leg) ?? []].flat(),
  );
  const [first] = reasons;
  if (!first) return null;
  return {
    code: 'EINCONCLUSIVE' satisfies ErrorCode,
    message: reasons.map(({ sentence }) => sentence).join('; '),
    hint: first.remedy,
  };
}

/** Levels that an earlier leg of the same process went through tell nothing, and of the others too many may be missing. */
function unfittedIn(
  { name, perConnection, inconclusive }: LegSummary,
  planned: number,
  kind: string,
): Unmeasured | undefined {
  if (perConnection !== null || inconclusive !== null || planned < LEAST_LEVELS || kind === 'url') return undefined;
  return {
    code: 'EUNSTABLE',
    message: `${name}: of the levels above those of an earlier leg too few held still`,
    hint: '--levels more, or a run for each leg',
  };
}
