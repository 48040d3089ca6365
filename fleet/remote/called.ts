import type { WorkerOffer } from './messages.ts';

/** A worker by its name and where it is, for people; a name that says the host already stands for both. */
export const called = ({ worker, host }: Pick<WorkerOffer, 'worker' | 'host'>): string =>
  worker.startsWith(host) ? worker : `${worker} on ${host}`;
