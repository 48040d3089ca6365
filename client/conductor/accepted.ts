import { setTimeout as delay } from 'node:timers/promises';
import { RigError } from '../../core/errors.ts';
import { humanCount, humanMs } from '../../core/units.ts';

const POLL_MS = 20;

export interface AcceptWait {
  readonly url: string;
  /** Connections that are open for us. */
  readonly level: number;
  /** How long none of them may be accepted. */
  readonly timeoutMs: number;
  /** Connections that the target has yet to accept; null where that can't be told. */
  waiting(): Promise<number | null>;
  /** Called between readings; throws to give up. */
  look(): Promise<void>;
}

/**
 * Waits until the target has accepted every connection. To a TCP client a connection is open as soon as the kernel at the
 * other end has it, however busy the server is; what it costs the server shows only when that has taken it.
 *
 * @returns how long that took, in ms
 * @throws RigError ETARGETFULL when it accepts no more, ETIMEDOUT when it has accepted none
 */
export async function untilAccepted({ url, level, timeoutMs, waiting, look }: AcceptWait): Promise<number> {
  const startedAtMs = performance.now();
  let least = Number.POSITIVE_INFINITY;
  for (let progressAtMs = startedAtMs; ; await delay(POLL_MS)) {
    const now = await waiting();
    if (now === null || now === 0) return performance.now() - startedAtMs;
    await look();
    if (now < least) [least, progressAtMs] = [now, performance.now()];
    if (performance.now() - progressAtMs > timeoutMs) throw stuck(url, level, now, timeoutMs);
  }
}

function stuck(url: string, level: number, waiting: number, timeoutMs: number): RigError {
  const since = `for ${humanMs(timeoutMs)}`;
  if (waiting >= level) {
    return new RigError('ETIMEDOUT', `${url} has accepted none of ${humanCount(level)} connections ${since}`, {
      hint: '--open-timeout with more time, or read the log of the target',
    });
  }
  const accepted = humanCount(level - waiting);
  return new RigError(
    'ETARGETFULL',
    `${url} stopped accepting at ${accepted} open connections: ${humanCount(waiting)} more wait in its queue ${since}`,
    {
      hint: 'raise the limits of the target (descriptors, its own maximum), or give it more time by --open-timeout',
    },
  );
}
