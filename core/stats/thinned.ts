/**
 * A series that grows for as long as a run takes, in a bounded number of points. Whenever there are too many, every other
 * one goes, and only every other one is taken from then on. What stays are points as they were measured, evenly spread;
 * cumulative counts stay exact.
 */
export class Thinned<T> {
  readonly #most: number;
  #points: T[] = [];
  #stride = 1;
  #seen = 0;

  /** @param most points, even and at least 2 */
  constructor(most: number) {
    this.#most = most;
  }

  get points(): readonly T[] {
    return this.#points;
  }

  /** @returns what happened: it was appended, or left out, or all were thinned (and it was appended or not) */
  add(point: T): 'appended' | 'left out' | 'thinned' {
    if (this.#seen++ % this.#stride !== 0) return 'left out';
    this.#points.push(point);
    if (this.#points.length <= this.#most) return 'appended';
    this.#points = this.#points.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
    return 'thinned';
  }
}
