/** As often as something that lasts for a fraction of a second can be seen. */
const EVERY_MS = 50;

/** The target's user memory over a stretch, in bytes; null where it can't be read. */
export interface PeakMemory {
  readonly restBytes: number | null;
  readonly peakBytes: number | null;
  /** From the beginning to the peak; null where there is none. */
  readonly peakAtMs: number | null;
  /** How often it was read. */
  readonly looks: number;
  stop(): void;
}

/** Reads memory now, and 20 times a second until it is stopped. @param read takes well under a millisecond */
export function watchPeakMemory(read: () => number | null): PeakMemory {
  const startedAtMs = performance.now();
  const restBytes = read();
  let [peakBytes, peakAtMs] = restBytes === null ? [null, null] : [restBytes, 0];
  let looks = 1;
  const timer = setInterval(() => {
    const bytes = read();
    looks += 1;
    if (bytes !== null && (peakBytes === null || bytes > peakBytes)) {
      [peakBytes, peakAtMs] = [bytes, performance.now() - startedAtMs];
    }
  }, EVERY_MS);
  return {
    restBytes,
    get peakBytes() {
      return peakBytes;
    },
    get peakAtMs() {
      return peakAtMs;
    },
    get looks() {
      return looks;
    },
    stop: () => clearInterval(timer),
  };
}
