import { constants } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { HeldConnections } from './bounded-connections.ts';

const BODY = 'this endpoint speaks HTTPS alone: ask for https://\n';
const TO_PLAIN_HTTP = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain',
  `Content-Length: ${BODY.length}`,
  'Connection: close',
  '',
  BODY,
].join('\r\n');

/** A server of HTTPS that shakes hands once for each connection. */
export const createSecureServer = (options: ServerOptions, onRequest: RequestListener): Server =>
  // A client of TLS 1.2 could else ask for one handshake after the other, and each costs us more than it costs the client.
  createServer({ ...options, secureOptions: constants.SSL_OP_NO_RENEGOTIATION }, onRequest);

/** Answers in the clear to who speaks plain HTTP. Without that a browser tells of an empty answer, and nobody knows why. */
export function tellPlainHttp(server: Server, held: HeldConnections): void {
  // Before Node's own listener, which closes the connection.
  server.prependListener('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ERR_SSL_HTTP_REQUEST') held.below(socket)?.end(TO_PLAIN_HTTP);
  });
}
