import type { VanishCost, VanishSample } from '../../../core/schemas/vanish.ts';
import type { Vanished } from '../../../fleet/wire.ts';
import { Missing } from '../../../memory/meter.ts';
import { type EndsSeen, VanishedEndWatch } from '../../../memory/vanished-ends.ts';

/** Notice times are written down up to so many. */
const TIMES_MOST = 1000;

/** What its processes show, here or by an exporter; null where that isn't known. */
export interface TargetSeen {
  readonly files: number | null;
  readonly userBytes: number | null;
}

interface LooksGiven {
  /** Ports of the target, where its end lies in this machine's kernel; else none. */
  readonly ports: readonly number[];
  /** Open files of the target before any vanished; null when unknown. */
  readonly files: number | null;
  /** Connections that were open then. */
  readonly level: number;
  readonly readTarget: () => Promise<TargetSeen>;
  readonly now: () => number;
}

/** Looks at the target's ends of vanished connections: in the kernel's list, or by its open files where that shows none of them. */
export class VanishLooks {
  readonly #given: LooksGiven;
  readonly #atMs: Float64Array;
  readonly #ends: VanishedEndWatch;
  #seenBy: VanishSample['seenBy'];
  #most: VanishCost = { userBytes: null, unackedBytes: null, unackedMemoryBytes: null };
  #last: EndsSeen | undefined;
  /** By files: when the first, the second … was seen to be let go of. */
  readonly #letGoAtMs: number[] = [];
  readonly #startedAtMs: number;
  #lookedAtMs: number;
  /** When files were last counted. */
  #countedAtMs: number;
  #looks = 0;
  #tookMs = 0;
  /** The longest time between two counts of files that showed some to be let go of. */
  #widestMs = 0;

  constructor(vanished: readonly Vanished[], given: LooksGiven) {
    this.#given = given;
    this.#atMs = Float64Array.from(vanished, ({ atMs }) => atMs).sort();
    this.#ends = new VanishedEndWatch(vanished, given.ports);
    this.#seenBy = given.ports.length > 0 ? 'sockets' : given.files === null ? null : 'files';
    this.#startedAtMs = given.now();
    this.#lookedAtMs = this.#startedAtMs;
    this.#countedAtMs = this.#atMs[0] ?? this.#startedAtMs;
  }

  get vanished(): number {
    return this.#atMs.length;
  }

  /** Those that the target still has; null where nobody can tell. */
  get held(): number | null {
    if (this.#seenBy === 'sockets') return this.#ends.left;
    return this.#seenBy === 'files' ? this.#atMs.length - this.#letGoAtMs.length : null;
  }

  /** All were let go of, as far as anybody will know. */
  get isOver(): boolean {
    return this.held === 0 || this.#atMs.length === 0;
  }

  /** @param userBytes memory of the target now */
  async look(userBytes: number | null): Promise<void> {
    let told: number | null = null;
    const startedAtMs = this.#given.now();
    if (this.#seenBy === 'sockets') await this.#lookAtSockets();
    if (this.#seenBy === 'files') told = await this.#countFiles();
    this.#looks += 1;
    this.#tookMs += this.#given.now() - startedAtMs;
    this.#lookedAtMs = startedAtMs;
    const { unackedBytes = null, unackedMemoryBytes = null } = this.#last ?? {};
    this.#most = {
      userBytes: larger(this.#most.userBytes, userBytes ?? told),
      unackedBytes: larger(this.#most.unackedBytes, unackedBytes),
      unackedMemoryBytes: larger(this.#most.unackedMemoryBytes, unackedMemoryBytes),
    };
  }

  result(): Omit<VanishSample, 'type' | 'level' | 'before' | 'after' | 'vanishedAtMs'> {
    const isBySockets = this.#seenBy === 'sockets';
    const times = isBySockets ? this.#ends.noticeMs() : this.#timesByFiles();
    return {
      vanished: this.#atMs.length,
      noticed: times.length,
      waitedMs: Math.max(0, this.#lookedAtMs - this.#startedAtMs),
      precisionMs: isBySockets ? this.#ends.precisionMs : this.#widestMs,
      seenBy: this.#seenBy,
      notices: isBySockets ? this.#ends.notices() : null,
      retransmitted: isBySockets ? this.#ends.retransmitted : null,
      probed: isBySockets ? this.#ends.probed : null,
      orphans: this.#last?.orphans ?? null,
      most: this.#most,
      noticeMs: thinned(times),
      looks: this.#looks,
      lookMs: this.#looks === 0 ? 0 : this.#tookMs / this.#looks,
    };
  }

  async #lookAtSockets(): Promise<void> {
    try {
      this.#last = await this.#ends.look(this.#given.now);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
    }
    // The server's end may lie in a network of its own, or behind another address.
    if (this.#ends.everSeen > 0 || this.#atMs.length === 0) return;
    this.#last = undefined;
    this.#seenBy = this.#given.files === null ? null : 'files';
  }

  /** @returns its user memory then */
  async #countFiles(): Promise<number | null> {
    const { files, userBytes } = await this.#given.readTarget();
    if (files === null || this.#given.files === null) return userBytes;
    // A proxy has two for each.
    const each = Math.max(1, Math.round(this.#given.files / Math.max(1, this.#given.level)));
    const letGo = Math.min(this.#atMs.length, Math.round((this.#given.files - files) / each));
    const nowMs = this.#given.now();
    const gapMs = nowMs - this.#countedAtMs;
    if (letGo > this.#letGoAtMs.length) this.#widestMs = Math.max(this.#widestMs, gapMs);
    while (this.#letGoAtMs.length < letGo) this.#letGoAtMs.push(nowMs - gapMs / 2);
    this.#countedAtMs = nowMs;
    return userBytes;
  }

  /** Which was let go of isn't known; those that vanished first are taken for the first ones. */
  #timesByFiles(): Float64Array {
    return Float64Array.from(this.#letGoAtMs, (atMs, index) => Math.max(0, atMs - this.#atMs[index]!)).sort();
  }
}

const larger = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.max(one, other);

/** So many of them that are evenly spread, the first and the last among them. */
function thinned(times: Float64Array): number[] {
  const count = Math.min(TIMES_MOST, times.length);
  const nth = (i: number): number => times[count === 1 ? 0 : Math.round((i * (times.length - 1)) / (count - 1))]!;
  return Array.from({ length: count }, (_, i) => nth(i));
}
