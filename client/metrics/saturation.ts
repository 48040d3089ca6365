import { hasProgress, type RunFile, type Sample } from '../../core/schemas/record.ts';
import { toSparse } from '../../core/stats/histogram.ts';
import { ownLatenessMs, RampBusiness, sendLatenessMs } from '../../core/stats/saturation.ts';
import type { LiveLeg } from '../observer.ts';

/** Follows whether the client is what limits the run, leg by leg, by the rules that the report applies at the end. */
export class SaturationWatch {
  readonly #ramps = new Map<number, RampBusiness>();
  /** Legs that were late themselves when they ended, in their latest launch. */
  readonly #ownLate = new Set<number>();
  readonly #sendLate = new Set<number>();

  sample(sample: Sample): void {
    const { leg } = sample;
    if (sample.type === 'tick') {
      const ramps = this.#ramps.get(leg) ?? new RampBusiness();
      ramps.add(sample);
      this.#ramps.set(leg, ramps);
      return;
    }
    if (!hasProgress(sample)) return;
    if (ownLatenessMs(sample.progress.ownLag) === undefined) this.#ownLate.delete(leg);
    else this.#ownLate.add(leg);
    if (sample.type === 'memory' && sendLatenessMs(sample.talk?.sendLag ?? []) !== undefined) this.#sendLate.add(leg);
  }

  /** @param live the leg under way; undefined between legs */
  isSaturated({ generator, environment }: RunFile, live: LiveLeg | undefined): boolean {
    const isLateNow = live !== undefined && ownLatenessMs(toSparse(live.fleet.histogram('ownLag'))) !== undefined;
    if (isLateNow || this.#sendLate.size > 0) return true;
    // The leg under way is judged by what it is now.
    if ([...this.#ownLate].some((leg) => leg !== live?.leg)) return true;
    return [...this.#ramps].some(([leg, ramps]) => {
      const workers = generator.legs[leg]?.workers;
      return workers !== undefined && ramps.tooBusy(Math.min(workers, environment.cores)) !== undefined;
    });
  }
}
