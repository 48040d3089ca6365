import { readFile } from 'node:fs/promises';
import { type Answer, json, noQuery, type Route } from '../telemetry/answer.ts';
import type { EndpointLimits } from '../telemetry/endpoint.ts';
import { inTurns } from '../telemetry/page-turns.ts';
import { Broadcast, type Source } from './broadcast.ts';
import type { LivePath } from './paths.ts';

/** Many may look at one run, each with a stream that stays open; a page has a handful of parts. */
export const LIVE_LIMITS: Partial<EndpointLimits> = { connections: 320, rate: { perSecond: 200, burst: 2000 } };

/**
 * Only what comes from here is run, shown and asked. Attributes `style` are allowed, since the chart library places its
 * texts with them; they can't run anything, and no text of a person's ever becomes HTML.
 */
const POLICY = [
  "default-src 'none'",
  ...[
    "script-src 'self'",
    "style-src 'self'",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self'",
    "connect-src 'self'",
  ],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** Where the build puts the parts that are files. */
const FILES: Readonly<Partial<Record<LivePath, readonly [type: string, file: string]>>> = {
  '/': ['text/html; charset=utf-8', '../live/page/index.html'],
  '/page.js': ['text/javascript; charset=utf-8', '../live/page/page.js'],
  '/page.css': ['text/css; charset=utf-8', '../live/page/page.css'],
  '/icon.svg': ['image/svg+xml', '../live/page/icon.svg'],
  '/echarts.js': ['text/javascript; charset=utf-8', '../charts/echarts.js'],
};

export interface LivePages {
  readonly routes: ReadonlyMap<LivePath, Route>;
  readonly broadcast: Broadcast;
}

/** The page of a source, its stream of events, and the same as one JSON document. */
export function livePages(source: Source): LivePages {
  const broadcast = new Broadcast(source);
  const routes = new Map<LivePath, Route>(
    Object.entries(FILES).map(([path, [type, file]]) => [
      path as LivePath,
      inTurns(async (query) => noQuery(query) ?? fileAnswer(type, file)),
    ]),
  );
  routes.set(
    '/state.json',
    inTurns(async (query) => noQuery(query) ?? json(source.view())),
  );
  routes.set(
    '/events',
    async (query) => noQuery(query) ?? { status: 200, type: 'text/event-stream', stream: (to) => broadcast.join(to) },
  );
  return { routes, broadcast };
}

async function fileAnswer(type: string, file: string): Promise<Answer> {
  return {
    status: 200,
    type,
    body: await readFile(new URL(file, import.meta.url)),
    headers: { 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer' },
  };
}
