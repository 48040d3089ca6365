import type { RunDeps } from '../client/deps.ts';
import type { RunConfig } from '../config/run-config.ts';

/**
 * What the report's statistics say while a run goes on: whether another launch is worth it, and what a connection costs so far. What sums
 * up a run takes memory that a run without it needn't have.
 */
export async function loadEvidence({
  baseline,
  failIf = [],
  precisionPercent,
  quiet,
}: RunConfig): Promise<Pick<RunDeps, 'openQuestion' | 'costSoFar'>> {
  const isAsked = baseline !== undefined || failIf.length > 0 || precisionPercent !== undefined;
  if (!isAsked && quiet) return {};
  const [{ costSoFar, openQuestion }, { readRun }] = await Promise.all([
    import('../report/fold/evidence.ts'),
    import('../report/fold/read-run.ts'),
  ]);
  return {
    openQuestion: isAsked ? (folder) => openQuestion(readRun(folder), precisionPercent) : undefined,
    costSoFar: quiet && precisionPercent === undefined ? undefined : costSoFar,
  };
}
