import { setTimeout as delay } from 'node:timers/promises';
import { userBytesOf } from '../../core/ledger.ts';
import type { Readings } from '../../core/readings.ts';

/** Time between two windows: long enough for what a ramp left behind (timers, JIT, page frees) to show a trend. */
const WINDOW_MS = 250;
/** Two windows agree when they differ by no more than this, or by this share of the memory. */
const AGREE_BYTES = 64 * 1024;
const AGREE_SHARE = 0.0005;
/** A target that still closes what its clients closed has not come to rest, whatever its memory shows. */
const AGREE_FILES = 16;
type Read = () => Promise<Readings>;
/** Called between readings; throws to give up. */
type Look = () => Promise<void>;

/**
 * Reads until two windows in a row agree, in memory and in descriptors, or time is up.
 *
 * @returns the user memory in each window, oldest first (none when there is no target to read), whether they agreed, and
 * the last reading
 */
export async function settle(
  read: Read,
  timeoutMs: number,
  look: Look,
): Promise<{ settled: boolean; windows: number[]; readings: Readings }> {
  const deadline = performance.now() + timeoutMs;
  const windows: number[] = [];
  let filesBefore: number | null = null;
  for (;;) {
    const readings = await read();
    const bytes = userBytesOf(readings);
    if (bytes === null) return { settled: true, windows, readings };
    const files = readings.target?.openFiles ?? null;
    const isSteady = files === null || filesBefore === null || Math.abs(files - filesBefore) <= AGREE_FILES;
    filesBefore = files;
    windows.push(bytes);
    if (windows.length > 1 && isSteady && agree(windows.at(-2)!, bytes)) return { settled: true, windows, readings };
    // Where one reading takes longer than there is time, two are still what it takes to see a trend.
    if (windows.length > 1 && performance.now() + WINDOW_MS > deadline) return { settled: false, windows, readings };
    await delay(WINDOW_MS);
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

const agree = (before: number, after: number): boolean =>
  Math.abs(after - before) <= Math.max(AGREE_BYTES, AGREE_SHARE * after);
