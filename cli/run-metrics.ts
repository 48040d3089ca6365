import { setTimeout as delay } from 'node:timers/promises';
import { createRunMetrics } from '../client/metrics/run-metrics.ts';
import type { RunConfig } from '../config/run-config.ts';
import { humanMs } from '../core/values/units.ts';
import { doingsOf } from '../report/fold/doings.ts';
import { summarizeLeg } from '../report/fold/summarize-leg.ts';
import { noQuery, type Route } from '../telemetry/answer.ts';
import { startEndpoint } from '../telemetry/endpoint.ts';
import { inTurns } from '../telemetry/page-turns.ts';
import { warnOfClearToken } from './clear-token.ts';
import type { ServedRun } from './served-run.ts';

/** Taken from the client's descriptors: few, since its connections want them all. */
const CONNECTIONS = 8;
/** Between making the last page and leaving, for it to be on its way. */
const LAST_PAGE_MS = 250;
/** Two asks may lie closer than two evaluations of a recording rule, which has to see the last word as well. */
const LEAST_MS = 3000;

/**
 * Serves the metrics of a run. At the end they stay until they were asked for twice.
 *
 * @throws RigError ELISTEN
 */
export async function serveRunMetrics(
  { host, port }: NonNullable<RunConfig['metrics']>,
  { adminToken: token, adminNames: names = [], adminTls: tls }: RunConfig,
  version: string,
): Promise<ServedRun> {
  const metrics = createRunMetrics(version, {
    cost(run, points, leg) {
      const record = { run, samples: points, events: [], problems: [] };
      return summarizeLeg(record, run.plan.legs[leg]!, leg).perConnection;
    },
    doings: (run, own, leg) => doingsOf(run, own, run.plan.legs[leg]!, { held: [], baseline: undefined }),
  });
  let isOver = false;
  let askedAfter = 0;
  let askedTwice = (): void => {};
  const twice = new Promise<void>((resolve) => {
    askedTwice = resolve;
  });
  const routes = new Map<string, Route>([
    [
      '/metrics',
      inTurns(async () => {
        const wasOver = isOver;
        const body = await metrics.telemetry.render();
        // A scraper that gave up while the report was drawn has seen nothing of the end.
        const taken = (): void => {
          if (wasOver && ++askedAfter === 2) askedTwice();
        };
        return { status: 200, type: metrics.telemetry.contentType, body, taken };
      }),
    ],
    ['/healthz', async (query) => noQuery(query) ?? { status: 200, type: 'text/plain', body: 'ok\n' }],
  ]);
  const limits = { connections: CONNECTIONS };
  const access = { token, names };
  const endpoint = await startEndpoint({ host, port, access, tls, routes, limits }).catch((error: unknown) => {
    metrics.close();
    throw error;
  });
  const url = `${endpoint.url}/metrics`;
  return {
    where: `metrics at ${url}`,
    warning: warnOfClearToken({ host, access, tls }, endpoint),
    observer: metrics.observer,
    onProgress: metrics.onProgress,
    finished({ status }) {
      isOver = true;
      metrics.finished(status);
    },
    untilWhen: (mostMs) => `metrics stay at ${url} until asked for twice, ${humanMs(mostMs)} at most; ctrl-c ends that`,
    async linger(mostMs, stop) {
      const patience = new AbortController();
      const signal = AbortSignal.any([stop, patience.signal]);
      await Promise.race([
        Promise.all([twice, delay(LEAST_MS, undefined, { ref: false })]).then(() => delay(LAST_PAGE_MS)),
        delay(mostMs, undefined, { signal }).catch(() => {}),
      ]);
      patience.abort();
    },
    async close() {
      metrics.close();
      await endpoint.close();
    },
  };
}
