import type { Destination } from '../engines/engine.ts';

/** Connections to one destination before it is the next one's turn, where there are many. */
const IN_A_ROW = 64;
const MANY_DESTINATIONS = 8;

/**
 * Where each connection goes to, and from where: round robin over destinations first, then sources, so that the target's
 * ports get even shares. With many, a few in a row go to the same one, so that a target of many processes isn't woken for
 * each connection.
 */
export class Rotation {
  readonly #destinations: readonly Destination[];
  readonly #sources: readonly string[];
  readonly #first: number;
  readonly #inARow: number;
  #count = 0;

  /**
   * @param sources empty: the system chooses
   * @param first the destination to begin with, counted on from the first source: workers begin at different ones
   */
  constructor(destinations: readonly Destination[], sources: readonly string[], first: number) {
    this.#destinations = destinations;
    this.#sources = sources;
    this.#first = first;
    this.#inARow = destinations.length > MANY_DESTINATIONS ? IN_A_ROW : 1;
  }

  get destination(): Destination {
    return this.#destinations[this.#turn % this.#destinations.length]!;
  }

  get source(): string | undefined {
    if (this.#sources.length === 0) return undefined;
    return this.#sources[Math.floor(this.#turn / this.#destinations.length) % this.#sources.length];
  }

  /** On to the next connection's. */
  advance(): void {
    this.#count += 1;
  }

  get #turn(): number {
    return this.#first + Math.floor(this.#count / this.#inARow);
  }
}
