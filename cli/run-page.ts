import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../client/progress.ts';
import type { RunConfig } from '../config/run-config.ts';
import type { Summary } from '../core/schemas/summary.ts';
import { humanMs } from '../core/values/units.ts';
import { startEndpoint } from '../telemetry/endpoint.ts';
import { warnOfClearToken } from './clear-token.ts';
import type { ServedRun } from './served-run.ts';

/** How long whoever looks gets to take the last update. */
const LAST_WORD_MS = 250;
const LOOK_EVERY_MS = 200;
/** A reader that looks away for no longer may be loading the page anew. */
const RELOAD_MS = 3000;

/**
 * Serves the live page of a run.
 *
 * @throws RigError ELISTEN
 */
export async function serveRunPage(
  { host, port }: NonNullable<RunConfig['live']>,
  { adminToken: token, adminNames: names = [], adminTls: tls }: RunConfig,
): Promise<ServedRun> {
  // A run that isn't looked at needs none of this.
  const [{ RunFeed }, { LIVE_LIMITS, livePages }] = await Promise.all([
    import('../live/run-feed.ts'),
    import('../live/pages.ts'),
  ]);
  const feed = new RunFeed();
  const { routes, broadcast } = livePages(feed);
  const access = { token, names };
  const endpoint = await startEndpoint({ host, port, access, tls, routes, limits: LIVE_LIMITS });
  const url = `${endpoint.url}/`;
  return {
    where: `live page at ${url}`,
    warning: warnOfClearToken({ host, access, tls }, endpoint),
    observer: feed,
    onProgress: ({ leftMs }: Progress) => feed.left(leftMs),
    finished(summary: Summary) {
      feed.finish(summary);
      broadcast.update();
    },
    untilWhen(mostMs) {
      if (broadcast.watchers === 0) return undefined;
      return `the live page stays at ${url} while somebody looks, ${humanMs(mostMs)} at most; ctrl-c ends that`;
    },
    async linger(mostMs, stop) {
      if (broadcast.watchers === 0) return;
      const untilMs = performance.now() + mostMs;
      let seenAtMs = performance.now();
      while (!stop.aborted && performance.now() < Math.min(untilMs, seenAtMs + RELOAD_MS)) {
        await delay(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {});
        if (broadcast.watchers > 0) seenAtMs = performance.now();
      }
    },
    async close() {
      if (broadcast.watchers > 0) {
        broadcast.close();
        await delay(LAST_WORD_MS);
      }
      await endpoint.close();
    },
  };
}
