import { setTimeout as delay } from 'node:timers/promises';
import type { Taken } from '../../core/ledger/taken.ts';
import type { RigError } from '../../core/values/errors.ts';

const POLL_MS = 20;
/** Looks that take long are that much rarer: the target is to get on with it. */
const PAUSE_FOR_EACH_LOOK = 3;

export interface AcceptWait {
  /** Connections that are open for us. */
  readonly level: number;
  /** How long the target may take none of them. */
  readonly timeoutMs: number;
  /** The ends that have them; null where that can't be told. */
  taken(): Promise<Taken | null>;
  /** Whether they still are, for sure: asked before it is the target that doesn't take them. */
  areOpen?(): Promise<boolean>;
  /** What to say when it doesn't get them all. */
  causeOf(taken: Taken): Promise<RigError>;
  /** Called between looks; throws to give up. */
  look(): Promise<void>;
}

/**
 * Waits until the target has every connection. To a TCP client a connection is open as soon as the kernel at the other end
 * says so, however busy the server is. What it costs the server shows only when the server has taken it.
 *
 * @returns how long that took, in ms
 * @throws RigError ETARGETFULL, EBACKLOG, EDEFERRED when it takes no more, ETIMEDOUT when it has taken none
 */
export async function untilAccepted({ level, timeoutMs, taken, areOpen, causeOf, look }: AcceptWait): Promise<number> {
  const startedAtMs = performance.now();
  let most = -1;
  let leastQueued = Number.POSITIVE_INFINITY;
  for (let progressAtMs = startedAtMs; ; ) {
    const lookedAtMs = performance.now();
    const now = await taken();
    const nowMs = performance.now();
    if (now === null || now.connections >= level) return nowMs - startedAtMs;
    await look();
    if (now.connections > most || now.queued < leastQueued) progressAtMs = nowMs;
    most = Math.max(most, now.connections);
    leastQueued = Math.min(leastQueued, now.queued);
    if (nowMs - progressAtMs > timeoutMs) {
      if ((await areOpen?.()) !== false) throw await causeOf(now);
      progressAtMs = performance.now();
    }
    await delay(Math.max(POLL_MS, PAUSE_FOR_EACH_LOOK * (nowMs - lookedAtMs)));
  }
}
