import type { FindLimit, Limited } from '../../core/schemas/find-limit.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type ErrorCode, EXIT, EXIT_OF, RigError } from '../../core/values/errors.ts';
import { humanCount } from '../../core/values/units.ts';
import type { RunRecord } from '../fold/read-run.ts';
import { summarize } from '../fold/summarize.ts';
import { LIMITS } from '../words/capacity-phrases.ts';

/** A forecast is a guess beyond; nobody's server is to be asked for a hundred times what it was seen to hold. */
const MOST_TIMES = 10;

/**
 * The first guess, by a run of a few levels: where its first limit is forecast, and no further than ten times its top level.
 *
 * @param memoryLimitBytes that the target's memory is held against
 * @returns undefined where it was interrupted
 * @throws RigError what kept it from opening any connection
 */
export function forecastIn(
  record: RunRecord,
  of: Limited,
  memoryLimitBytes: number | undefined,
): FindLimit['from'] | undefined {
  const { legs, limiters, error } = summarize(record);
  const leg = legs[0];
  const held = leg?.levels.at(-1)?.open ?? 0;
  const exitCode = error && EXIT_OF[error.code as ErrorCode];
  if (exitCode === EXIT.interrupted) return undefined;
  if (error && (leg?.outcomes.open ?? 0) === 0) {
    throw new RigError((error.code in EXIT_OF ? error.code : 'EDEFECT') as ErrorCode, error.message, error);
  }
  if (of === 'opens') {
    const cpu = limiters.find(({ unit }) => unit === 'opens per second');
    if (cpu) return { at: Math.max(1, cpu.at), why: 'what the processor time of one open comes to' };
    const rate = Math.max(1, Math.floor(leg?.open.ratePerSecond ?? 1));
    return { at: rate, why: 'the pace at which a short run opened' };
  }
  if (error && exitCode !== EXIT.inconclusive) {
    return { at: Math.max(1, held), why: `a short run held that, and went no further: ${error.message}` };
  }
  const memory = memoryLimitBytes === undefined ? undefined : roughly(leg, memoryLimitBytes);
  const first = [...limiters, ...(memory === undefined ? [] : [memory])]
    .filter(({ unit }) => unit === 'connections')
    .sort((a, b) => a.at - b.at)[0];
  const most = Math.max(1, held * MOST_TIMES);
  if (first === undefined)
    return { at: most, why: `${MOST_TIMES} times what a short run held, which forecasts no limit` };
  const { what, at } = first;
  return at <= most
    ? { at: Math.max(1, at), why: `a short run forecasts ${LIMITS[what]} there` }
    : {
        at: most,
        why: `${MOST_TIMES} times what a short run held; it forecasts ${LIMITS[what]} at ${humanCount(at)}`,
      };
}

/** Where a limit of memory lies by a line from the baseline through the top level: good enough for a guess, where nothing tells the cost. */
function roughly(
  leg: LegSummary | undefined,
  limitBytes: number,
): Pick<Summary['limiters'][number], 'what' | 'at' | 'unit'> | undefined {
  const top = leg?.levels.at(-1);
  const bytes = top?.bytes.total ?? top?.bytes.user ?? null;
  const before = leg?.baselineBytes ?? null;
  if (!top || bytes === null || before === null || bytes <= before) return undefined;
  const at = Math.max(1, Math.floor(((limitBytes - before) * top.open) / (bytes - before)));
  return { what: 'memory', at, unit: 'connections' };
}
