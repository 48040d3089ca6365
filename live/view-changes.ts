import type { TimePoint } from '../core/schemas/series.ts';

/** More than this since the last look, and the whole series is told instead. */
const MOST_APPENDED = 64;

/** Keeps account of which parts of a view are new since they were last told. */
export class Changes<Part extends string> {
  #parts = new Set<Part>();
  #appended: TimePoint[] = [];
  #isTimeNew = false;

  add(...parts: readonly Part[]): void {
    for (const part of parts) this.#parts.add(part);
  }

  /** A moment came to the series of time, which was thinned with that, or not. */
  time(point: TimePoint, isThinned: boolean): void {
    this.#appended.push(point);
    if (isThinned || this.#appended.length > MOST_APPENDED) this.#isTimeNew = true;
    if (this.#isTimeNew) this.#appended = [];
  }

  /** What is new; from now on it counts as told. */
  take(): { parts: ReadonlySet<Part>; isTimeNew: boolean; appended: readonly TimePoint[] } {
    const taken = { parts: this.#parts, isTimeNew: this.#isTimeNew, appended: this.#appended };
    this.#parts = new Set();
    this.#appended = [];
    this.#isTimeNew = false;
    return taken;
  }
}
