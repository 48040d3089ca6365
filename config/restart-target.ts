import { quantity, type Read } from './option.ts';

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
const readWithin = quantity('duration', 1, 3_600_000);

/** @param given `SIGINT`, `SIGINT:10s`; `true`, as an option without its argument is: SIGTERM */
export function readRestart(given: string): Read<RestartPlan> {
  const [name = '', within = WITHIN, ...more] = (given === 'true' ? 'SIGTERM' : given).split(':');
  const signal = SIGNALS.find((one) => one === name.toUpperCase() || one === `SIG${name.toUpperCase()}`);
  if (signal === undefined) {
    return {
      problem: `"${given}" is not a signal that ends a server; ${SIGNALS.join(', ')}, or none, which is SIGTERM`,
    };
  }
  const time = more.length > 0 ? { problem: `"${given}" is too long; ${signal}:30s, say` } : readWithin(within);
  return 'problem' in time ? time : { value: { signal, withinMs: time.value } };
}
