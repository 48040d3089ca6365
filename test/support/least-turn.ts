import { EpollEngine } from '../../fleet/engines/epoll.ts';
import { loadLibc } from '../../fleet/engines/libc.ts';

const TURNS = 50;

/** How long a turn of a tenth of a millisecond takes at least, of many: a busy machine makes no wait shorter. */
export async function leastTurnMs(): Promise<number> {
  const nothing = { onConnected() {}, onBytes() {}, onEnd() {}, onGone() {} };
  const options = { slots: 1, portRange: undefined, worker: { index: 0, count: 1 } } as const;
  const engine = new EpollEngine(loadLibc(), options, nothing);
  let leastMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TURNS; i++) {
    const beganAtMs = performance.now();
    await engine.turn(0.1);
    leastMs = Math.min(leastMs, performance.now() - beganAtMs);
  }
  await engine.dispose();
  return leastMs;
}
