import type { RunEvent, Sample } from '../../core/schemas/record.ts';
import { generationOf, LEASES, type ShareState } from '../../core/schemas/share-state.ts';
import type { LiveLeg } from '../observer.ts';

/** What workers of one name on one host came to. */
interface WorkerTold {
  readonly host: string;
  readonly worker: string;
  opened: number;
  cpuSeconds: number;
  /** The share that it has now; undefined: none. */
  now: ShareState | undefined;
}

/** A fleet over several machines at one moment. */
export interface FleetTold {
  readonly workers: readonly WorkerTold[];
  readonly shares: Readonly<Record<(typeof LEASES)[number], number>>;
  readonly moves: number;
}

/** Keeps what each generation of a share said last, so that sums over workers only grow. */
export class FleetBook {
  readonly #latest = new Map<string, ShareState>();
  #moves = 0;

  event({ type }: RunEvent): void {
    if (type === 'share-moved') this.#moves += 1;
  }

  sample(sample: Sample): void {
    if ('shares' in sample && sample.shares) this.#keep(sample, sample.shares);
  }

  /** @param live the leg under way; undefined between legs @returns undefined where the run has no fleet */
  of(live: LiveLeg | undefined): FleetTold | undefined {
    const now = live?.fleet.shares?.() ?? [];
    if (live) this.#keep(live, now);
    if (this.#latest.size === 0) return undefined;
    const workers = new Map<string, WorkerTold>();
    for (const { host, worker, opened, cpuSeconds } of this.#latest.values()) {
      const key = `${host} ${worker}`;
      const told = workers.get(key) ?? { host, worker, opened: 0, cpuSeconds: 0, now: undefined };
      told.opened += opened;
      told.cpuSeconds += cpuSeconds;
      workers.set(key, told);
    }
    for (const share of now) workers.get(`${share.host} ${share.worker}`)!.now = share;
    const shares = Object.fromEntries(LEASES.map((lease) => [lease, now.filter((one) => one.lease === lease).length]));
    return { workers: [...workers.values()], shares: shares as FleetTold['shares'], moves: this.#moves };
  }

  #keep(at: Parameters<typeof generationOf>[0], shares: readonly ShareState[]): void {
    for (const share of shares) this.#latest.set(generationOf(at, share), share);
  }
}
