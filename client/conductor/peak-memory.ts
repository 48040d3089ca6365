/** As often as something that lasts for a fraction of a second can be seen. */
const EVERY_MS = 50;

/** Memory over a stretch, in bytes; null where it can't be read. */
interface Peak {
  readonly restBytes: number | null;
  readonly peakBytes: number | null;
  /** From the beginning to the peak; null where there is none. */
  readonly peakAtMs: number | null;
}

interface Watch {
  /** How often it was read. */
  readonly looks: number;
  stop(): void;
}

/** The target's user memory. */
export type PeakMemory = Peak & Watch;

/** Several kinds of memory, or sums of them, read at the same moments. */
export interface PeaksOfMemory<Kind extends string> extends Watch {
  peak(kind: Kind): Peak;
}

/** Reads memory now, and 20 times a second until it is stopped. @param read takes well under a millisecond */
export function watchPeaks<Kind extends string>(
  read: () => Readonly<Record<Kind, number | null>>,
): PeaksOfMemory<Kind> {
  const startedAtMs = performance.now();
  const rest = read();
  const peaks = {} as Record<Kind, Peak>;
  for (const kind in rest) {
    const bytes = rest[kind];
    peaks[kind] = { restBytes: bytes, peakBytes: bytes, peakAtMs: bytes === null ? null : 0 };
  }
  let looks = 1;
  const timer = setInterval(() => {
    const now = read();
    const atMs = performance.now() - startedAtMs;
    looks += 1;
    for (const kind in now) {
      const [bytes, { restBytes, peakBytes }] = [now[kind], peaks[kind]];
      if (bytes === null || (peakBytes !== null && bytes <= peakBytes)) continue;
      peaks[kind] = { restBytes, peakBytes: bytes, peakAtMs: atMs };
    }
  }, EVERY_MS);
  return {
    peak: (kind) => peaks[kind],
    get looks() {
      return looks;
    },
    stop: () => clearInterval(timer),
  };
}

/** The same of one kind. */
export function watchPeakMemory(read: () => number | null): PeakMemory {
  const watch = watchPeaks(() => ({ user: read() }));
  return {
    get restBytes() {
      return watch.peak('user').restBytes;
    },
    get peakBytes() {
      return watch.peak('user').peakBytes;
    },
    get peakAtMs() {
      return watch.peak('user').peakAtMs;
    },
    get looks() {
      return watch.looks;
    },
    stop: watch.stop,
  };
}
