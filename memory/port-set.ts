/** Ports seen under each of a few keys: one bit a port. */
export class PortSet {
  readonly #bits = new Map<string | number, Uint32Array>();

  /** @returns whether it is new */
  add(key: string | number, port: number): boolean {
    let bits = this.#bits.get(key);
    if (!bits) {
      bits = new Uint32Array(PORTS / BITS);
      this.#bits.set(key, bits);
    }
    const bit = 1 << (port % BITS);
    const at = Math.trunc(port / BITS);
    const before = bits[at]!;
    bits[at] = before | bit;
    return (before & bit) === 0;
  }

  has(key: string | number, port: number): boolean {
    return ((this.#bits.get(key)?.[Math.trunc(port / BITS)] ?? 0) & (1 << (port % BITS))) !== 0;
  }

  /** How many are here and not there. */
  without(others: PortSet): number {
    return this.#count(others, (bits, theirs) => bits & ~theirs);
  }

  /** How many are both here and there. */
  with(others: PortSet): number {
    return this.#count(others, (bits, theirs) => bits & theirs);
  }

  #count(others: PortSet, combine: (bits: number, theirs: number) => number): number {
    let count = 0;
    for (const [key, bits] of this.#bits) {
      const theirs = others.#bits.get(key);
      // Most words are empty, unless the host has very many connections.
      for (let i = 0; i < bits.length; i++) if (bits[i] !== 0) count += onesIn(combine(bits[i]!, theirs?.[i] ?? 0));
    }
    return count;
  }
}

const PORTS = 65_536;
const BITS = 32;

function onesIn(word: number): number {
  let count = 0;
  // The lowest bit that is set goes with each round.
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
