import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { listen } from '../../telemetry/listen.ts';
import { HOST } from './peers.ts';

export const SUBPROTOCOL = 'rig.v1';

/** What a server knows of those that connect. */
export interface SignedIn {
  readonly url: string;
  /** Tokens of connections that are open now; a token that comes twice is told. */
  readonly open: Set<string>;
  /** The most that were open at once. */
  most: number;
  readonly twice: string[];
  /** How often each token came, over all time. */
  readonly times: Map<string, number>;
  readonly paths: Set<string>;
  readonly cookies: Set<string>;
  readonly hellos: Set<string>;
}

/** A server that wants a token of its own of each connection (`Bearer secret-17`), a subprotocol, and a first message. */
export async function startSignInServer(
  t: TestContext,
  answer = (socket: WebSocket) => socket.send('{"type":"ok"}'),
): Promise<SignedIn> {
  const http = createServer();
  const ws = new WebSocketServer({
    server: http,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    verifyClient: ({ req }: { req: IncomingMessage }) => /^Bearer secret-\d+$/.test(req.headers.authorization ?? ''),
  });
  const port = await listen(http, HOST, 0, 511);
  t.after(() => {
    for (const client of ws.clients) client.terminate();
    http.close();
  });
  const seen: SignedIn = {
    url: `ws://${HOST}:${port}`,
    open: new Set(),
    most: 0,
    twice: [],
    times: new Map(),
    paths: new Set(),
    cookies: new Set(),
    hellos: new Set(),
  };
  ws.on('connection', (socket, request) => {
    const token = request.headers.authorization!;
    if (seen.open.has(token)) seen.twice.push(token);
    seen.open.add(token);
    seen.most = Math.max(seen.most, seen.open.size);
    seen.times.set(token, (seen.times.get(token) ?? 0) + 1);
    seen.paths.add(request.url!);
    seen.cookies.add(request.headers.cookie ?? '');
    socket.on('error', () => undefined);
    socket.on('close', () => seen.open.delete(token));
    socket.on('message', (message, isBinary) => {
      assert.equal(isBinary, false);
      seen.hellos.add(String(message));
      answer(socket);
    });
  });
  return seen;
}
