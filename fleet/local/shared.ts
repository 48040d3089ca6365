/**
 * What a fleet's threads share: one command block that the conductor writes, and one block of counters for each worker
 * that this worker alone writes. Both are guarded by a sequence number that is odd while a write is under way, so a
 * reader gets values that belong together without ever blocking a writer.
 */
import { HISTOGRAM_BUCKETS } from '../../core/stats/histogram.ts';
import {
  CLOSE_REASONS,
  type CloseReason,
  type Counts,
  OUTCOMES,
  type Outcome,
  STATUS_CLASSES,
  type StatusClass,
} from '../../core/values/outcomes.ts';

/** What the conductor wants of the whole fleet. Workers take their share of it. */
export interface Command {
  /** Open connections wanted over the whole fleet. */
  readonly target: number;
  /** Opens (or closes) per second over the whole fleet. */
  readonly perSecond: number;
  /** When the ramp towards `target` began, by {@link monotonicClock}; another moment is another ramp. */
  readonly startedAtMs: number;
  /** 0 run · 1 give up what is opening, close what is open, then end. */
  readonly stop: number;
  /** Raised by one for each garbage collection wanted in every worker. */
  readonly collections: number;
  /** 1 while open connections are to do what their behaviour says, 0 while they are to keep still. */
  readonly talking: number;
}
const COMMAND_FIELDS = [
  'target',
  'perSecond',
  'startedAtMs',
  'stop',
  'collections',
  'talking',
] as const satisfies ReadonlyArray<keyof Command>;

/** Plain counters of a worker, all since the worker started except `opening`, `open`, `closing`, which are now. */
const TALLY_FIELDS = [
  'attempts',
  'opening',
  'open',
  'failed',
  'closed',
  /** Of `closed`: those whose socket isn't gone yet. */
  'closing',
  /** Of `open`, now: those that haven't been read empty for a while, since their peers send more than there is time to read. */
  'flooding',
  /** Opened without the extension that was offered. */
  'declined',
  'bytesIn',
  'bytesOut',
  'heartbeats',
  /**
   * Messages sent that the target is to send back, or requests that were due, and what became of them; `pending` is now,
   * like `open`.
   */
  'messages',
  'replies',
  'pending',
  /** Of `replies`: those that took longer than a second from the planned moment. */
  'lateReplies',
  /** Messages whose connection closed before they were answered; requests that found none in time, too. */
  'lostReplies',
  /** Messages received that another connection of the run had sent: no reply to anything. */
  'fromOthers',
  /** When the first and the last connection was lost to the peer, by {@link monotonicClock}; 0 while none was. */
  'firstLossAtMs',
  'lastLossAtMs',
  /** Collections done, of those the command asked for. */
  'collections',
  /** Commands seen: the sequence number of the last one taken up. */
  'commandSeen',
] as const;
type TallyField = (typeof TALLY_FIELDS)[number];

/** Counters of one worker, or summed over all. */
export interface Tally extends Counts, Readonly<Record<TallyField, number>> {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly closeReasons: Readonly<Record<CloseReason, number>>;
  /** Of `replies`, where they have a status: answers of http. */
  readonly statuses: Readonly<Record<StatusClass, number>>;
}

/** Distributions kept by every worker, in shared memory. */
export const HISTOGRAMS = [
  /** From the planned moment until usable. */
  'openPlanned',
  /** From the actual start until usable: what a closed-loop tool would show. */
  'openActual',
  /** How late attempts were started, for whatever reason: the target's slowness fills the window, too. */
  'lag',
  /** How late attempts were started although there was room in the window: our own fault alone. */
  'ownLag',
  /** How late messages were sent: our own fault. */
  'sendLag',
  /** From the planned moment of a message until its reply is there. */
  'rttPlanned',
  /** From when it was sent: what a closed-loop tool would show. */
  'rttActual',
  /** From the start of an attempt until it had failed. */
  'failedAfter',
  /** How long a connection had been open that was lost to the peer; how long nothing had been said on it; and by us. */
  'lossAge',
  'lossSilence',
  'lossUnsaid',
] as const;
export type HistogramName = (typeof HISTOGRAMS)[number];

const TALLY_AT: Readonly<Record<TallyField, number>> = Object.fromEntries(
  TALLY_FIELDS.map((field, i) => [field, i]),
) as Record<TallyField, number>;
const OUTCOMES_AT = TALLY_FIELDS.length;
const REASONS_AT = OUTCOMES_AT + OUTCOMES.length;
const STATUSES_AT = REASONS_AT + CLOSE_REASONS.length;
const TALLY_LENGTH = STATUSES_AT + STATUS_CLASSES.length;

/** A block of numbers with one writer and any number of readers. */
class GuardedBlock {
  readonly #sequence: Int32Array;
  readonly #values: Float64Array;
  constructor(buffer: SharedArrayBuffer) {
    this.#sequence = new Int32Array(buffer, 0, 2);
    this.#values = new Float64Array(buffer, 8);
  }
  static allocate(length: number): SharedArrayBuffer {
    return new SharedArrayBuffer(8 + length * Float64Array.BYTES_PER_ELEMENT);
  }
  get version(): number {
    return Atomics.load(this.#sequence, 0);
  }
  write(from: ArrayLike<number>): void {
    Atomics.add(this.#sequence, 0, 1);
    this.#values.set(from);
    Atomics.add(this.#sequence, 0, 1);
  }
  /** @returns the version that was read */
  read(into: Float64Array): number {
    for (;;) {
      const before = Atomics.load(this.#sequence, 0);
      if (before % 2 === 0) {
        into.set(this.#values);
        if (Atomics.load(this.#sequence, 0) === before) return before;
      }
    }
  }
}

/** The conductor's side writes, every worker reads. */
export class SharedCommand {
  static readonly allocate = (): SharedArrayBuffer => GuardedBlock.allocate(COMMAND_FIELDS.length);
  readonly #block: GuardedBlock;
  readonly #scratch = new Float64Array(COMMAND_FIELDS.length);
  constructor(buffer: SharedArrayBuffer) {
    this.#block = new GuardedBlock(buffer);
  }
  /** Changes with every {@link write}; cheap enough to look at in each turn of a loop. */
  get version(): number {
    return this.#block.version;
  }
  write(command: Command): void {
    this.#block.write(COMMAND_FIELDS.map((field) => command[field]));
  }
  read(): { command: Command; version: number } {
    const version = this.#block.read(this.#scratch);
    const command = Object.fromEntries(
      COMMAND_FIELDS.map((field, i) => [field, this.#scratch[i]]),
    ) as unknown as Command;
    return { command, version };
  }
}

/** A worker's own counters: changed freely in its heap, shown to others by {@link publish}, once per turn. */
export class TallyWriter {
  readonly #local = new Float64Array(TALLY_LENGTH);
  readonly #block: GuardedBlock;
  constructor(buffer: SharedArrayBuffer) {
    this.#block = new GuardedBlock(buffer);
  }
  get(field: TallyField): number {
    return this.#local[TALLY_AT[field]]!;
  }
  set(field: TallyField, value: number): void {
    this.#local[TALLY_AT[field]] = value;
  }
  add(field: TallyField, by: number): void {
    const at = TALLY_AT[field];
    this.#local[at] = this.#local[at]! + by;
  }
  outcome(index: number): void {
    this.#local[OUTCOMES_AT + index] = this.#local[OUTCOMES_AT + index]! + 1;
  }
  closeReason(index: number): void {
    this.#local[REASONS_AT + index] = this.#local[REASONS_AT + index]! + 1;
  }
  status(index: number): void {
    this.#local[STATUSES_AT + index] = this.#local[STATUSES_AT + index]! + 1;
  }
  publish(): void {
    this.#block.write(this.#local);
  }
}

/** Everything one worker shows: allocated by the fleet, handed to the worker, read by the fleet. */
export interface WorkerBuffers {
  readonly tally: SharedArrayBuffer;
  readonly histograms: Readonly<Record<HistogramName, SharedArrayBuffer>>;
}

export function allocateWorkerBuffers(): WorkerBuffers {
  const histogram = (): SharedArrayBuffer => new SharedArrayBuffer(HISTOGRAM_BUCKETS * Uint32Array.BYTES_PER_ELEMENT);
  return {
    tally: GuardedBlock.allocate(TALLY_LENGTH),
    histograms: Object.fromEntries(HISTOGRAMS.map((name) => [name, histogram()])) as WorkerBuffers['histograms'],
  };
}

/** Reads what the workers show, often and without leaving garbage behind. */
export class TallyReader {
  readonly #blocks: readonly GuardedBlock[];
  readonly #one = new Float64Array(TALLY_LENGTH);

  constructor(workers: readonly WorkerBuffers[]) {
    this.#blocks = workers.map(({ tally }) => new GuardedBlock(tally));
  }

  /** The sums. Each worker's numbers belong together, so the sums add up as well. */
  read(): Tally {
    const one = this.#one;
    const sum = new Float64Array(TALLY_LENGTH);
    let [commandSeen, collections] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    let [firstLossAtMs, lastLossAtMs] = [Number.POSITIVE_INFINITY, 0];
    for (const block of this.#blocks) {
      block.read(one);
      for (let i = 0; i < TALLY_LENGTH; i++) sum[i] = sum[i]! + one[i]!;
      commandSeen = Math.min(commandSeen, one[TALLY_AT.commandSeen]!);
      collections = Math.min(collections, one[TALLY_AT.collections]!);
      firstLossAtMs = Math.min(firstLossAtMs, one[TALLY_AT.firstLossAtMs]! || Number.POSITIVE_INFINITY);
      lastLossAtMs = Math.max(lastLossAtMs, one[TALLY_AT.lastLossAtMs]!);
    }
    const plain = {} as Record<TallyField, number>;
    for (const field of TALLY_FIELDS) plain[field] = sum[TALLY_AT[field]]!;
    const outcomes = {} as Record<Outcome, number>;
    for (let i = 0; i < OUTCOMES.length; i++) outcomes[OUTCOMES[i]!] = sum[OUTCOMES_AT + i]!;
    const closeReasons = {} as Record<CloseReason, number>;
    for (let i = 0; i < CLOSE_REASONS.length; i++) closeReasons[CLOSE_REASONS[i]!] = sum[REASONS_AT + i]!;
    const statuses = {} as Record<StatusClass, number>;
    for (let i = 0; i < STATUS_CLASSES.length; i++) statuses[STATUS_CLASSES[i]!] = sum[STATUSES_AT + i]!;
    if (lastLossAtMs === 0) firstLossAtMs = 0;
    // Of the first two, what matters is what the slowest worker has done.
    return { ...plain, commandSeen, collections, firstLossAtMs, lastLossAtMs, outcomes, closeReasons, statuses };
  }
}

/**
 * A window of the fleet: attempts (or closes) in flight over all workers, counted in shared memory, so that the bound
 * holds however they share the work.
 */
export class SharedWindow {
  static readonly allocate = (): SharedArrayBuffer => new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #inFlight: Int32Array;
  readonly #size: number;
  constructor(buffer: SharedArrayBuffer, size: number) {
    this.#inFlight = new Int32Array(buffer);
    this.#size = size;
  }
  /** @returns whether there was room for one more */
  enter(): boolean {
    if (Atomics.add(this.#inFlight, 0, 1) < this.#size) return true;
    this.leave();
    return false;
  }
  leave(): void {
    Atomics.sub(this.#inFlight, 0, 1);
  }
}

/** One clock for all threads of a process, in ms: `performance.now()` counts from each thread's own start. */
export function monotonicClock(): () => number {
  const [seconds, nanoseconds] = process.hrtime();
  const offsetMs = seconds * 1000 + nanoseconds / 1e6 - performance.now();
  return () => performance.now() + offsetMs;
}
