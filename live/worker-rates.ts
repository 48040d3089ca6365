import type { ShareState } from '../core/schemas/share-state.ts';
import type { Tick } from '../report/fold/series.ts';
import type { WorkerNow } from './view.ts';

/** When a worker said how its share stands, in ms since the run began. */
interface Said extends ShareState {
  readonly atMs: number;
}

/** Follows how shares of other machines stand, and makes rates of what their workers say about once a second. */
export class WorkerRates {
  #before = new Map<string, Said>();
  #now: readonly WorkerNow[] = [];

  get now(): readonly WorkerNow[] {
    return this.#now;
  }

  /** Ticks without shares leave all as it is. */
  tick({ elapsedMs, launch, leg, shares }: Tick): void {
    if (!shares) return;
    const before = this.#before;
    this.#before = new Map();
    this.#now = shares.map((share) => {
      const key = `${launch} ${leg} ${share.share} ${share.generation}`;
      const said = { ...share, atMs: elapsedMs - share.heardAgoMs };
      this.#before.set(key, said);
      return rowOf(said, before.get(key));
    });
  }
}

/** @param before the same generation a moment ago; undefined: it has only begun */
function rowOf(said: Said, before: Said | undefined): WorkerNow {
  const { share, host, worker, lease, heardAgoMs, open, opened, latenessMs, cpuSeconds, rssBytes, atMs } = said;
  const seconds = before ? Math.max(0, atMs - before.atMs) / 1000 : 0;
  const perSecond = (now: number, then: number): number => (seconds > 0 ? Math.max(0, (now - then) / seconds) : 0);
  return {
    share,
    host,
    worker,
    lease,
    heardAgoMs,
    open,
    openedPerSecond: perSecond(opened, before?.opened ?? 0),
    latenessMs,
    cores: perSecond(cpuSeconds, before?.cpuSeconds ?? 0),
    rssBytes,
  };
}
