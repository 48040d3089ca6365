import { z } from 'zod';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type ErrorCode, EXIT } from '../../core/values/errors.ts';
import { word } from '../../core/values/shell.ts';
import { checked, readThreshold } from '../../core/values/thresholds.ts';
import { plain } from '../words/phrase.ts';
import { growthFailure } from './growth.ts';

const Asked = z.object({ failIf: z.array(z.object({ expression: z.string() })).optional() });

/**
 * With what --fail-if came to, and failed by that or by what grew since the earlier run. A run that went wrong otherwise
 * keeps its own reason.
 */
export function gated(summary: Summary, run: RunFile): Summary {
  const asked = Asked.safeParse(run.config).data?.failIf ?? [];
  const thresholds = asked.map(({ expression }) => {
    const threshold = readThreshold(expression);
    // From a version that had other names: it can't be said to have passed.
    return typeof threshold === 'string' ? { expression, value: null, passed: false } : checked(threshold, summary);
  });
  const crossed = thresholds.filter(({ passed }) => !passed);
  const reasons = [...(crossed.length > 0 ? [crossedReason(crossed)] : []), ...grownReasons(summary)];
  if (reasons.length === 0 || summary.status !== 'passed') return { ...summary, thresholds };
  const earlier = summary.baseline ? word(summary.baseline.folder) : '<an earlier run>';
  const error = {
    code: (crossed.length > 0 ? 'ETHRESHOLD' : 'EGROWTH') satisfies ErrorCode,
    message: reasons.join('; '),
    hint: `connrig compare ${earlier} <run folder>, to see what grew`,
  };
  return { ...summary, status: 'failed', exitCode: EXIT.threshold, thresholds, error };
}

function crossedReason(crossed: Summary['thresholds']): string {
  const which = crossed
    .map(({ expression, value }) => `${expression}${value === null ? ' (not known)' : ''}`)
    .join(', ');
  return `${crossed.length === 1 ? 'a threshold was' : `${crossed.length} thresholds were`} crossed: ${which}`;
}

const grownReasons = ({ baseline }: Summary): string[] =>
  (baseline?.legs ?? []).filter(({ passed }) => !passed).map((leg) => plain(growthFailure(leg, baseline!)));
