import type { RuntimeMemory, ServerMemory, ShownCertificate, TopConnections } from '../core/schemas/admin.ts';
import { type Answer, json, noQuery, type Route, sentence } from '../telemetry/answer.ts';
import { inTurns } from '../telemetry/page-turns.ts';
import { openOf } from './census.ts';
import { certificateRoute, showCertificate } from './certificate-page.ts';
import { serverTelemetry } from './metrics.ts';
import type { ServedCertificate } from './options.ts';
import type { ServerPart, ServerSnapshot } from './server-process.ts';
import { liveOf, sumCensusOf } from './totals.ts';

const DEFAULT_TOP = 20;
const MAX_TOP = 1000;
/** Shares of the time: nothing else runs during a collection, or while all connections are looked at. */
const STANDSTILL = { share: 0.1 };

/** Where the admin port gets its answers from. */
export interface AdminSource {
  readonly version: string;
  readonly parts: readonly ServerPart[];
  /** The supervising process, which holds no connections; undefined when there is none. */
  supervisor?(collect: boolean): Promise<RuntimeMemory>;
  /** undefined where nothing is served over TLS. */
  readonly certificate: ServedCertificate | undefined;
}

/** What can be asked of a server. */
export interface ServerReader {
  /** @param collect whether to force a full collection in every process first */
  memory(collect: boolean): Promise<ServerMemory>;
  /** Those with the most bytes queued towards the peer; goes through all connections. */
  top(count: number): Promise<TopConnections>;
}

/**
 * Pages of the admin port: `/metrics` (Prometheus text), `/healthz`, `/memory[?gc=1]`, `/connections[?top=N]` (JSON,
 * shapes in core/schemas/admin.ts), `/certificate` (PEM) where something is served over TLS.
 *
 * @param more pages beside these
 */
export function adminRoutes(
  source: AdminSource,
  more: (reader: ServerReader) => ReadonlyMap<string, Route> = () => new Map(),
): ReadonlyMap<string, Route> {
  const reader = readerOf(source);
  const telemetry = serverTelemetry(() => snapshotsOf(source), source.version);
  return new Map<string, Route>([
    ['/healthz', async (query) => noQuery(query) ?? { status: 200, type: 'text/plain', body: 'ok\n' }],
    ['/metrics', inTurns(async () => ({ status: 200, type: telemetry.contentType, body: await telemetry.render() }))],
    ['/memory', memoryRoute(reader)],
    ...certificatePages(source),
    ['/connections', inTurns((query) => connections(reader, query), STANDSTILL)],
    ...more(reader),
  ]);
}

const certificatePages = ({ certificate }: AdminSource): Array<[string, Route]> =>
  certificate ? [['/certificate', certificateRoute(certificate)]] : [];

const snapshotsOf = ({ parts }: AdminSource, collect = false): Promise<ServerSnapshot[]> =>
  Promise.all(parts.map((part) => part.snapshot(collect)));

function readerOf(source: AdminSource): ServerReader {
  const certificate: ShownCertificate | null = source.certificate ? showCertificate(source.certificate) : null;
  return {
    async memory(collected) {
      const [supervisor, parts] = await Promise.all([source.supervisor?.(collected), snapshotsOf(source, collected)]);
      return {
        schema: 1,
        collected,
        processes: [...(supervisor ? [supervisor] : []), ...parts.map((part) => part.memory)],
        census: sumCensusOf(parts),
        live: liveOf(parts),
        certificate,
      };
    },
    async top(count) {
      const lists = await Promise.all(source.parts.map((part) => part.top(count)));
      const sorted = lists.flat().sort((a, b) => b.queuedBytes - a.queuedBytes);
      return { schema: 1, open: openOf(sumCensusOf(await snapshotsOf(source))), connections: sorted.slice(0, count) };
    },
  };
}

function memoryRoute(reader: ServerReader): Route {
  const asItIs = inTurns(async () => json<ServerMemory>(await reader.memory(false)));
  const collected = inTurns(async () => json<ServerMemory>(await reader.memory(true)), STANDSTILL);
  return async (query, asker) => {
    const gc = query.get('gc') ?? '0';
    if (gc !== '0' && gc !== '1') return sentence(400, 'gc is 0 or 1, such as /memory?gc=1');
    return noQuery(query, 'gc') ?? (gc === '1' ? collected : asItIs)(query, asker);
  };
}

async function connections(reader: ServerReader, query: URLSearchParams): Promise<Answer> {
  const top = query.get('top') ?? String(DEFAULT_TOP);
  if (!/^\d{1,4}$/.test(top) || Number(top) < 1 || Number(top) > MAX_TOP) {
    return sentence(400, `top is a whole number from 1 to ${MAX_TOP}, such as /connections?top=${DEFAULT_TOP}`);
  }
  return noQuery(query, 'top') ?? json<TopConnections>(await reader.top(Number(top)));
}
