/**
 * Local ports for one pair of source and destination, given out in O(1) however few are left. The kernel's own search
 * gets slow when a range is nearly full, so the engine binds to ports of its own choosing.
 *
 * First in, first out: a port that was given back rests as long as possible, so that what it leaves behind in TIME_WAIT
 * has the best chance to be over.
 */
export class PortRing {
  readonly #ports: Uint16Array;
  #head: number;
  #left: number;

  /**
   * One part of a range of ports: workers with different parts never give out the same one.
   *
   * @param start where in it to begin, 0 to 1: two runs in a row had better not begin with the same ports
   * @param except never given out: a socket bound to the port it connects to may connect to itself
   */
  constructor(
    [first, last]: readonly [first: number, last: number],
    part: { readonly index: number; readonly count: number },
    start: number,
    except: number,
  ) {
    const size = last - first + 1;
    const from = first + Math.floor((size * part.index) / part.count);
    const count = first + Math.floor((size * (part.index + 1)) / part.count) - from;
    const begin = Math.floor(start * count);
    this.#ports = Uint16Array.from({ length: count }, (_, i) => from + ((begin + i) % count)).filter(
      (port) => port !== except,
    );
    this.#head = 0;
    this.#left = this.#ports.length;
  }

  get left(): number {
    return this.#left;
  }

  /** @returns a port, or 0 when none is left */
  take(): number {
    if (this.#left === 0) return 0;
    const port = this.#ports[this.#head]!;
    this.#head = (this.#head + 1) % this.#ports.length;
    this.#left -= 1;
    return port;
  }

  giveBack(port: number): void {
    this.#ports[(this.#head + this.#left) % this.#ports.length] = port;
    this.#left += 1;
  }
}
