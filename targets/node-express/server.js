// An HTTP server: a greeting at /, and /work?ms=5, which takes that much processor time.
import { createServer } from 'node:http';
import express from 'express';
import { burn, stepsPerMs } from './work.js';

const perMs = stepsPerMs();

const app = express();
app.get('/', (_, response) => {
  response.send('hello');
});
app.get('/work', (request, response) => {
  const { ms } = request.query;
  if (!/^\d{1,4}$/.test(ms)) {
    response.status(400).send('say how long: /work?ms=5');
    return;
  }
  burn(Number(ms) * perMs);
  response.send('done');
});

// Connections may rest between requests, and before the first.
const options = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
const server = createServer(options, app);
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
