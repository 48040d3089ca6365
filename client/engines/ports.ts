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
   * Of the ports of a range, every `step`-th from `offset` on: workers that differ in `offset` never give out the same
   * one.
   *
   * @param start where in them to begin, 0 to 1: two runs in a row had better not begin with the same ports
   * @param except never given out: a socket bound to the port it connects to may connect to itself
   */
  constructor(
    [first, last]: readonly [first: number, last: number],
    step: number,
    offset: number,
    start: number,
    except: number,
  ) {
    const count = Math.max(0, Math.ceil((last - first + 1 - offset) / step));
    const begin = Math.floor(start * count);
    this.#ports = Uint16Array.from({ length: count }, (_, i) => first + offset + ((begin + i) % count) * step).filter(
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
