import { z } from 'zod';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type ErrorCode, EXIT } from '../../core/values/errors.ts';
import { word } from '../../core/values/shell.ts';
import { checked, isCutShort, readThreshold } from '../../core/values/thresholds.ts';
import { plain } from '../words/phrase.ts';
import { growthFailure, openGrowth } from './growth.ts';

const Asked = z.object({
  failIf: z.array(z.object({ expression: z.string() })).optional(),
  allowInconclusive: z.boolean().optional(),
});

/**
 * With what --fail-if and --baseline came to. What is shown to be crossed or grown fails the run; what isn't shown either way leaves it
 * inconclusive, since a gate that can't see must not open. A run that went wrong otherwise keeps its own reason.
 */
export function gated(summary: Summary, run: RunFile): Summary {
  // A record of another version, or of somebody else, may have anything there.
  const { failIf = [], allowInconclusive = false } = Asked.safeParse(run.config).data ?? {};
  const thresholds = failIf.map(({ expression }) => {
    const threshold = readThreshold(expression);
    // From a version that had other names: it can't be said to have passed.
    return typeof threshold === 'string'
      ? { expression, value: null, passed: false, isShown: true }
      : checked(threshold, summary);
  });
  const standing = { ...summary, thresholds };
  if (summary.status !== 'measured' && summary.status !== 'inconclusive') return standing;
  const grown = summary.baseline?.legs ?? [];
  const crossed = thresholds.filter(({ passed, isShown }) => !passed && isShown);
  const failures = [
    ...(crossed.length > 0 ? [crossedReason(crossed)] : []),
    ...grown.filter(isFailed).map((leg) => plain(growthFailure(leg, summary.baseline!))),
  ];
  if (failures.length > 0) {
    const code: ErrorCode = crossed.length > 0 ? 'ETHRESHOLD' : 'EGROWTH';
    const hint = hintOf(summary, crossed);
    return {
      ...standing,
      status: 'failed',
      exitCode: EXIT.threshold,
      error: { code, message: failures.join('; '), hint },
    };
  }
  const open = [
    ...thresholds.filter(({ isShown }) => !isShown).map((one) => openThreshold(one, summary)),
    ...grown.filter(({ isShown }) => !isShown).map((leg) => plain(openGrowth(leg, summary.baseline!))),
  ];
  if (open.length === 0 && summary.status === 'measured') {
    return { ...standing, status: thresholds.length + grown.length > 0 ? 'passed' : 'measured' };
  }
  const reasons = [...(summary.error ? [summary.error.message] : []), ...open];
  const code: ErrorCode = 'EINCONCLUSIVE';
  const error = {
    code,
    message: reasons.join('; '),
    hint: summary.error?.hint ?? '--max-launches more, --connections more',
  };
  return { ...standing, status: 'inconclusive', exitCode: allowInconclusive ? EXIT.done : EXIT.inconclusive, error };
}

const isFailed = ({ passed, isShown }: { readonly passed: boolean; readonly isShown: boolean }): boolean =>
  !passed && isShown;

function crossedReason(crossed: Summary['thresholds']): string {
  const which = crossed
    .map(({ expression, value }) => `${expression}${value === null ? ' (not known)' : ''}`)
    .join(', ');
  return `${crossed.length === 1 ? 'a threshold was' : `${crossed.length} thresholds were`} crossed: ${which}`;
}

function openThreshold({ expression, value }: Summary['thresholds'][number], { legs }: Summary): string {
  if (value === null) return `whether ${expression} is not known, since the value is inconclusive`;
  const threshold = readThreshold(expression);
  const [name, ...path] = typeof threshold === 'string' ? [] : threshold.path;
  const leg = legs.find((one) => one.name === name);
  return isCutShort(leg, path)
    ? `whether ${expression} is not shown: ${leg!.rtt!.lostPercent!.toFixed(1)} % got no answer in time, and are in no round trip`
    : `whether ${expression} is not shown: the limit lies within the interval of the value`;
}

/** What one more connection costs is seen part by part beside an earlier run; all else stands in the report alone. */
function hintOf({ baseline }: Summary, crossed: ReadonlyArray<{ readonly expression: string }>): string {
  const earlier = baseline ? word(baseline.folder) : '<an earlier run>';
  return baseline || crossed.some(({ expression }) => expression.includes('.perConnection.'))
    ? `connrig compare ${earlier} <run folder>, to see what grew`
    : '<run folder>/report.html has all that was measured of it';
}
