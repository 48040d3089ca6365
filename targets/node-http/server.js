// An HTTP server: a greeting at /, and /work?ms=5, which takes that much processor time. Over TLS where it is given a certificate.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { burn, stepsPerMs } from './work.js';

const perMs = stepsPerMs();

// Connections may rest between requests, and before the first.
const options = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
const { TLS_CERT, TLS_KEY } = process.env;
const server = TLS_CERT
  ? createSecureServer({ ...options, cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }, answer)
  : createServer(options, answer);
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });

function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  response.setHeader('content-type', 'text/plain');
  if (request.method === 'GET' && pathname === '/') {
    response.end('hello');
  } else if (request.method === 'GET' && pathname === '/work') {
    const ms = searchParams.get('ms') ?? '';
    if (!/^\d{1,4}$/.test(ms)) {
      response.statusCode = 400;
      response.end('say how long: /work?ms=5');
      return;
    }
    burn(Number(ms) * perMs);
    response.end('done');
  } else {
    response.statusCode = 404;
    response.end('not found');
  }
}
