import { setTimeout as delay } from 'node:timers/promises';
import { userBytesOf } from '../../core/ledger/ledger.ts';
import { isCollected, type Readings } from '../../core/schemas/readings.ts';

/** Time between two windows: long enough for what a ramp left behind (timers, JIT, page frees) to show a trend. */
export const WINDOW_MS = 250;
/** The same after a collection that we forced, which leaves little that could: for the first two windows. */
export const COLLECTED_WINDOW_MS = 50;
/** Two windows agree when they differ by no more than this, or by this share of the memory. */
const AGREE_BYTES = 64 * 1024;
const AGREE_SHARE = 0.0005;
/** A target that still closes what its clients closed has not come to rest, whatever its memory shows. */
const AGREE_FILES = 16;
/** @param after a window whose collection counts for this one, too: the target is left alone; undefined: one is forced */
type Read = (after?: Readings) => Promise<Readings>;
/** Called between readings; throws to give up. */
type Look = () => Promise<void>;

export interface SettleOptions {
  readonly read: Read;
  readonly timeoutMs: number;
  readonly look: Look;
  /** Connections talk meanwhile, and leave garbage behind. */
  readonly talks: boolean;
  /** What has to be done before the last window, and may be done beside the first one. */
  readonly beside?: () => Promise<void>;
}

export interface Settled {
  /** Whether two windows agreed. */
  readonly settled: boolean;
  /** User memory in each window, oldest first; none when there is no target to read. */
  readonly windows: number[];
  /** The last of them. */
  readonly readings: Readings;
}

/**
 * Reads until two windows in a row agree, in memory and in descriptors, or time is up.
 *
 * Where collections can be forced, one comes before the first window. The second leaves the target alone: it shows whether
 * what the collection left stays as it is. If it doesn't, or where connections talk, each further one has a collection of
 * its own, and those are compared.
 */
export async function settle({ read, timeoutMs, look, talks, beside }: SettleOptions): Promise<Settled> {
  const deadline = performance.now() + timeoutMs;
  const windows: number[] = [];
  /** The last window with a collection of its own, or without any where none can be forced. */
  let collected: Readings | undefined;
  for (;;) {
    const isAlone = windows.length === 1 && !talks && collected !== undefined && isCollected(collected);
    const isFirst = windows.length === 0;
    const [readings] = await Promise.all([read(isAlone ? collected : undefined), isFirst ? beside?.() : undefined]);
    const bytes = userBytesOf(readings);
    if (bytes === null) return { settled: true, windows, readings };
    windows.push(bytes);
    if (collected && agree(collected, readings)) return { settled: true, windows, readings };
    // Where one reading takes longer than there is time, two are still what it takes to see a trend.
    if (windows.length > 1 && performance.now() + WINDOW_MS > deadline) return { settled: false, windows, readings };
    if (!isAlone) collected = readings;
    await delay(isFirst && isCollected(readings) ? COLLECTED_WINDOW_MS : WINDOW_MS);
    await look();
  }
}

/** Leaves everything alone for a while, and looks on. */
export async function rest(restMs: number, look: Look): Promise<void> {
  const until = performance.now() + restMs;
  for (let leftMs = restMs; leftMs > 0; leftMs = until - performance.now()) {
    await delay(Math.min(WINDOW_MS, leftMs));
    await look();
  }
}

function agree(before: Readings, after: Readings): boolean {
  const [bytesBefore, bytes] = [userBytesOf(before) ?? 0, userBytesOf(after) ?? 0];
  const [filesBefore, files] = [before.target?.openFiles ?? null, after.target?.openFiles ?? null];
  const isSteady = files === null || filesBefore === null || Math.abs(files - filesBefore) <= AGREE_FILES;
  return isSteady && Math.abs(bytes - bytesBefore) <= Math.max(AGREE_BYTES, AGREE_SHARE * bytes);
}
