import { monotonicClock } from '../local/shared.ts';

/** Ends what must not go on without a lease. */
export interface Fence {
  /** The lease was renewed at that moment, or later, by the monotonic clock. */
  renewed(atMs: number): void;
  open(): void;
}

/** @param close called once: nothing was renewed for so long; also on waking from a sleep that was too long */
export function closeFence(patienceMs: number, renewedAtMs: number, close: () => void): Fence {
  const now = monotonicClock();
  let timer: NodeJS.Timeout | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  const renewed = (atMs: number): void => {
    if (atMs <= lastMs) return;
    lastMs = atMs;
    clearTimeout(timer);
    timer = setTimeout(close, Math.max(0, atMs + patienceMs - now()));
  };
  renewed(renewedAtMs);
  return { renewed, open: () => clearTimeout(timer) };
}
