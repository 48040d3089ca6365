import { constants, PerformanceObserver } from 'node:perf_hooks';
import { METRICS } from '../core/metrics/catalogue.ts';
import type { RuntimeMemory } from '../core/schemas/admin.ts';
import type { ProcessCosts } from '../core/values/process-costs.ts';
import { countDescriptors, maxDescriptors } from './descriptors.ts';
import { eventLoopActiveSeconds, watchEventLoop } from './event-loop.ts';

/** Watches what this process spends, from now on. Nothing is ever reset: whoever looks sees all there was. */
export interface OwnProcess {
  /** O(1) in the number of connections. */
  costs(): ProcessCosts;
  stop(): void;
}

const DELAY_BOUNDS_MS = METRICS.eventLoopDelay.buckets.map((seconds) => seconds * 1000);

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
  const loop = watchEventLoop(DELAY_BOUNDS_MS);
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
        eventLoopActiveSeconds: eventLoopActiveSeconds(),
        eventLoopDelay: loop.delays(),
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
