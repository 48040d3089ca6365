import type { Evidence, RunDeps } from '../client/deps.ts';
import type { RunConfig } from '../config/run-config.ts';

/** What a run goes on for; undefined where it is to do what was planned, and no more. */
export async function loadEvidence({
  baseline,
  failIf = [],
  precisionPercent,
}: RunConfig): Promise<Evidence | undefined> {
  if (!baseline && failIf.length === 0 && precisionPercent === undefined) return undefined;
  // What sums up a run takes memory that a run without it needn't have.
  const [{ isPreciseBy, openQuestion }, { readRun }] = await Promise.all([
    import('../report/fold/evidence.ts'),
    import('../report/fold/read-run.ts'),
  ]);
  return {
    isPrecise: (run, points, leg) => precisionPercent !== undefined && isPreciseBy(run, points, leg, precisionPercent),
    openQuestion: (folder) => openQuestion(readRun(folder), precisionPercent),
  };
}

/** For the progress line; undefined where there is none. */
export async function loadCostSoFar({ quiet }: RunConfig): Promise<RunDeps['costSoFar']> {
  return quiet ? undefined : (await import('../report/fold/evidence.ts')).costSoFar;
}
