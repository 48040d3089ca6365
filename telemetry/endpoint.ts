import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import type { CertificateAndKey } from '../certificates/read-certificate-and-key.ts';
import { type Answer, type Asker, type Route, type Streamed, sentence } from './answer.ts';
import { boundConnections, type HeldConnections } from './bounded-connections.ts';
import { type Access, createGuard, RATE } from './guard.ts';
import { authorityOf, closed, listen } from './listen.ts';
import { BAD_PORTS } from './ports.ts';
import { type PostRoutes, postRouteOf, takePost, withoutBody } from './post-routes.ts';
import type { Rate } from './rate-limit.ts';

/** What others may take of us. */
export interface EndpointLimits {
  /** Connections at once. */
  readonly connections: number;
  /** Request line and headers together, in bytes. */
  readonly requestBytes: number;
  /** For a request to arrive, from the connection's start or its first byte. Over TLS its handshake has as long, before that. */
  readonly requestMs: number;
  /** Between any two pieces of an answer that are taken. */
  readonly stalledMs: number;
  readonly rate: Rate;
}

export const ENDPOINT_LIMITS: EndpointLimits = {
  connections: 32,
  requestBytes: 8192,
  requestMs: 5000,
  stalledMs: 10_000,
  rate: RATE,
};

export interface EndpointOptions {
  /** Address or name to listen on. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly access: Access;
  /** What it proves itself by over TLS; undefined: it speaks plain HTTP. */
  readonly tls?: CertificateAndKey | undefined;
  /** By path. Asked for anew with each request. */
  readonly routes: ReadonlyMap<string, Route>;
  /** What may be told, beside what may be asked; guarded as the rest. */
  readonly posts?: PostRoutes | undefined;
  readonly limits?: Partial<EndpointLimits>;
}

/** A few pages over HTTP or HTTPS, for scrapers and people: metrics, readings, health. */
export interface HttpEndpoint {
  readonly port: number;
  /** Where it can be reached from this machine, without a slash at the end. */
  readonly url: string;
  /** Idle connections end at once, and with them whatever is being answered. */
  close(): Promise<void>;
}

const BACKLOG = 64;
/** How often connections are looked at whose time is up, at most. */
const CHECK_MS = 500;

/**
 * Serves pages to those who may ask ({@link createGuard}), and survives those who may not: requests are bounded in
 * size, time and rate, connections in number.
 *
 * @throws {RigError} ELISTEN
 */
export async function startEndpoint({
  host,
  port: wanted,
  access,
  tls,
  routes,
  posts,
  limits,
}: EndpointOptions): Promise<HttpEndpoint> {
  const bounds = { ...ENDPOINT_LIMITS, ...limits };
  const guard = createGuard({ ...access, names: [...access.names, hostname(), host] }, bounds.rate);
  const { server, held } = await createBounded(bounds, tls, (request, response) => {
    const { method, headers, socket } = request;
    const post = postRouteOf(posts, request);
    const asked = { method, headers, from: socket.remoteAddress ?? '' };
    const refusal = guard(post ? withoutBody(asked) : asked);
    const asker = { isTrusted: access.token !== undefined, isThere: () => isThere(socket) };
    const answered = refusal
      ? Promise.resolve(refusal)
      : post
        ? takePost(post, request)
        : answerOf(routes, request, asker);
    void answered.then((answer: Answer | Streamed) => send(response, answer, bounds.stalledMs));
  });
  let port = await listen(server, host, wanted, BACKLOG);
  // Where the ephemeral range begins early, the kernel may choose one that no browser opens.
  while (wanted === 0 && BAD_PORTS.includes(port)) {
    await closed(server, 0, () => {});
    port = await listen(server, host, wanted, BACKLOG);
  }
  return {
    port,
    url: `${tls ? 'https' : 'http'}://${authorityOf(host)}:${port}`,
    close: () => closed(server, 0, held.drop),
  };
}

async function createBounded(
  { connections, requestBytes, requestMs }: EndpointLimits,
  tls: CertificateAndKey | undefined,
  onRequest: RequestListener,
): Promise<{ readonly server: Server; readonly held: HeldConnections }> {
  const options = {
    maxHeaderSize: requestBytes,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, requestMs),
  };
  if (tls === undefined) {
    const server = createServer(options, onRequest);
    return { server, held: boundConnections(server, connections) };
  }
  // Most endpoints do without, and one of them is in a server whose memory is measured.
  const { createSecureServer, tellPlainHttp } = await import('./secure-server.ts');
  const server = createSecureServer({ ...options, ...tls, handshakeTimeout: requestMs }, onRequest);
  const held = boundConnections(server, connections);
  tellPlainHttp(server, held);
  return { server, held };
}

/** A peer that leaves says goodbye right behind the question; that is seen once it is read. */
const isThere = (socket: Socket): boolean => !socket.destroyed && !socket.readableEnded;

async function answerOf(
  routes: ReadonlyMap<string, Route>,
  { url }: IncomingMessage,
  asker: Asker,
): Promise<Answer | Streamed> {
  const [path = '/', query = ''] = (url ?? '/').split('?', 2);
  const route = routes.get(path);
  if (!route) return sentence(404, `there is no ${path} here; there is ${[...routes.keys()].join(', ')}`);
  try {
    return await route(new URLSearchParams(query), asker);
  } catch (error) {
    return sentence(500, error instanceof Error ? error.message : String(error));
  }
}

/**
 * Node looks for what a peer has taken at the end of each write. Over TLS it sees nothing in between, so that who reads a
 * long page slowly would pass for one who doesn't read.
 */
const PIECE_BYTES = 64 * 1024;

function* piecesOf(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}

function send(response: ServerResponse, answer: Answer | Streamed, stalledMs: number): void {
  const { status, type, headers } = answer;
  // A page takes as long as it takes (a collection some seconds); a peer that doesn't read it has no such right.
  response.socket?.setTimeout(stalledMs);
  response.writeHead(status, {
    'Content-Type': type,
    ...('body' in answer ? { 'Content-Length': Buffer.byteLength(answer.body) } : {}),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  if ('body' in answer) {
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
    // By then it is seen who gave up while we were busy.
    setImmediate(() => {
      const { socket } = response;
      const isTaken = socket !== null && isThere(socket);
      if (body.length <= PIECE_BYTES) response.end(body);
      else Readable.from(piecesOf(body), { objectMode: false }).pipe(response);
      if (isTaken) answer.taken?.();
    });
  } else if (response.req.method === 'HEAD' || response.destroyed) response.end();
  else answer.stream(response);
}
