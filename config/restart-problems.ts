import type { RunConfig } from './run-config-shape.ts';

/** A target that restarts cuts all that it has, and only who started it can start it again. */
export function restartProblems(
  {
    restart,
    behaviour,
    cycles,
    pid,
    exporter,
  }: Pick<RunConfig, 'restart' | 'behaviour' | 'cycles' | 'pid' | 'exporter'>,
  canStartAnew: boolean,
): string[] {
  if (restart === undefined) return [];
  const problems: string[] = [];
  if (behaviour.kind !== 'storm') {
    problems.push('--restart-target: nobody is there to come back without --behaviour storm:100%:backoff:1s:30s');
  } else if (behaviour.percent < 100 || behaviour.cut === 'rst') {
    problems.push(
      '--restart-target: all connections are lost, in the way in which the server ends them; --behaviour storm:100%:backoff:1s:30s',
    );
  }
  if (cycles > 1) {
    problems.push('--restart-target: what one cycle leaves behind ends with the process; leave --cycles out');
  }
  if (!canStartAnew) {
    const instead = pid !== undefined ? ' in place of --pid' : exporter === undefined ? '' : ' beside --exporter';
    problems.push(
      `--restart-target: only a server that connrig started can be started again; --command 'node server.js'${instead}`,
    );
  }
  return problems;
}
