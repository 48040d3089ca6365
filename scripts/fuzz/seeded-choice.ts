import { seededRandom } from '../../core/stats/random.ts';

/** Random choices that are the same again with the same seed. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A whole number from 0 to `below` − 1. */
  under(below: number): number {
    return Math.floor(this.#random() * below);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(among: readonly T[]): T {
    return among[this.under(among.length)]!;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.under(256);
    return bytes;
  }

  /** Cuts bytes anywhere: mostly not at all or into a few pieces, sometimes byte by byte. */
  cut(bytes: Buffer): Buffer[] {
    const kind = this.under(8);
    if (kind < 3) return [bytes];
    const pieces: Buffer[] = [];
    const longest = kind === 3 && bytes.length <= LONGEST_IN_BYTES ? 1 : Math.max(2, Math.ceil(bytes.length / 2));
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + this.under(longest);
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    return pieces;
  }
}

const LONGEST_IN_BYTES = 400;
