import type { ShareState } from '../../core/schemas/share-state.ts';
import { quantileMs } from '../../core/stats/histogram.ts';
import type { ShareEvent } from './messages.ts';
import type { ReportSum } from './report-sum.ts';

/** Generations whose holders have let go, by what workers say once. */
export class LettingGo {
  /** By share: the newest generation that is over, as its holder said, or since there is a newer one. */
  readonly #over = new Map<number, number>();

  event(event: ShareEvent): void {
    if (event.type === 'fenced' || event.type === 'over') this.#note(event.share, event.generation);
    else if (event.type === 'ready') this.#note(event.share, event.generation - 1);
  }

  isOver(share: number, generation: number): boolean {
    return generation <= (this.#over.get(share) ?? 0);
  }

  #note(share: number, generation: number): void {
    this.#over.set(share, Math.max(generation, this.#over.get(share) ?? 0));
  }
}

/**
 * How each share stands that has reported. Cheap enough for a few times a second, and for no more.
 *
 * @param heardAgoMs by share
 * @param unheard shares that have said nothing for too long
 * @param isEnding nobody is to take up what is let go of
 */
export function shareStates(
  sum: ReportSum,
  lettingGo: LettingGo,
  heardAgoMs: readonly number[],
  unheard: { has(share: number): boolean },
  isEnding = false,
): ShareState[] {
  return heardAgoMs.flatMap((agoMs, share) => {
    const newest = sum.newest(share);
    if (newest === undefined) return [];
    const { host, worker, generation, tally, cpuSeconds, rssBytes, clock } = newest;
    const { attempts, opening, open, outcomes, failed } = tally;
    const hasLetGo = lettingGo.isOver(share, generation);
    return {
      share,
      host,
      worker,
      generation,
      lease: hasLetGo ? (isEnding ? 'over' : 'moving') : unheard.has(share) ? 'unheard' : 'held',
      heardAgoMs: Math.max(0, Math.round(agoMs)),
      attempts,
      // A holder that has let go has nothing open, whatever its last report said.
      opening: hasLetGo ? 0 : opening,
      open: hasLetGo ? 0 : open,
      opened: outcomes.open,
      failed,
      latenessMs: quantileMs(sum.ofNewest(share, 'ownLag'), 0.99) ?? null,
      cpuSeconds,
      rssBytes,
      clockOffsetMs: clock.offsetMs,
      clockSpreadMs: clock.spreadMs,
    };
  });
}
