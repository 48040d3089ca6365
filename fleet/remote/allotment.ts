/** Which share of a run gets how many connections, by who has taken it. */

import { RigError } from '../../core/values/errors.ts';
import { humanCount } from '../../core/values/units.ts';
import { called } from './called.ts';
import { divide, type Portion, sumOf } from './split.ts';

/** The host that holds a share, and the most connections of it. */
export interface PlacedShare {
  readonly host: string;
  readonly capacity: number;
}

/** The worker that has taken a share. */
export interface Taker {
  readonly worker: string;
  readonly host: string;
  /** The most connections that it can hold of it. */
  readonly room: number;
  /** What it gets where all have room; > 0. */
  readonly weight: number;
}

/** A share that keeps behind the others isn't given less than this part of what it would get. */
const SLOW_LEAST = 0.2;

/**
 * Takers of shares, and the parts that follow: the most connections of each, which sum to those of all. A share that nobody has any more
 * is left out, and its part is spread over those who have room.
 */
export class Allotment {
  readonly #total: number;
  readonly #mostOf: (share: number) => number;
  readonly #takers: Array<Taker | undefined>;
  /** Shares that nobody has, although somebody had. */
  readonly #left = new Set<number>();
  /** By share what is left of its weight, since it did not keep the pace. */
  readonly #paces: number[];
  #parts: readonly number[];

  /** @param mostOf a share, whoever has it */
  constructor(total: number, shares: number, mostOf: (share: number) => number = () => Number.POSITIVE_INFINITY) {
    this.#total = total;
    this.#mostOf = mostOf;
    this.#takers = Array.from({ length: shares }, () => undefined);
    this.#paces = this.#takers.map(() => 1);
    this.#parts = this.#takers.map(() => 0);
  }

  /** As they were reckoned last. */
  get parts(): readonly number[] {
    return this.#parts;
  }

  get left(): ReadonlySet<number> {
    return this.#left;
  }

  get placed(): PlacedShare[] {
    return this.#takers.map((taker, share) => ({ host: taker?.host ?? '', capacity: this.#parts[share]! }));
  }

  /** All of them have been taken once. */
  get isTaken(): boolean {
    return this.#takers.every((taker) => taker !== undefined);
  }

  get hosts(): string[] {
    return this.#takers.flatMap((taker) => taker?.host ?? []);
  }

  hostOf(share: number): string | undefined {
    return this.#takers[share]?.host;
  }

  /** For people: a host may have several workers. */
  placeOf(share: number): string | undefined {
    const taker = this.#takers[share];
    return taker && called(taker);
  }

  /** The most that a share may be asked for now. */
  roomOf(share: number): number {
    return this.#left.has(share) ? 0 : Math.min(this.#mostOf(share), this.#takers[share]?.room ?? 0);
  }

  take(share: number, taker: Taker): void {
    this.#takers[share] = taker;
    this.#left.delete(share);
    this.#paces[share] = 1;
  }

  /** Nobody has it, and nobody is going to: what it had is for the others. */
  leave(share: number): void {
    this.#left.add(share);
  }

  /** The next who comes may have them again, and is waited for. @returns whether nobody has some */
  rejoin(): boolean {
    const some = this.#left.size > 0;
    this.#left.clear();
    this.reckon();
    return some;
  }

  canHold(connections: number): boolean {
    return sumOf(this.#rooms()) >= connections;
  }

  /** What there is room for, of what is wanted. */
  get lack(): { readonly room: number; readonly wanted: number } {
    return { room: sumOf(this.#rooms()), wanted: this.#total };
  }

  /**
   * It gets so much less from now on, where the others have room for what is missing.
   *
   * @param part of its pace that it keeps, 0 to 1
   * @returns whether its part is smaller now
   */
  slow(share: number, part: number): boolean {
    const before = this.#parts[share]!;
    const pace = this.#paces[share]!;
    this.#paces[share] = Math.max(SLOW_LEAST, pace * part);
    const parts = this.#divided();
    if (parts !== undefined && parts[share]! < before) {
      this.#parts = parts;
      return true;
    }
    this.#paces[share] = pace;
    return false;
  }

  /** @returns whether all connections fit; else the parts are what there is room for */
  reckon(): boolean {
    const parts = this.#divided();
    this.#parts = parts ?? this.#rooms();
    return parts !== undefined;
  }

  /** Why they don't fit. */
  refusal(wanted = this.#total): RigError {
    const each = this.#takers.map(
      (taker, share) => `${taker?.worker ?? 'nobody'} for ${humanCount(this.roomOf(share))}`,
    );
    const room = humanCount(sumOf(this.#rooms()));
    const sentence = `the workers that have the shares have room for ${room} connections, and ${humanCount(wanted)} are wanted: ${each.join(', ')}`;
    return new RigError('EFLEETMAX', sentence, { hint: 'connrig worker on one more machine, or a larger --max' });
  }

  #rooms(): number[] {
    return this.#takers.map((_, share) => this.roomOf(share));
  }

  #divided(): number[] | undefined {
    const part = (taker: Taker | undefined, share: number): Portion => ({
      weight: (taker?.weight ?? 1) * this.#paces[share]!,
      least: 0,
      most: this.roomOf(share),
    });
    return divide(this.#total, this.#takers.map(part));
  }
}

/**
 * The most that any share may come to be asked for, by the rooms of those that are likely to take them. The others can then take over the
 * part of one that is lost. To lay out for more costs threads, where one table of descriptors doesn't hold all.
 */
export function spareCapacityOf(total: number, parts: readonly Portion[]): number {
  const all = divide(total, parts) ?? parts.map(({ most }) => Math.min(total, most));
  const without = parts.flatMap((_, lost) => {
    const others = parts.filter((__, i) => i !== lost);
    return divide(total, others) ?? others.map(({ most }) => Math.min(total, most));
  });
  return Math.max(1, ...all, ...without);
}
