import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Cumulated } from '../core/stats/histogram.ts';

/** Watches how late the event loop of this thread is; see {@link watchEventLoop}. */
export interface EventLoopWatch {
  /** All since the start: how many looks were less late than each bound. */
  delays(): Cumulated;
  stop(): void;
}

const LOOK_EVERY_MS = 100;
const NANOS_PER_MS = 1e6;

/**
 * Node's own monitor, a timer that runs without JavaScript, and ten times a second only: a server at rest is not to grow
 * by being looked at. (Measured: 70 bytes until the next collection each time; 300 with a timer of ours.)
 *
 * It is never reset, so any number may look. Its histogram can be asked for percentiles only; counts are found by asking
 * for one after the other, 10 µs each, a few dozen for each bound that was ever passed.
 *
 * @param boundsMs ascending
 */
export function watchEventLoop(boundsMs: readonly number[]): EventLoopWatch {
  const monitor = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  monitor.enable();
  let sumMs = 0;
  return {
    delays() {
      const { count, max, mean } = monitor;
      // It records what lies between two looks. Some are a bit early, and a sum must not go down for that.
      if (count > 0) sumMs = Math.max(sumMs, (mean / NANOS_PER_MS - LOOK_EVERY_MS) * count);
      const below = boundsMs.map((bound) => {
        const most = (bound + LOOK_EVERY_MS) * NANOS_PER_MS;
        return max <= most ? count : countUpTo(monitor, most, count);
      });
      return { below, count, sumMs };
    },
    stop: () => monitor.disable(),
  };
}

/** How many of the `count` values are no larger than `most`. */
function countUpTo(monitor: IntervalHistogram, most: number, count: number): number {
  let [from, to] = [0, count];
  while (from < to) {
    const rank = Math.ceil((from + to) / 2);
    if (monitor.percentile((rank / count) * 100) <= most) from = rank;
    else to = rank - 1;
  }
  return from;
}

/** Time since its start in which the event loop of this thread had something to do. */
export const eventLoopActiveSeconds = (): number => performance.eventLoopUtilization().active / 1000;
