import { setTimeout as delay } from 'node:timers/promises';
import type { SlowEpisode, SlowQueues } from '../../../core/schemas/slow.ts';
import type { Tally } from '../../../fleet/wire.ts';
import type { Meters } from '../../../memory/meter-set.ts';
import type { SlowSockets } from '../../../memory/slow-queues.ts';
import { queuedBytes } from '../doing-now.ts';

/** A few times a second, and no more than so often in all; a list that takes long is made less often. */
const EVERY_MS = 250;
const MOST_MOMENTS = 400;
const LIST_SHARE = 0.5;

interface Watching {
  readonly sockets: SlowSockets;
  readonly meters: Pick<Meters, 'readQuick'>;
  readonly tally: () => Tally;
  readonly begunAtMs: number;
  readonly forMs: number;
  /** Told what waits in their sockets, as often as that is looked at. */
  readonly told: (queues: SlowQueues) => void;
}

/** Looks on while connections read slowly. */
export interface SlowMoments {
  readonly seen: SlowEpisode['moments'];
  /** Once more, and then no more. @returns what waits in their sockets; undefined where nobody can list them */
  end(): Promise<SlowQueues | undefined>;
}

export function watchSlow({ sockets, meters, tally, begunAtMs, forMs, told }: Watching): SlowMoments {
  const seen: SlowEpisode['moments'] = [];
  const closedBefore = tally().closeReasons['by-defence'];
  const stop = new AbortController();
  let last: Promise<SlowQueues | undefined> | undefined;

  async function look(): Promise<SlowQueues | undefined> {
    const atMs = performance.now() - begunAtMs;
    const queues = sockets.isEmpty ? undefined : await sockets.read().catch(() => undefined);
    if (queues) told(queues);
    seen.push({
      atMs,
      userBytes: meters.readQuick().targetBytes,
      queuedBytes: queues ? queuedBytes(queues) : null,
      held: queues?.held ?? null,
      closed: tally().closeReasons['by-defence'] - closedBefore,
    });
    return queues;
  }

  const watching = (async () => {
    while (!stop.signal.aborted) {
      const startedAtMs = performance.now();
      await look();
      const tookMs = performance.now() - startedAtMs;
      const waitMs = Math.max(EVERY_MS, forMs / MOST_MOMENTS, tookMs / LIST_SHARE);
      await delay(waitMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    seen,
    end() {
      last ??= (async () => {
        stop.abort();
        await watching;
        return look();
      })();
      return last;
    },
  };
}
