/** Ports seen under each of a few keys: one bit a port. */
export class PortSet {
  readonly #bits = new Map<string | number, Uint8Array>();

  /** @returns whether it is new */
  add(key: string | number, port: number): boolean {
    let bits = this.#bits.get(key);
    if (!bits) {
      bits = new Uint8Array(8192);
      this.#bits.set(key, bits);
    }
    const bit = 1 << (port & 7);
    const before = bits[port >> 3]!;
    bits[port >> 3] = before | bit;
    return (before & bit) === 0;
  }

  /** How many are here and not there. */
  without(others: PortSet): number {
    let count = 0;
    for (const [key, bits] of this.#bits) {
      const theirs = others.#bits.get(key);
      for (let i = 0; i < bits.length; i++) count += ONES[bits[i]! & ~(theirs?.[i] ?? 0)]!;
    }
    return count;
  }

  /** How many are both here and there. */
  with(others: PortSet): number {
    let count = 0;
    for (const [key, bits] of this.#bits) {
      const theirs = others.#bits.get(key);
      for (let i = 0; theirs && i < bits.length; i++) count += ONES[bits[i]! & theirs[i]!]!;
    }
    return count;
  }
}

/** Bits set in each byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
