import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { RuntimeMemory, ServerMemory, TopConnections } from '../core/admin.ts';
import { openOf } from './census.ts';
import { MAX_ADMIN_CONNECTIONS } from './limits.ts';
import { closed, listen } from './listener.ts';
import { serverTelemetry } from './metrics.ts';
import { liveOf, sumCensusOf } from './overview.ts';
import type { Part, Snapshot } from './part.ts';

const DEFAULT_TOP = 20;
const MAX_TOP = 1000;
const BACKLOG = 64;

export interface Admin {
  readonly port: number;
  close(): Promise<void>;
}

/** Where the admin port gets its answers from. */
export interface AdminSource {
  readonly parts: readonly Part[];
  /** The supervising process, which holds no connections; undefined when there is none. */
  supervisor?(collect: boolean): Promise<RuntimeMemory>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}
type Route = (query: URLSearchParams) => Promise<Answer>;

/**
 * The admin port: `/metrics` (Prometheus text), `/healthz`, `/memory[?gc=1]`, `/connections[?top=N]` (JSON, shapes in
 * core/admin.ts). Everything else is answered with one clear sentence.
 *
 * @throws {RigError} ELISTEN
 */
export async function startAdmin(source: AdminSource, host: string, wantedPort: number): Promise<Admin> {
  const routes = routesOf(source);
  const server = createServer((request, response) => {
    void respond(routes, request, response);
  });
  server.maxConnections = MAX_ADMIN_CONNECTIONS;
  const port = await listen(server, host, wantedPort, BACKLOG);
  return {
    port,
    close: () => closed(server, 0, () => server.closeAllConnections()),
  };
}

function routesOf(source: AdminSource): ReadonlyMap<string, Route> {
  const read = (collect: boolean): Promise<Snapshot[]> =>
    Promise.all(source.parts.map((part) => part.snapshot(collect)));
  const telemetry = serverTelemetry(() => read(false));
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

async function respond(
  routes: ReadonlyMap<string, Route>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerTo(routes, request);
  response.writeHead(answer.status, {
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(answer.body),
    'Cache-Control': 'no-store',
    ...(answer.status === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  response.end(answer.body);
}

async function answerTo(routes: ReadonlyMap<string, Route>, { method, url }: IncomingMessage): Promise<Answer> {
  const [path = '/', query = ''] = (url ?? '/').split('?', 2);
  const route = routes.get(path);
  if (!route) return sentence(404, `there is no ${path} here; there is ${[...routes.keys()].join(', ')}`);
  if (method !== 'GET' && method !== 'HEAD') return sentence(405, `${path} answers GET only`);
  try {
    return await route(new URLSearchParams(query));
  } catch (error) {
    return sentence(500, error instanceof Error ? error.message : String(error));
  }
}

/** A 400 for the first parameter that isn't among those known. */
function noQuery(query: URLSearchParams, ...known: readonly string[]): Answer | undefined {
  const stranger = [...query.keys()].find((name) => !known.includes(name));
  if (stranger === undefined) return undefined;
  return sentence(
    400,
    `unknown parameter ${stranger}; ${known.length > 0 ? `known: ${known.join(', ')}` : 'none is known here'}`,
  );
}

const sentence = (status: number, text: string): Answer => ({ status, type: 'text/plain', body: `${text}\n` });
const json = <T>(value: T): Answer => ({ status: 200, type: 'application/json', body: `${JSON.stringify(value)}\n` });
