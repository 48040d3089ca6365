import { parseQuantity } from '../core/values/units.ts';
import type { Read } from './option.ts';
import type { OptionValues } from './read-options.ts';
import type { RUN_OPTIONS } from './run-options.ts';

/** How the target is ended, so that it can be started again. */
export interface RestartPlan {
  readonly signal: NodeJS.Signals;
  /** It is killed where it takes longer. */
  readonly withinMs: number;
}

const SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGABRT',
  'SIGKILL',
] as const satisfies readonly NodeJS.Signals[];

/** As long as Kubernetes gives a pod. */
const WITHIN = '30s';
const WITHIN_MOST_MS = 3_600_000;

/** @param given `SIGINT`, `SIGINT:10s`; `true`, as an option without its argument is: SIGTERM */
export function readRestart(given: string): Read<RestartPlan> {
  const [name = '', within = WITHIN, ...more] = (given === 'true' ? 'SIGTERM' : given).split(':');
  const signal = SIGNALS.find((one) => one === name.toUpperCase() || one === `SIG${name.toUpperCase()}`);
  if (signal === undefined) {
    return {
      problem: `"${given}" is not a signal that ends a server; ${SIGNALS.join(', ')}, or none, which is SIGTERM`,
    };
  }
  const withinMs = more.length > 0 ? undefined : parseQuantity('duration', within);
  if (withinMs === undefined || withinMs < 1 || withinMs > WITHIN_MOST_MS) {
    return { problem: `"${given}" does not say how long the server has to end; ${signal}:30s, say, and 1h at most` };
  }
  return { value: { signal, withinMs } };
}

type Values = OptionValues<typeof RUN_OPTIONS>;

/** A target that restarts cuts all that it has, and only who started it can start it again. */
export function restartProblems(
  { restart, behaviour, cycles, pid, exporter }: Pick<Values, 'restart' | 'behaviour' | 'cycles' | 'pid' | 'exporter'>,
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
