// Event streams of node:http behind nginx, which ends TLS for them: each begins at once, and says nothing until there is news.
import { createServer } from 'node:http';
import { startNginx } from './nginx.js';

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }).flushHeaders();
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => {
  startNginx(Number(process.argv[2]), server.address().port);
});
