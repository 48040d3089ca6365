import { constants, PerformanceObserver, performance } from 'node:perf_hooks';
import type { RuntimeMemory } from '../core/admin.ts';
import { HISTOGRAM_BUCKETS, recordMs, toSparse } from '../core/histogram.ts';
import type { ProcessCosts } from '../core/process-costs.ts';
import { countDescriptors, maxDescriptors } from './descriptors.ts';

/** Watches what this process spends, from now on. Nothing is ever reset: whoever looks sees all there was. */
export interface OwnProcess {
  /** O(1) in the number of connections. */
  costs(): ProcessCosts;
  stop(): void;
}

const LOOK_EVERY_MS = 20;

export function watchOwnProcess(): OwnProcess {
  const gc = { minor: { runs: 0, seconds: 0 }, major: { runs: 0, seconds: 0 } };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
      const of = kind === constants.NODE_PERFORMANCE_GC_MINOR ? gc.minor : gc.major;
      of.runs += 1;
      of.seconds += entry.duration / 1000;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const loop = watchEventLoop();
  // The limit doesn't change under a process that doesn't change it itself.
  const maxFds = maxDescriptors() ?? null;
  return {
    costs() {
      const { user, system } = process.cpuUsage();
      return {
        cpuSeconds: (user + system) / 1e6,
        openFds: countDescriptors() ?? null,
        maxFds,
        gc: { minor: { ...gc.minor }, major: { ...gc.major } },
        eventLoopActiveSeconds: performance.eventLoopUtilization().active / 1000,
        eventLoopDelay: toSparse(loop.delays),
      };
    },
    stop() {
      observer.disconnect();
      loop.stop();
    },
  };
}

/** What our own engine says of its memory. */
export function readOwnMemory(): RuntimeMemory {
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  return {
    pid: process.pid,
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    externalBytes: external,
    arrayBuffersBytes: arrayBuffers,
  };
}

/**
 * How late a timer runs. One that is kept waiting for a second has missed 50 looks, each of which would have been late:
 * they are counted too, or a long pause would pass for one bad moment among thousands of good ones.
 */
function watchEventLoop(): { delays: Uint32Array; stop: () => void } {
  const delays = new Uint32Array(HISTOGRAM_BUCKETS);
  let dueAtMs = performance.now() + LOOK_EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    let delayMs = Math.max(0, now - dueAtMs);
    do {
      recordMs(delays, delayMs);
      delayMs -= LOOK_EVERY_MS;
    } while (delayMs >= 0);
    dueAtMs = now + LOOK_EVERY_MS;
  }, LOOK_EVERY_MS);
  timer.unref();
  return { delays, stop: () => clearInterval(timer) };
}
