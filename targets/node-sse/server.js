// Event streams with node:http: each begins at once, and says nothing until there is news. Over TLS where it is given a certificate.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

const { TLS_CERT, TLS_KEY } = process.env;
const server = TLS_CERT
  ? createSecureServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }, begin)
  : createServer(begin);
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });

function begin(_request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }).flushHeaders();
}
