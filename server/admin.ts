import type { RuntimeMemory, ServerMemory, TopConnections } from '../core/admin.ts';
import { type Answer, json, noQuery, type Route, sentence } from '../telemetry/answer.ts';
import { openOf } from './census.ts';
import { serverTelemetry } from './metrics.ts';
import { liveOf, sumCensusOf } from './overview.ts';
import type { Part, Snapshot } from './part.ts';

const DEFAULT_TOP = 20;
const MAX_TOP = 1000;

/** Where the admin port gets its answers from. */
export interface AdminSource {
  readonly version: string;
  readonly parts: readonly Part[];
  /** The supervising process, which holds no connections; undefined when there is none. */
  supervisor?(collect: boolean): Promise<RuntimeMemory>;
}

/**
 * Pages of the admin port: `/metrics` (Prometheus text), `/healthz`, `/memory[?gc=1]`, `/connections[?top=N]` (JSON,
 * shapes in core/admin.ts).
 */
export function adminRoutes(source: AdminSource): ReadonlyMap<string, Route> {
  const read = (collect: boolean): Promise<Snapshot[]> =>
    Promise.all(source.parts.map((part) => part.snapshot(collect)));
  const telemetry = serverTelemetry(() => read(false), source.version);
  return new Map<string, Route>([
    ['/healthz', async (query) => noQuery(query) ?? { status: 200, type: 'text/plain', body: 'ok\n' }],
    ['/metrics', async () => ({ status: 200, type: telemetry.contentType, body: await telemetry.render() })],
    ['/memory', (query) => memory(source, read, query)],
    ['/connections', (query) => connections(source, read, query)],
  ]);
}

async function memory(
  source: AdminSource,
  read: (collect: boolean) => Promise<Snapshot[]>,
  query: URLSearchParams,
): Promise<Answer> {
  const gc = query.get('gc') ?? '0';
  if (gc !== '0' && gc !== '1') return sentence(400, 'gc is 0 or 1, such as /memory?gc=1');
  const problem = noQuery(query, 'gc');
  if (problem) return problem;
  const collected = gc === '1';
  const supervisor = await source.supervisor?.(collected);
  const parts = await read(collected);
  return json<ServerMemory>({
    schema: 1,
    collected,
    processes: [...(supervisor ? [supervisor] : []), ...parts.map((part) => part.memory)],
    census: sumCensusOf(parts),
    live: liveOf(parts),
  });
}

async function connections(
  source: AdminSource,
  read: (collect: boolean) => Promise<Snapshot[]>,
  query: URLSearchParams,
): Promise<Answer> {
  const top = query.get('top') ?? String(DEFAULT_TOP);
  if (!/^\d{1,4}$/.test(top) || Number(top) < 1 || Number(top) > MAX_TOP) {
    return sentence(400, `top is a whole number from 1 to ${MAX_TOP}, such as /connections?top=${DEFAULT_TOP}`);
  }
  const problem = noQuery(query, 'top');
  if (problem) return problem;
  const lists = await Promise.all(source.parts.map((part) => part.top(Number(top))));
  const sorted = lists.flat().sort((a, b) => b.queuedBytes - a.queuedBytes);
  return json<TopConnections>({
    schema: 1,
    open: openOf(sumCensusOf(await read(false))),
    connections: sorted.slice(0, Number(top)),
  });
}
