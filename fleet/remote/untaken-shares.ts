import { monotonicClock } from '../local/shared.ts';
import type { Reports } from './reports.ts';
import type { ShareQueue } from './share-queue.ts';

/** A share that nobody has for so long, while no worker waits, finds nobody. */
const NOBODY_AFTER_MS = 3000;
/** One that waits takes a share at once, as a rule. */
const SOMEBODY_WITHIN_MS = 20_000;

/** Shares that were lost, and that nobody takes. Only a lease that is over puts one back into the queue, so its holder has reset all its connections. */
export class UntakenShares {
  readonly #queue: Pick<ShareQueue, 'isWaiting'>;
  readonly #reports: Pick<Reports, 'unheard'>;
  readonly #hasIdle: () => Promise<boolean>;
  readonly #now = monotonicClock();
  readonly #sinceMs = new Map<number, number>();

  /** @param hasIdle whether a worker waits for a share */
  constructor(
    queue: Pick<ShareQueue, 'isWaiting'>,
    reports: Pick<Reports, 'unheard'>,
    hasIdle: () => Promise<boolean>,
  ) {
    this.#hasIdle = hasIdle;
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
    if (this.#sinceMs.size === 0) return [];
    const withinMs = (await this.#hasIdle()) ? SOMEBODY_WITHIN_MS : NOBODY_AFTER_MS;
    return [...this.#sinceMs].flatMap(([share, sinceMs]) => (this.#now() - sinceMs > withinMs ? [share] : []));
  }
}
