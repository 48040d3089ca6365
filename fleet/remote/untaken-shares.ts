import { monotonicClock } from '../local/shared.ts';
import type { Reports } from './reports.ts';
import type { ShareQueue } from './share-queue.ts';

/** A worker that waits takes a share at once. One that nobody has taken for so long finds nobody. */
const TAKEN_WITHIN_MS = 3000;

/** Shares that were lost, and that nobody takes. Whoever had one has reset all its connections: only a lease that is over puts it back into the queue. */
export class UntakenShares {
  readonly #queue: Pick<ShareQueue, 'isWaiting'>;
  readonly #reports: Pick<Reports, 'unheard'>;
  readonly #now = monotonicClock();
  readonly #sinceMs = new Map<number, number>();

  constructor(queue: Pick<ShareQueue, 'isWaiting'>, reports: Pick<Reports, 'unheard'>) {
    this.#queue = queue;
    this.#reports = reports;
  }

  /** Again and again. @throws what Redis said */
  async look(): Promise<number[]> {
    const unheard = this.#reports.unheard();
    for (const share of this.#sinceMs.keys()) if (!unheard.has(share)) this.#sinceMs.delete(share);
    for (const share of unheard.keys()) {
      if (!(await this.#queue.isWaiting(share))) this.#sinceMs.delete(share);
      else if (!this.#sinceMs.has(share)) this.#sinceMs.set(share, this.#now());
    }
    return [...this.#sinceMs].flatMap(([share, sinceMs]) => (this.#now() - sinceMs > TAKEN_WITHIN_MS ? [share] : []));
  }
}
