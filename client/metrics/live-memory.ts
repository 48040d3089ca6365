import { setTimeout as delay } from 'node:timers/promises';
import type { KernelSockets } from '../../core/ledger/kernel-sockets.ts';
import type { Ledger } from '../../core/ledger/ledger.ts';
import { type LiveReadings, livened } from '../../core/ledger/live-readings.ts';
import { ledgerAt } from '../../core/ledger/run-ledger.ts';
import type { Readings, Runtime } from '../../core/schemas/readings.ts';
import type { MemoryPoint, RunFile } from '../../core/schemas/record.ts';
import type { DescriptorUse } from '../../core/values/descriptor-use.ts';
import type { Phase } from '../../core/values/plan.ts';
import { readDescriptorUse } from '../../memory/descriptors.ts';
import { readHost } from '../../memory/host.ts';
import { readKernelSockets } from '../../memory/kernel-sockets.ts';
import type { LiveLeg } from '../observer.ts';

/** What memory is like now, and what is around it. */
export interface MemoryNow {
  /** The last full reading of this leg, brought up to now; null before the first. */
  readonly readings: Readings | null;
  /** The target and what it is made of; null before the first full reading. */
  readonly ledger: Ledger | null;
  /** The target's processes without any full reading; null where they can't be seen from here. */
  readonly target: LiveReadings['target'];
  readonly descriptors: DescriptorUse;
  readonly host: LiveReadings['host'];
  readonly sockets: KernelSockets;
}

/**
 * A reading is used again for this long, so that several who ask at once get the same. There may be a thousand processes:
 * so it is used for at least this many times as long as reading took, which is a twentieth of a core at most.
 */
const FRESH_MS = 100;
const FRESH_TIMES = 20;
/** A target's runtime is asked for its heap no more often, and waited for no longer. */
const HEAP_EVERY_MS = 1000;
const HEAP_WAIT_MS = 200;
/**
 * It is asked in these phases alone: being asked costs it some garbage and a moment. While its memory or round trips are
 * measured, the last full reading stands.
 */
const HEAP_PHASES: ReadonlySet<Phase> = new Set(['warm-up', 'ramp', 'drain']);

/** Follows the memory of one leg between its full readings. */
export class LiveMemory {
  readonly #live: LiveLeg;
  readonly #run: RunFile;
  #baseline: MemoryPoint | undefined;
  #last: { readonly point: MemoryPoint; readonly atPoint: LiveReadings } | undefined;
  #heap: { readonly askedAtMs: number; readonly answer: Promise<void> } | undefined;
  #runtime: Runtime | null = null;
  #cached: { readonly untilMs: number; readonly now: Promise<MemoryNow> } | undefined;

  constructor(run: RunFile, live: LiveLeg) {
    this.#run = run;
    this.#live = live;
  }

  /** To be told as soon as it was read: what is live then belongs to it. */
  pointRead(point: MemoryPoint): void {
    if (point.phase === 'baseline') this.#baseline = point;
    this.#runtime = null;
    const atPoint = { ...this.#live.meters.readLive(), sockstat: null, host: null, runtime: null };
    this.#last = { point, atPoint };
    this.#cached = undefined;
  }

  /** Bounded in time whatever is measured; who asks again at once gets the same. */
  now(): Promise<MemoryNow> {
    if (this.#cached === undefined || performance.now() >= this.#cached.untilMs) {
      const cached = { untilMs: Number.POSITIVE_INFINITY, now: this.#read() };
      this.#cached = cached;
      // With no descriptor left nothing can be read; the next one may have more luck.
      cached.now.catch(() => {
        if (this.#cached === cached) this.#cached = undefined;
      });
    }
    return this.#cached.now;
  }

  async #read(): Promise<MemoryNow> {
    const [host] = await Promise.all([readHost().catch(() => null), this.#askHeap()]);
    const startedAtMs = performance.now();
    const sockets = readKernelSockets();
    const trees = this.#live.meters.readLive();
    const descriptors = readDescriptorUse(trees.target?.pids ?? []);
    const live = { ...trees, host, sockstat: sockets.sockstat, runtime: this.#runtime };
    const arranged = this.#arrange(live, this.#live.fleet.tally().open);
    const endedAtMs = performance.now();
    const freshMs = Math.max(FRESH_MS, FRESH_TIMES * (endedAtMs - startedAtMs));
    if (this.#cached) this.#cached = { ...this.#cached, untilMs: endedAtMs + freshMs };
    return { ...arranged, target: trees.target, descriptors, host, sockets };
  }

  #arrange(live: LiveReadings, open: number): Pick<MemoryNow, 'readings' | 'ledger'> {
    if (this.#last === undefined) return { readings: null, ledger: null };
    const { point, atPoint } = this.#last;
    // A target that is read through an exporter can't be brought up to now without asking that one.
    const isSeen = live.target !== null && point.readings.remote === null;
    const readings = isSeen ? livened(point.readings, atPoint, live) : point.readings;
    const level = isSeen ? open : point.level;
    return { readings, ledger: ledgerAt(this.#run, this.#baseline, { leg: point.leg, level, readings }) };
  }

  async #askHeap(): Promise<void> {
    const now = performance.now();
    if (!HEAP_PHASES.has(this.#live.state().phase)) return;
    if (this.#heap === undefined || now - this.#heap.askedAtMs >= HEAP_EVERY_MS) {
      const asked = this.#last?.point;
      const answer = this.#live.meters.readHeap().then((memory) => {
        // What was asked before a full reading is older than that.
        if (memory !== null && this.#last?.point === asked) this.#runtime = memory;
      });
      this.#heap = { askedAtMs: now, answer };
    }
    const patience = new AbortController();
    await Promise.race([
      this.#heap.answer,
      delay(HEAP_WAIT_MS, undefined, { signal: patience.signal }).catch(() => {}),
    ]);
    patience.abort();
  }
}
